"""One dict for a whole run, gathered from what its stages wrote."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import edgekd
from edgekd.config import Recipe
from edgekd.errors import InputError

_PARTS = {
    "distill": "distill/distill.json",
    "convert": "convert/convert.json",
    "deploy": "deploy/deploy.json",
    "eval": "eval/eval.json",
}


def gather(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """The content of result.json as JSON values: accuracies in percent, AUC 0 to 1, sizes in bytes, times in seconds.

    Raises InputError when a stage has not been run, or one of its files is damaged.
    """
    parts = {name: _read(folder / file, name) for name, file in _PARTS.items()}
    try:
        result = _result(recipe, **parts)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"{folder}: the stages' files do not fit together ({error!r})",
            f"delete {folder / 'manifest.json'} and run the recipe again",
        ) from None
    return result


def _result(
    recipe: Recipe, distill: dict[str, Any], convert: dict[str, Any], deploy: dict[str, Any], eval: dict[str, Any]
) -> dict[str, Any]:
    student = convert["student"]
    teachers = {f"teacher {n + 1}": row for n, row in enumerate(distill["teachers"]) if row["history"]}
    networks = _trained({**teachers, "student": distill["student"], "control": distill["control"]}, distill)
    result: dict[str, Any] = {
        "edgekd": edgekd.__version__,
        "name": recipe.name,
        "seed": recipe.seed,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "board": eval["board"],
        "board_title": deploy["board_title"],
        "engine": eval["engine"],
        "data": distill["data"],
        "task": recipe.task,
        **_scores(_SCORES[recipe.task], distill, convert, eval),
        "bit_exact": eval["bit_exact"],
        "per_inference": eval["per_inference"],
        "flash_bytes": deploy["flash_bytes"],
        "ram_bytes": _ram(deploy, eval),
        "link": eval["link"],
        "model": {
            "sha256": student["sha256"],
            "file_bytes": student["bytes"],
            "weight_bytes": student["weight_bytes"],
            "macs": student["macs"],
            "tflm_arena_bytes": student["tflm_arena_bytes"],
            "operators": deploy["operators"],
        },
        "confusion": {"host": student["confusion"], "board": eval["confusion"]} if recipe.task == "classify" else None,
        "per_class": eval["per_class"],
        "history": {name: row["history"] for name, row in networks.items()},
        "training_seconds": {name: row["seconds"] for name, row in networks.items()},
        "seeds": distill["seeds"],
        "prune": distill.get("prune"),
        "quantize": _quantize(recipe, distill.get("quantize")),
        "versions": {**distill["versions"], **convert["versions"]},
    }
    return {**result, "failures": failures(recipe, result)}


def _trained(networks: dict[str, Any], distill: dict[str, Any]) -> dict[str, Any]:
    """All that were trained: beside the last ones those before pruning and those in int8 steps."""
    steps = {"whole": distill.get("prune"), "in int8 steps": distill.get("quantize")}
    more = {
        f"{name}, {what}": step[name]
        for what, step in steps.items()
        for name in ("student", "control")
        if step is not None and name in step
    }
    return {**networks, **more}


def _quantize(recipe: Recipe, quantize: dict[str, Any] | None) -> dict[str, Any] | None:
    """Histories are left to distill.json. None for autoencoders, which are quantized after training alone."""
    if quantize is None:
        return None
    short = {name: value for name, value in quantize.items() if name not in ("student", "control")}
    tested = {name: quantize[name]["test_accuracy"] for name in ("student", "control") if name in quantize}
    return {**short, "weight_bits": recipe.quantize.weight_bits, "torch_test_accuracy": tested or None}


# By task: the name of what is scored, and the factor between a board's figure and the others'.
_SCORES = {"classify": ("accuracy", 100), "anomaly": ("auc", 1)}


def _scores(
    score: tuple[str, int], distill: dict[str, Any], convert: dict[str, Any], eval: dict[str, Any]
) -> dict[str, Any]:
    """{"accuracy": {…}} or {"auc": {…}}: from the teachers down to the board."""
    name, factor = score
    interval = eval[f"{name}_interval_95"]
    return {
        name: {
            "teachers": [row[f"test_{name}"] for row in distill["teachers"]],
            "ensemble": distill["ensemble"][f"test_{name}"],
            "student_float": convert["student"][f"float_{name}"],
            "control_float": convert["control"][f"float_{name}"],
            "student_int8": convert["student"][name],
            "control_int8": convert["control"][name],
            "board": factor * eval[name],
            "board_samples": eval["samples"],
            "board_macro_f1": eval["macro_f1"],
            "board_interval_95": interval and [factor * bound for bound in interval],
        }
    }


def failures(recipe: Recipe, result: dict[str, Any]) -> list[str]:
    """One sentence for everything the result was asked to reach and does not."""
    found = []
    name, _ = _SCORES[recipe.task]
    exact, score = result["bit_exact"], result[name]
    if exact["equal"] != exact["of"]:
        found.append(f"{exact['of'] - exact['equal']} of {exact['of']} outputs differ from {exact['oracle']}'s")
    student, control = (shown(name, score[f"{who}_int8"]) for who in ("student", "control"))
    wanted = getattr(recipe.gates, name)
    if wanted is not None and score["student_int8"] < wanted:
        unit = " %" if name == "accuracy" else ""
        found.append(f"the int8 student reaches {student}, gates.{name} asks for {wanted:g}{unit}")
    if recipe.gates.beats_control and score["student_int8"] <= score["control_int8"]:
        found.append(f"the int8 student ({student}) is not above its control ({control})")
    return found


def shown(name: str, value: float) -> str:
    """An accuracy (in percent) or an AUC as text."""
    return f"{value:.2f} %" if name == "accuracy" else f"{value:.4f}"


def _ram(deploy: dict[str, Any], eval: dict[str, Any]) -> dict[str, int]:
    parts = {**eval["ram_bytes"], "static": deploy["ram_static_bytes"]}
    return {**parts, "total": sum(parts.values())}


def _read(path: Path, stage: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", f"run the stage {stage} first: edgekd run RECIPE") from None
    except ValueError:
        raise InputError(f"{path}: damaged", "delete it and run the recipe again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: damaged", "delete it and run the recipe again")
    return content
