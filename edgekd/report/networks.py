"""What a run's networks reach, from the teachers down to int8, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekd.report.result import shown
from edgekd.report.rows import Row


def network_rows(result: Mapping[str, Any]) -> list[Row]:
    """Scores on the test set from the teachers down to int8."""
    name, model = ("accuracy" if result["task"] == "classify" else "auc"), result["model"]
    score = result[name]
    student, control = score["student_int8"], score["control_int8"]
    return [
        *_teacher_rows(name, score),
        *_prune_rows(result["prune"]),
        (
            "student, float",
            shown(name, score["student_float"]),
            f"control, no teacher: {shown(name, score['control_float'])}",
        ),
        *_seed_rows(name, result["seeds"]),
        *_quantize_rows(result["quantize"]),
        ("student, int8", shown(name, student), f"control: {shown(name, control)}; {_gained(name, student - control)}"),
        ("weights", f"{model['weight_bytes']:,} B", f"{model['macs']:,} multiply-accumulates"),
    ]


def _teacher_rows(name: str, score: Mapping[str, Any]) -> list[Row]:
    """Teachers of which only stored answers are there have no score on the test set."""
    known = [value for value in score["teachers"] if value is not None]
    if not known:
        return [("teachers", str(len(score["teachers"])), "stored answers: not asked about the test set")]
    mean = sum(known) / len(known)
    deviation = (sum((value - mean) ** 2 for value in known) / max(1, len(known) - 1)) ** 0.5
    spread = shown(name, deviation).removesuffix(" %")
    rows = [("teachers, mean", shown(name, mean), f"± {spread} over {len(known)}")]
    if score["ensemble"] is not None:
        space = "averaged in probability space" if name == "accuracy" else "the mean of what they reconstruct"
        rows.append(("teachers together", shown(name, score["ensemble"]), space))
    return rows


def _prune_rows(prune: Mapping[str, Any] | None) -> list[Row]:
    """Student and control as they were before channels were left out; what follows is of the pruned ones."""
    if prune is None:
        return []
    student, control = prune["student"], prune["control"]
    criterion = {"l1": "L1 norm", "batch-norm": "scale of batch normalisation"}[prune["criterion"]]
    size = f"{student['parameters']:,} parameters, {student['macs']:,} multiply-accumulates"
    return [
        (
            "student before pruning",
            shown("accuracy", student["test_accuracy"]),
            f"control: {shown('accuracy', control['test_accuracy'])}; {size}",
        ),
        ("channels left out", f"{100 * prune['share']:g} %", f"by {criterion}, then trained once more"),
    ]


def _quantize_rows(quantize: Mapping[str, Any] | None) -> list[Row]:
    """How the int8 network came about, and why."""
    if quantize is None:
        return []
    rows = [("quantization", "post-training", quantize["reason"])]
    if quantize["aware"]:
        rows = [("quantization", "fine-tuned", f"weights of {quantize['weight_bits']} bits; {quantize['reason']}")]
    if "float_val_accuracy" in quantize:
        found = [shown("accuracy", quantize[f"{when}_val_accuracy"]) for when in ("float", "untrained")]
        rows.append(("validation set, float", found[0], f"in int8 steps without fine-tuning: {found[1]}"))
    return rows


def _seed_rows(name: str, seeds: Mapping[str, Any] | None) -> list[Row]:
    """Students and controls of several seeds, float, on the test set."""
    if seeds is None:
        return []
    student, control, gain = (seeds[f"test_{name}"][key] for key in ("student", "control", "difference"))
    low, high = (_difference(name, bound) for bound in gain["interval_95"])
    p_value = "" if gain["p_value"] is None else f", p = {gain['p_value']:.2g}"
    spreads = [shown(name, one["deviation"]).removesuffix(" %") for one in (student, control)]
    return [
        (
            f"student over {seeds['count']} seeds",
            shown(name, student["mean"]),
            f"± {spreads[0]}; control: {shown(name, control['mean'])} ± {spreads[1]}",
        ),
        (
            "gain over the control",
            _gained(name, gain["mean"]),
            f"{low} to {high} at 95 %, {gain['test']}{p_value}",
        ),
    ]


def _gained(name: str, value: float) -> str:
    return _difference(name, value) + (" points" if name == "accuracy" else "")


def _difference(name: str, value: float) -> str:
    return f"{value:+.2f}" if name == "accuracy" else f"{value:+.4f}"
