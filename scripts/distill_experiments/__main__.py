"""See scripts/experiments."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from distill_experiments import record
from distill_experiments.table import table
from edgekd.errors import EdgekdError
from edgekd.paths import home

# By what they take: minutes first.
NAMES = {
    "hinton-transfer-3-percent": "transfer_3_percent",
    "hinton-missing-class": "missing_class",
    "hinton-regularized-teacher": "regularized_teacher",
    "hinton-ensemble": "ensemble",
    "hinton-ensemble-keywords": "ensemble_keywords",
    "hinton-temperature": "temperature",
    "temperature-bits": "temperature_bits",
    "keras-example": "keras_example",
    "methods": "methods",
    "methods-fashion": "methods_fashion",
    "headline": "headline",
}


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _options(arguments)
    if options.name is None:
        print("\n".join(NAMES))
        return 0
    try:
        return _show(options) if options.table else _run(options, shlex.join(arguments))
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _options(arguments: Sequence[str]) -> argparse.Namespace:
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
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.threads < 1:
        parser.error("--seeds and --threads: 1 or more")
    return options


def _show(options: argparse.Namespace) -> int:
    print(table(record.load(options.out or record.RESULTS / f"{options.name}.json")))
    return 0


def _run(options: argparse.Namespace, command: str) -> int:
    import torch

    from distill_experiments.bench import Bench

    experiment = importlib.import_module(f"distill_experiments.experiments.{NAMES[options.name]}")
    made_by = record.circumstances(f"scripts/experiments {command}")
    torch.set_num_threads(options.threads)
    settings = experiment.SMALL if options.small else experiment.SETTINGS
    cache = options.cache or home() / "experiments"
    bench = Bench(settings, options.seeds, cache)
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
