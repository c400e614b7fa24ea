"""Models × boards × builds of the engines -> rows."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from provenance import without_folders

from edgekd.compiler.plan import Optimize
from edgekd.errors import EdgekdError, InputError
from edgekd.firmware.board import BoardProfile
from engine_bench import bakenn, harness, kept, tflm
from engine_bench.bakenn import Build, Variant
from engine_bench.harness import Figures, measure_c, measure_edgekd
from engine_bench.models import Model, derive

EDGEKD_BUILDS: tuple[Optimize, ...] = ("balanced", "flash")  # of edgekd's --optimize; the first is its default
_BAKENN_SAMPLES = 3


class Bench:
    """Measures models on boards; what it makes on the way goes into `folder`. baseline: TensorFlow Lite Micro's."""

    def __init__(self, folder: Path, baseline: Mapping[str, Any], samples: int, *, with_bakenn: bool) -> None:
        self._folder = folder
        self._baseline = baseline
        self._samples = samples
        self._with_bakenn = with_bakenn
        self._compiled: dict[tuple[Path, Variant], list[Path]] = {}

    def row(self, model: Model, board: BoardProfile) -> dict[str, Any]:
        """One model on one board by all engines. A build that does not fit the board has the reason for figures."""
        row: dict[str, Any] = {"board": board.name, "core": board.cpu.core, "model": model.name, "macs": model.macs}
        row["edgekd"] = self._edgekd(model.path, board, cycles=board.cpu.core == "cortex-m4")
        row["tflm"] = tflm.recorded(self._baseline, model.facts, board.cpu.core)
        if self._with_bakenn:
            row["derived"] = self._derived(model, board, row["edgekd"])
        return row

    def _edgekd(self, model: Path, board: BoardProfile, *, cycles: bool = False) -> dict[str, Any]:
        """Its builds by what they optimize."""
        found: dict[str, Any] = {}
        for optimize in EDGEKD_BUILDS:
            say(f"{model.stem} on {board.name}: edgekd --optimize {optimize}")
            found[optimize] = _figures(partial(measure_edgekd, model, board, optimize, self._samples, cycles=cycles))
        return found

    def _derived(self, model: Model, board: BoardProfile, edgekd: dict[str, Any]) -> dict[str, Any]:
        """edgekd and bakenn on the same file, changed as far as bakenn needs it."""
        data, changes = derive(model.path.read_bytes())
        if changes:
            path = self._folder / "derived" / model.path.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            edgekd = self._edgekd(path, board)
        else:
            path = model.path
        digest = hashlib.sha256(data if changes else path.read_bytes()).hexdigest()
        builds = list(self._bakenn(path, digest, board))
        return {"changes": changes, "sha256": digest, "edgekd": edgekd, "bakenn": builds}

    def _bakenn(self, model: Path, digest: str, board: BoardProfile) -> Iterator[dict[str, Any]]:
        """All its builds for the board's core."""
        for build in bakenn.builds(board.cpu.core):
            variant = build.variant
            say(f"{model.stem} on {board.name}: bakenn {variant.kernels} -O{build.level}")
            fit = bakenn.without_vectors(board) if variant.kernels == "cmsis-nn" else board
            firmware = harness.identity(harness.optimized(fit, build.level))
            inputs = (digest, repr(build), bakenn.identity(), firmware, str(_BAKENN_SAMPLES))
            figures = kept.figures(inputs, partial(_figures, partial(self._measure_bakenn, model, build, fit)))
            yield {**asdict(variant), "opt": f"O{build.level}", **figures}

    def _measure_bakenn(self, model: Path, build: Build, board: BoardProfile) -> Figures:
        key = (model, build.variant)
        if key not in self._compiled:  # once for all boards and levels
            out = self._folder / "bakenn" / model.stem / f"{build.variant.target}-{build.variant.kernels}"
            self._compiled[key] = bakenn.compile_to_c(model, out, build.variant)
        return measure_c(model, self._compiled[key], board, build.level, _BAKENN_SAMPLES)


def failures(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with edgekd in these rows: outputs that differ, and boards it could not be run on."""
    found = []
    for row in rows:
        for file, builds in (("", row["edgekd"]), ("derived ", (row.get("derived") or {}).get("edgekd", {}))):
            for optimize, figures in builds.items():
                where = f"{file}{row['model']} on {row['board']}, --optimize {optimize}"
                if "failed" in figures:
                    found.append(f"{where}: {figures['failed']}")
                elif figures.get("equal") != figures.get("of"):
                    found.append(
                        f"{where}: {figures['equal']} of {figures['of']} outputs equal TensorFlow Lite Micro's"
                    )
    return found


def say(text: str) -> None:
    """Progress, on stderr."""
    print(f"bench_engine: {text}", file=sys.stderr, flush=True)


def _figures(measure: Callable[[], Figures]) -> dict[str, Any]:
    """JSON values: figures, or under "refused" why the model cannot be there, or under "failed" what broke."""
    try:
        return {name: value for name, value in asdict(measure()).items() if value is not None}
    except InputError as error:
        return {"refused": without_folders(error.message)}
    except EdgekdError as error:
        return {"failed": without_folders(error.message)}
