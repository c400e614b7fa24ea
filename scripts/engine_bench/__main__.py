"""See scripts/bench_engine."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import edgekd
from edgekd.errors import EdgekdError, InputError
from edgekd.files import write_atomically
from edgekd.firmware.board import BoardProfile, list_boards, load_board
from engine_bench import bakenn, counts, models
from engine_bench.measure import Bench, failures, say
from engine_bench.table import cycles, notes, short, summary, table

RESULTS = Path("scripts/results/bench_engine.json")
BASELINE = Path("scripts/results/tflm_baseline.json")
_PROGRAMS = ("arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "avr-gcc", "qemu-system-arm", "qemu-system-riscv32")


def main() -> int:
    options = _arguments()
    try:
        if options.update_counts:
            return counts.update()
        boards = _boards(options.board)
        if options.table:
            _print(json.loads(options.out.read_text())["rows"], boards, short_form=options.short)
            return 0
        record = _measure(options, boards)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    write_atomically(options.out, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    _print(record["rows"], boards)
    wrong = failures(record["rows"])
    for line in wrong:
        say(line)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench_engine", description="edgekd's engine beside others.")
    parser.add_argument("models", nargs="*", type=Path, help=".tflite files; by default edgekd's own MLPerf Tiny ones")
    parser.add_argument("--models", dest="folder", type=Path, metavar="DIR", help="every .tflite file of a folder")
    parser.add_argument("--board", action="append", help="this board (again for more); by default all emulated ones")
    parser.add_argument("--samples", type=int, default=10, help="inferences of edgekd to compare (10)")
    parser.add_argument("--without-bakenn", action="store_true", help="edgekd and the recorded figures alone")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"the record ({RESULTS})")
    parser.add_argument("--table", action="store_true", help="only print the tables of the record")
    parser.add_argument("--short", action="store_true", help="with --table: fewer columns, as in the README")
    parser.add_argument("--update-counts", action="store_true", help="write the instruction counts that a test guards")
    return parser.parse_args()


def _boards(names: list[str] | None) -> list[BoardProfile]:
    boards = [load_board(name) for name in names] if names else [board for board in list_boards() if board.emulator]
    for board in boards:
        if board.emulator is None:
            raise InputError(f"board {board.name} cannot be emulated")
    return boards


def _measure(options: argparse.Namespace, boards: list[BoardProfile]) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgekd-bench-")))
        if not options.without_bakenn:
            bakenn.install()
        given = [*options.models, *([options.folder] if options.folder else [])]
        chosen = models.load(given) if given else models.build(folder)
        baseline = json.loads(BASELINE.read_text())
        bench = Bench(folder, baseline, options.samples, with_bakenn=not options.without_bakenn)
        rows = [bench.row(model, board) for board in boards for model in chosen]
        facts = {model.name: model.facts for model in chosen}
    return {
        "command": " ".join(["scripts/bench_engine", *map(_shown, sys.argv[1:])]),
        "commit": _said("git", "rev-parse", "HEAD"),
        "uncommitted": bool(_said("git", "status", "--porcelain", "--", "edgekd", "firmware", "boards")),
        "date": datetime.date.today().isoformat(),
        "versions": _versions(with_bakenn=not options.without_bakenn),
        "samples": options.samples,
        "models": facts,
        "tflm": f"recorded: {BASELINE}",
        "rows": rows,
    }


def _versions(*, with_bakenn: bool) -> dict[str, str]:
    programs = {name: _said(name, "--version").partition("\n")[0] for name in _PROGRAMS if shutil.which(name)}
    return {"edgekd": edgekd.__version__, **({"bakenn": bakenn.VERSION} if with_bakenn else {}), **programs}


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _shown(argument: str) -> str:
    """Where someone keeps models is nobody's business; the digests in the record say which they are."""
    return re.sub(r"[^=]*/(?=.)", "", argument)


def _print(rows: list[dict[str, Any]], boards: list[BoardProfile], *, short_form: bool = False) -> None:
    names = {board.name for board in boards}
    shown = [row for row in rows if row["board"] in names]
    rest = [short(shown)] if short_form else [table(shown), cycles(shown), notes(shown)]
    print("\n\n".join(filter(None, [summary(shown), *rest])))


if __name__ == "__main__":
    sys.exit(main())
