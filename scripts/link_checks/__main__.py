"""The command line of scripts/check_link."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from edgekd.errors import EdgekdError
from link_checks import fuzz

_HOUR = 3600


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/check_link")
    checks = parser.add_subparsers(dest="check", required=True)
    fuzzing = checks.add_parser("fuzz", help="the firmware's decoder and server under libFuzzer")
    fuzzing.add_argument("--seconds", type=int, default=_HOUR, help="of each target; both run side by side")
    fuzzing.add_argument("--seed", type=int, default=1)
    for check in checks.choices.values():
        check.add_argument("--out", type=Path, help="the record, instead of the one in scripts/results")
    options = parser.parse_args()
    command = f"scripts/check_link {shlex.join(sys.argv[1:])}"
    try:
        return fuzz.main(command, options.seconds, options.out, options.seed)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


sys.exit(main())
