"""TensorFlow Lite Micro's figures, recorded once with its own runtime: scripts/results/tflm_baseline.json.

They hold for the processor core, so every board with that core takes them. edgekd's firmware counts flash and RAM the
same way: growth over the image without model and library, input and output included, stack apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIGURES = ("instructions", "flash", "ram", "stack")


def recorded(baseline: Mapping[str, Any], facts: Mapping[str, Any], core: str) -> dict[str, Any] | None:
    """The least TensorFlow Lite Micro took for a model on a core, for each figure; None where nothing was recorded.

    facts: sha256 and macs of the model. Returns {figure: {"value", "engine", "opt"}}: the best of its engines and
    optimization levels may differ from figure to figure. "matched_by" is "sha256" for the very file that was recorded.
    Where only the multiply-accumulates agree ("macs") it is the same network with other weights: those decide the size
    of the file and not the number of instructions, which then is the only figure.
    """
    models = baseline["models"].items()
    found = [(name, how) for how in ("sha256", "macs") for name, model in models if model[how] == facts[how]]
    if not found:
        return None
    name, how = found[0]
    rows = [row for row in baseline["rows"] if row["model"] == name and row["core"] == core]
    if not rows:
        return None
    figures = FIGURES if how == "sha256" else ("instructions",)
    return {"matched_by": how, **{figure: _least(rows, figure) for figure in figures}, **_cycles(baseline, name, core)}


def _cycles(baseline: Mapping[str, Any], model: str, core: str) -> dict[str, Any]:
    """Its estimated Cortex-M4 cycles, of the one build they were recorded of."""
    recorded = baseline["m4_cycles"]
    rows = [row["cycles_est"] for row in recorded["rows"] if row["model"] == model] if core == "cortex-m4" else []
    return {"m4_cycles": {"value": rows[0], "engine": recorded["engine"], "opt": recorded["opt"]}} if rows else {}


def _least(rows: list[Mapping[str, Any]], figure: str) -> dict[str, Any]:
    row = min(rows, key=lambda row: row[figure])
    return {"value": row[figure], "engine": row["engine"], "opt": row["opt"]}
