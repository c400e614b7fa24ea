"""Models × boards × engines -> rows."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from edgekd.errors import EdgekdError, InputError
from edgekd.firmware.board import BoardProfile
from engine_bench import bakenn, tflm
from engine_bench.bakenn import RefusedError, Variant
from engine_bench.harness import Figures, measure_c, measure_edgekd
from engine_bench.models import Model, derive

LEVELS = ("2", "3", "s")  # of GCC's -O: the others' best of each figure counts, edgekd is built as it always is
_BAKENN_SAMPLES = 3  # of as many builds as it has variants and levels


class Bench:
    """Measures models on boards; what it makes on the way goes into `folder`. baseline: TensorFlow Lite Micro's."""

    def __init__(self, folder: Path, baseline: Mapping[str, Any], samples: int, *, with_bakenn: bool) -> None:
        self._folder = folder
        self._baseline = baseline
        self._samples = samples
        self._with_bakenn = with_bakenn
        self._compiled: dict[tuple[str, Variant], list[Path] | str] = {}

    def row(self, model: Model, board: BoardProfile) -> dict[str, Any]:
        """One model on one board by all engines. What does not fit a board has the reason instead of figures."""
        say(f"{model.name} on {board.name}: edgekd")
        cycles = board.cpu.core == "cortex-m4"
        edgekd = _figures(partial(measure_edgekd, model.path, board, self._samples, cycles=cycles))
        row: dict[str, Any] = {"board": board.name, "core": board.cpu.core, "model": model.name, "edgekd": edgekd}
        row["tflm"] = tflm.recorded(self._baseline, model.facts, board.cpu.core)
        if self._with_bakenn:
            row["derived"] = self._derived(model, board, edgekd)
        return row

    def _derived(self, model: Model, board: BoardProfile, edgekd: dict[str, Any]) -> dict[str, Any]:
        """edgekd and bakenn on the same file, changed as far as bakenn needs it."""
        data, changes = derive(model.path.read_bytes())
        if changes:
            path = self._folder / "derived" / model.path.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            edgekd = _figures(partial(measure_edgekd, path, board, self._samples))
        else:
            path = model.path
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return {"changes": changes, "sha256": digest, "edgekd": edgekd, "bakenn": list(self._builds(path, board))}

    def _builds(self, model: Path, board: BoardProfile) -> Iterator[dict[str, Any]]:
        """Every variant of bakenn's C at every level."""
        for variant in bakenn.variants(board.cpu.core):
            sources = self._compile(model, variant)
            if isinstance(sources, str):
                yield {**asdict(variant), "refused": sources}
                continue
            fit = bakenn.without_vectors(board) if variant.kernels == "cmsis-nn" else board
            for level in LEVELS:
                say(f"{model.stem} on {board.name}: bakenn {variant.kernels} -O{level}")
                figures = _figures(partial(measure_c, model, sources, fit, level, _BAKENN_SAMPLES))
                yield {**asdict(variant), "opt": f"O{level}", **figures}

    def _compile(self, model: Path, variant: Variant) -> list[Path] | str:
        """bakenn's sources, or why there are none; once for all boards."""
        key = (model.stem, variant)
        if key not in self._compiled:
            out = self._folder / "bakenn" / model.stem / f"{variant.target}-{variant.kernels}"
            try:
                self._compiled[key] = bakenn.compile_to_c(model, out, variant)
            except RefusedError as error:
                self._compiled[key] = str(error)
        return self._compiled[key]


def failures(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with edgekd in these rows: outputs that differ, and boards it could not be run on."""
    found = []
    for row in rows:
        for file, figures in (("", row["edgekd"]), ("derived ", (row.get("derived") or {}).get("edgekd", {}))):
            where = f"{file}{row['model']} on {row['board']}"
            if "failed" in figures:
                found.append(f"{where}: {figures['failed']}")
            elif figures.get("equal") != figures.get("of"):
                found.append(f"{where}: {figures['equal']} of {figures['of']} outputs equal TensorFlow Lite Micro's")
    return found


def say(text: str) -> None:
    """Progress, on stderr."""
    print(f"bench_engine: {text}", file=sys.stderr, flush=True)


def _figures(measure: Callable[[], Figures]) -> dict[str, Any]:
    """JSON values: figures, or under "refused" why the model cannot be there, or under "failed" what broke."""
    try:
        return {name: value for name, value in asdict(measure()).items() if value is not None}
    except InputError as error:
        return {"refused": error.message}
    except EdgekdError as error:
        return {"failed": error.message}
