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
    """The content of result.json: JSON values; accuracies in percent, sizes in bytes, times in seconds.

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
    networks = {**teachers, "student": distill["student"], "control": distill["control"]}
    result: dict[str, Any] = {
        "edgekd": edgekd.__version__,
        "name": recipe.name,
        "seed": recipe.seed,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "board": eval["board"],
        "board_title": deploy["board_title"],
        "engine": eval["engine"],
        "data": distill["data"],
        "accuracy": {
            "teachers": [row["test_accuracy"] for row in distill["teachers"]],
            "ensemble": distill["ensemble"]["test_accuracy"],
            "student_float": student["float_accuracy"],
            "control_float": convert["control"]["float_accuracy"],
            "student_int8": student["accuracy"],
            "control_int8": convert["control"]["accuracy"],
            "board": 100 * eval["accuracy"],
            "board_samples": eval["samples"],
            "board_macro_f1": eval["macro_f1"],
            "board_interval_95": [100 * bound for bound in eval["accuracy_interval_95"]],
        },
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
        "confusion": {"host": student["confusion"], "board": eval["confusion"]},
        "per_class": eval["per_class"],
        "history": {name: row["history"] for name, row in networks.items()},
        "training_seconds": {name: row["seconds"] for name, row in networks.items()},
        "seeds": distill["seeds"],
        "versions": {**distill["versions"], **convert["versions"]},
    }
    return {**result, "failures": failures(recipe, result)}


def failures(recipe: Recipe, result: dict[str, Any]) -> list[str]:
    """One sentence for everything the result was asked to reach and does not."""
    found = []
    exact, accuracy = result["bit_exact"], result["accuracy"]
    if exact["equal"] != exact["of"]:
        found.append(f"{exact['of'] - exact['equal']} of {exact['of']} outputs differ from {exact['oracle']}'s")
    wanted = recipe.gates.accuracy
    if wanted is not None and accuracy["student_int8"] < wanted:
        found.append(f"the int8 student reaches {accuracy['student_int8']:.2f} %, gates.accuracy asks for {wanted:g} %")
    if recipe.gates.beats_control and accuracy["student_int8"] <= accuracy["control_int8"]:
        found.append(
            f"the int8 student ({accuracy['student_int8']:.2f} %) is not above its control "
            f"({accuracy['control_int8']:.2f} %)"
        )
    return found


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
