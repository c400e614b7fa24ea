"""TensorFlow Lite Micro's figures, recorded once with its own runtime: scripts/results/tflm_baseline.json.

They hold for the processor core, so every board with that core takes them. edgekd's firmware counts flash and RAM the
same way: growth over the image without model and library, input and output included, stack apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIGURES = ("instructions", "flash", "ram", "stack")
ENGINE = "tflm_cmsisnn_int8"  # with CMSIS-NN, kernels for int8 alone registered: the fastest that was recorded


def recorded(baseline: Mapping[str, Any], facts: Mapping[str, Any], core: str) -> dict[str, Any] | None:
    """What each recorded build of ENGINE took for a model on a core; None where nothing was recorded.

    facts: sha256 and macs of the model. Returns {"matched_by", "engine", "builds": {level of -O: figures}}, m4_cycles
    (estimated) among the figures of the build they were recorded of. "matched_by" is "sha256" for the very file that
    was recorded. Where only the multiply-accumulates agree ("macs") it is the same network with other weights: those
    decide the size of the file and not the number of instructions, which then are all there is, with the cycles.
    """
    models = baseline["models"].items()
    found = [(name, how) for how in ("sha256", "macs") for name, model in models if model[how] == facts[how]]
    if not found:
        return None
    name, how = found[0]
    figures = FIGURES if how == "sha256" else ("instructions",)
    wanted = {"model": name, "core": core, "engine": ENGINE}
    rows = [row for row in baseline["rows"] if wanted.items() <= row.items()]
    builds = {row["opt"]: {figure: row[figure] for figure in figures} for row in rows}
    if not builds:
        return None
    cycles = baseline["m4_cycles"]
    if core == "cortex-m4" and cycles["engine"] == ENGINE:
        for row in cycles["rows"]:
            if row["model"] == name:
                builds[cycles["opt"]]["m4_cycles"] = row["cycles_est"]
    return {"matched_by": how, "engine": ENGINE, "builds": builds}
