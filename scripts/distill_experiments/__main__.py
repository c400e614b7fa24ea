"""See scripts/experiments."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
from pathlib import Path

import torch

from distill_experiments import record
from distill_experiments.bench import Bench
from distill_experiments.table import table
from edgekd.errors import EdgekdError
from edgekd.paths import home

# By what they take: minutes first.
NAMES = {
    "hinton-transfer-3-percent": "transfer_3_percent",
    "hinton-missing-class": "missing_class",
    "hinton-ensemble": "ensemble",
    "hinton-temperature": "temperature",
    "keras-example": "keras_example",
}


def main() -> int:
    options = _arguments()
    if options.name is None:
        print("\n".join(NAMES))
        return 0
    try:
        return _show(options) if options.table else _run(options)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/experiments", description="What distillation gives, beside controls."
    )
    parser.add_argument("name", nargs="?", choices=[*NAMES], metavar="NAME", help="; ".join(NAMES))
    parser.add_argument("--seeds", type=int, default=5, help="students (5)")
    parser.add_argument("--small", action="store_true", help="on digits, in seconds")
    parser.add_argument("--table", action="store_true", help="print the record as Markdown, train nothing")
    parser.add_argument("--out", type=Path, help="the record (scripts/results/experiments/NAME.json)")
    parser.add_argument("--threads", type=int, default=1, help="of torch (1)")
    parser.add_argument("--cache", type=Path, help="where trained networks are kept ($EDGEKD_HOME/experiments)")
    options = parser.parse_args()
    if options.seeds < 1 or options.threads < 1:
        parser.error("--seeds and --threads: 1 or more")
    return options


def _show(options: argparse.Namespace) -> int:
    print(table(record.load(options.out or record.RESULTS / f"{options.name}.json")))
    return 0


def _run(options: argparse.Namespace) -> int:
    experiment = importlib.import_module(f"distill_experiments.experiments.{NAMES[options.name]}")
    command = f"scripts/experiments {shlex.join(sys.argv[1:])}"
    made_by = record.circumstances(command)
    torch.set_num_threads(options.threads)
    settings = experiment.SMALL if options.small else experiment.SETTINGS
    cache = options.cache or home() / "experiments"
    bench = Bench(options.name, Path(experiment.__file__), settings, options.seeds, cache)
    experiment.run(bench)
    said = {"title": experiment.TITLE, "seeds": options.seeds, "threads": options.threads, "settings": settings}
    made = {**made_by, **said, "result": bench.result()}
    out = options.out or (None if options.small else record.RESULTS / f"{options.name}.json")
    if out is not None:
        record.save(out, made)
    print(table(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
