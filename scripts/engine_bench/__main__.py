"""See scripts/bench_engine."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from provenance import command_line

from edgekd.errors import EdgekdError, InputError
from edgekd.firmware.board import BoardProfile, list_boards, load_board
from engine_bench import bakenn, counts, goals, models, record
from engine_bench.measure import Bench, failures, say
from engine_bench.table import notes, parts, short, summary, table

RESULTS = Path("scripts/results/bench_engine.json")
BASELINE = Path("scripts/results/tflm_baseline.json")


def main() -> int:
    options = _arguments()
    try:
        if options.update_counts:
            return counts.update()
        if options.table or options.check_goals:
            return _show(options)
        rows = _measure(options)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(_tables(rows))
    wrong = failures(rows)
    for line in wrong:
        say(line)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench_engine", description="edgekd's engine beside others.")
    parser.add_argument("models", nargs="*", type=Path, help=".tflite files; by default edgekd's own MLPerf Tiny ones")
    parser.add_argument("--models", dest="folder", type=Path, metavar="DIR", help="every .tflite file of a folder")
    parser.add_argument("--board", action="append", help="this board (again for more); by default one a core")
    parser.add_argument("--samples", type=int, default=5, help="inferences of edgekd to compare (5)")
    parser.add_argument("--without-bakenn", action="store_true", help="edgekd and the recorded figures alone")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"the record that rows are put into ({RESULTS})")
    parser.add_argument("--table", action="store_true", help="only print the tables of the record")
    parser.add_argument("--short", action="store_true", help="with --table: those of both README.md")
    parser.add_argument("--check-goals", action="store_true", help="only print how the record stands to the goals")
    parser.add_argument("--strict", action="store_true", help="with --check-goals: exit code 1 unless all hold")
    parser.add_argument("--update-counts", action="store_true", help="write the instruction counts that a test guards")
    return parser.parse_args()


def _show(options: argparse.Namespace) -> int:
    """What the record says, of the boards that are named, or of all."""
    results = record.load(options.out)
    rows = [row for row in results["rows"] if not options.board or row["board"] in options.board]
    if options.table:
        print(_tables(rows, short_form=options.short))
    if not options.check_goals:
        return 0
    outcomes = goals.check(rows, results["models"])
    print(goals.listing(outcomes))
    return 1 if options.strict and not all(outcome.holds for outcome in outcomes) else 0


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows measured now; they are in the record after each board."""
    boards = _boards(options.board)
    rows = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgekd-bench-")))
        if not options.without_bakenn:
            bakenn.install()
        given = [*options.models, *([options.folder] if options.folder else [])]
        chosen = models.load(given) if given else models.build(folder)
        results = record.begin(options.out, chosen)
        baseline = json.loads(BASELINE.read_text())
        with_bakenn, command = not options.without_bakenn, command_line("scripts/bench_engine")
        bench = Bench(folder, baseline, options.samples, with_bakenn=with_bakenn)
        for board in boards:
            for model in chosen:
                measured = record.circumstances(board, command, with_bakenn=with_bakenn)
                rows.append({**bench.row(model, board), "measured": measured})
                record.put(results, rows[-1])
            record.save(results, options.out)
    return rows


def _boards(names: list[str] | None) -> list[BoardProfile]:
    """Those that are named; else the first emulated board of each core: the others of a core count the same."""
    if not names:
        first: dict[str, BoardProfile] = {}
        for board in list_boards():
            if board.emulator:
                first.setdefault(board.cpu.core, board)
        return list(first.values())
    boards = [load_board(name) for name in names]
    for board in boards:
        if board.emulator is None:
            raise InputError(f"board {board.name} cannot be emulated")
    return boards


def _tables(rows: list[dict[str, Any]], *, short_form: bool = False) -> str:
    rest = [short(rows)] if short_form else [table(rows), parts(rows), notes(rows)]
    return "\n\n".join(filter(None, [summary(rows), *rest]))


if __name__ == "__main__":
    sys.exit(main())
