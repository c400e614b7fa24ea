"""The command line of scripts/bench_training."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from provenance import ROOT, command_line, load_record, provenance

from edgekd.errors import EdgekdError, InputError
from edgekd.files import write_atomically

RECORD = ROOT / "scripts" / "results" / "bench_training.json"
_TITLES = {
    "loader": "the same DataLoader, the teacher asked with every batch",
    "arrays": "the same samples as arrays, the teacher asked beforehand",
    "cached": "the same samples as arrays, the teacher's answers from disk",
}
_GOALS = {"loader": 1.0, "cached": 0.5}
_ALIKE = 0.01  # of a loss: both compute in float32, in layouts that add in another order, and errors grow by step


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(sys.argv[1:] if arguments is None else arguments)
    try:
        if options.table:
            print(table(_load(options.out or RECORD)))
            return 0
        return _run(options)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench_training", description="An epoch of distillation beside torchdistill's."
    )
    parser.add_argument("--small", action="store_true", help="on digits, in seconds")
    parser.add_argument("--table", action="store_true", help="print the record as Markdown, train nothing")
    parser.add_argument("--repetitions", type=int, default=7, help="of every side, in turn (7)")
    parser.add_argument("--out", type=Path, help="the record (scripts/results/bench_training.json)")
    options = parser.parse_args(arguments)
    if options.repetitions < 1:
        parser.error("--repetitions: 1 or more")
    return options


def _run(options: argparse.Namespace) -> int:
    import torch

    from training_bench.beside import FOLDER
    from training_bench.work import SETTINGS, SMALL

    beside = {one.name: one.version for one in metadata.distributions(path=[str(FOLDER)])}
    versions = {"torch": torch.__version__, **dict(sorted(beside.items()))}
    made_by = provenance(command_line("scripts/bench_training"), ("edgekd", "scripts/training_bench"), versions)
    settings = SMALL if options.small else SETTINGS
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        result = measure(settings, options.repetitions)
    finally:
        torch.set_num_threads(threads)
    record = {**made_by, "cores": os.cpu_count(), "settings": settings, "result": result}
    out = options.out or (None if options.small else RECORD)
    if out is not None:
        write_atomically(out, json.dumps(record, indent=1) + "\n")
    print(table(record))
    return int(result["difference"] > _ALIKE)


def measure(settings: dict[str, Any], repetitions: int) -> dict[str, Any]:
    """Every side in turn, as often as said. seconds: by side. difference: see `_difference`."""
    from training_bench.sides import sides
    from training_bench.work import prepare

    work = prepare(settings)
    seconds: dict[str, list[float]] = {}
    losses: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="edgekd-bench-") as cache:
        measured = sides(work, Path(cache))
        for number in range(repetitions + 1):
            for name, side in measured.items():
                took, losses[name] = side()
                if number:  # the first round warms up
                    seconds.setdefault(name, []).append(took)
    return {"steps": work.steps, "seconds": seconds, "losses": losses, "difference": _difference(losses)}


def _difference(losses: dict[str, list[float]]) -> float:
    """The largest relative difference of a step's loss to torchdistill's. Raises InputError unless all made the same
    steps."""
    theirs = losses["torchdistill"]
    if any(len(ours) != len(theirs) for ours in losses.values()):
        raise InputError(f"steps differ: {', '.join(f'{name} {len(ours)}' for name, ours in losses.items())}")
    return max(abs(a - b) / b for ours in losses.values() for a, b in zip(ours, theirs, strict=True))


def table(record: dict[str, Any]) -> str:
    """A row a side: its epoch as a fraction of torchdistill's, mean ± deviation over the repetitions."""
    result, settings = record["result"], record["settings"]
    theirs = result["seconds"]["torchdistill"]
    samples = result["steps"] * settings["batch_size"]
    rows = [
        f"| an epoch, {settings['data']['source']}, {samples:,} samples, {len(theirs)} repetitions | "
        "of torchdistill's time | goal |",
        "|---|---:|---:|",
    ]
    for name, title in _TITLES.items():
        ratios = [ours / other for ours, other in zip(result["seconds"][name], theirs, strict=True)]
        deviation = statistics.stdev(ratios) if len(ratios) > 1 else 0.0
        goal = f"at most {_GOALS[name]:g}" if name in _GOALS else "–"
        rows.append(f"| {title} | {statistics.fmean(ratios):.2f} ± {deviation:.2f} | {goal} |")
    return "\n".join(rows)


def _load(path: Path) -> dict[str, Any]:
    record = load_record(path)
    if not {"settings", "result"} <= record.keys():
        raise InputError(f"{path}: not a record of scripts/bench_training")
    return record


if __name__ == "__main__":
    sys.exit(main())
