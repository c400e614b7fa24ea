"""See scripts/nightly."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from provenance import ROOT, command_line, first_line, provenance, without_folders

from edgekd.errors import EdgekdError
from edgekd.files import write_atomically
from edgekd.firmware.board import load_board

sys.path.insert(0, str(ROOT / "tests"))  # the graphs are those of the tests

from random_runs import (
    HOST_TARGETS,
    Part,
    batches,
    differing_on_board,
    differing_on_host,
    plan_options,
    random_parts,
)

RESULTS = Path("scripts/results/random_graphs.json")
BOARDS = ("microbit", "mps2-an385", "mps2-an386", "mps3-an547", "qemu-riscv32", "mega2560")
_A_MODEL = 40  # graphs side by side in one model

Differing = Callable[[Sequence[Part]], list[str]]
Models = Iterator[tuple[list[Part], Differing, str]]  # graphs, what tells those that differ, and how they are run


def main() -> int:
    options = _arguments()
    began = time.monotonic()
    record: dict[str, Any] = {
        **provenance(
            command_line("scripts/nightly"), ("edgekd", "firmware", "boards", "tests"), _versions(options.board)
        ),
        "seed": options.seed,
        "targets": {},
    }
    with tempfile.TemporaryDirectory(prefix="edgekd-random-") as scratch:
        for name, models in _targets(options, Path(scratch)):
            record["targets"][name] = target = _run_target(models)
            _say(name, target)
            record["graphs"] = sum(target["graphs"] for target in record["targets"].values())
            record["seconds"] = round(time.monotonic() - began)
            record["exact"] = not any(target["differing"] for target in record["targets"].values())
            write_atomically(options.out, json.dumps(record, indent=1) + "\n")  # what is done stays done
    print(f"{record['graphs']} graphs in {record['seconds']} s: {'all exact' if record['exact'] else 'NOT EXACT'}")
    return 0 if record["exact"] else 1


def _targets(options: argparse.Namespace, scratch: Path) -> Iterator[tuple[str, Models]]:
    """Kernel sets and boards by name, with what they have to run."""
    for number, target in enumerate(options.target):
        random = np.random.default_rng([options.seed, number])
        yield target, _on_host(random, options.graphs, target, scratch)
    for number, board in enumerate(options.board):
        random = np.random.default_rng([options.seed, 100 + number])
        yield board, _on_board(random, options.board_graphs, board, scratch)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/nightly", description="Random graphs against the oracle.")
    parser.add_argument("graphs", nargs="?", type=int, default=2000, help="for each target on this machine (2000)")
    parser.add_argument("--board-graphs", type=int, default=200, help="for each emulated board (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", action="append", choices=[*HOST_TARGETS], help="this one (again for more); or all")
    parser.add_argument("--board", action="append", choices=BOARDS, help="this one (again for more); or all")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"the record ({RESULTS})")
    options = parser.parse_args()
    if options.target is None and options.board is None:
        options.target, options.board = [*HOST_TARGETS], [*BOARDS]
    options.target, options.board = options.target or [], options.board or []
    return options


def _on_host(random: np.random.Generator, total: int, target: str, scratch: Path) -> Models:
    """Models of random graphs for a target, each with a plan of its own."""
    parts = random_parts(random, total)
    for start in range(0, total, _A_MODEL):
        options = plan_options(random)

        def differing(some: Sequence[Part], options: Any = options) -> list[str]:
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                return differing_on_host(some, Path(folder), _made(scratch / "objects"), target, options)

        yield parts[start : start + _A_MODEL], differing, f"{options.buffers}, {options.optimize}"


def _on_board(random: np.random.Generator, total: int, board: str, scratch: Path) -> Models:
    """Models of random graphs that fit a board; every second one with all buffers at their least alignment."""
    parts = random_parts(random, total)
    for number, model in enumerate(batches(parts, load_board(board).memory.ram, scratch / "part.tflite", _A_MODEL)):
        least = number % 2 == 1

        def differing(some: Sequence[Part], least: bool = least) -> list[str]:
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                return differing_on_board(some, Path(folder), board, least_alignment=least)

        yield model, differing, "least alignment" if least else "in the arena"


def _run_target(models: Models) -> dict[str, Any]:
    """Run each model; of one that fails, its graphs one by one, to name those to blame."""
    began = time.monotonic()
    graphs, made, wrong = 0, 0, []
    for parts, differing, how in models:
        graphs, made = graphs + len(parts), made + 1
        if _problem(differing, parts) is None:
            continue
        alone = [(part, problem) for part in parts if (problem := _problem(differing, [part])) is not None]
        for (operator, seed), problem in alone or [(("together", 0), str(_problem(differing, parts)))]:
            wrong.append({"graph": operator, "seed": seed, "how": how, "problem": without_folders(problem)})
            print(f"  {operator} {seed} ({how}): {problem}", file=sys.stderr, flush=True)
    return {"graphs": graphs, "models": made, "seconds": round(time.monotonic() - began), "differing": wrong}


def _problem(differing: Differing, parts: Sequence[Part]) -> str | None:
    """What is wrong with a model: outputs that differ, a sanitizer's report, an error; None when nothing is."""
    try:
        found = differing(parts)
    except (EdgekdError, AssertionError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}: {error}"[:1000]
    return f"{len(found)} differ; {found[0]}" if found else None


def _versions(boards: Sequence[str]) -> dict[str, str]:
    packages = {name: metadata.version(name) for name in ("tflite-micro", "numpy")}
    programs = ["gcc"]
    for name in boards:
        board = load_board(name)
        programs += [board.toolchain.compiler] if board.toolchain else []
        programs += [board.emulator.program] if board.emulator else []
    told = {program: first_line(program, "--version") for program in dict.fromkeys(programs)}
    return {**packages, **told}


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _say(target: str, result: dict[str, Any]) -> None:
    verdict = "exact" if not result["differing"] else f"{len(result['differing'])} DIFFER"
    line = f"{target}: {result['graphs']} graphs in {result['models']} models, {result['seconds']} s, {verdict}"
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
