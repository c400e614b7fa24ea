"""The command line of scripts/check_link."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from pathlib import Path

from edgekd.errors import EdgekdError
from link_checks import fuzz, line_use, model, storm

_HOUR = 3600


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/check_link")
    checks = parser.add_subparsers(dest="check", required=True)
    fuzzing = checks.add_parser("fuzz", help="the firmware's decoder and server under libFuzzer")
    fuzzing.add_argument("--seconds", type=int, default=_HOUR, help="of each target; both run side by side")
    fuzzing.add_argument("--seed", type=int, default=1)
    storm_ = checks.add_parser("storm", help="inferences over a line that damages bytes, to a board that restarts")
    storm_.add_argument("--board", help="one that QEMU emulates, instead of the firmware built for this machine")
    storm_.add_argument("--inferences", type=int, default=100_000)
    storm_.add_argument("--one-in", type=int, default=1000, help="bytes, of which one is damaged")
    storm_.add_argument("--restarts", type=int, default=20)
    storm_.add_argument("--seed", type=int, default=1)
    storm_.add_argument("--seconds", type=float, default=math.inf, help="begin no inference after so many")
    use = checks.add_parser("line-use", help="how much of the line streaming uses")
    use.add_argument("--board", help="an emulated board to try as well, with --models")
    use.add_argument("--models", type=Path, help="a folder with vww.tflite")
    use.add_argument("--seconds", type=float, default=30.0, help="of streaming, for each model and rate")
    checks.add_parser("model", help="the protocol's states, all of them, for small windows")
    for check in checks.choices.values():
        check.add_argument("--out", type=Path, help="the record, instead of the one in scripts/results")
    options = parser.parse_args()
    command = f"scripts/check_link {shlex.join(sys.argv[1:])}"
    try:
        if options.check == "storm":
            numbers = options.inferences, options.one_in, options.restarts, options.seed, options.seconds
            return storm.main(command, options.board, *numbers, options.out)
        if options.check == "line-use":
            return line_use.main(command, options.board, options.models, options.seconds, options.out)
        if options.check == "model":
            return model.main(command, options.out)
        return fuzz.main(command, options.seconds, options.out, options.seed)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


sys.exit(main())
