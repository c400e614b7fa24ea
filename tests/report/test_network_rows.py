"""What a run's report says of teachers, student and control."""

from __future__ import annotations

from typing import Any

import pytest

from edgekd.report.networks import network_rows

ACCURACY: dict[str, Any] = {
    "teachers": [92.0, 93.0],
    "ensemble": 93.5,
    "student_float": 91.0,
    "control_float": 90.0,
    "student_int8": 91.1,
    "control_int8": 90.0,
}
SEEDS: dict[str, Any] = {
    "count": 3,
    "test_accuracy": {
        "student": {"mean": 91.0, "deviation": 0.2},
        "control": {"mean": 90.0, "deviation": 0.3},
        "difference": {"mean": 1.0, "interval_95": [0.5, 1.5], "p_value": 0.013, "test": "paired t-test"},
    },
}

AUC_SEEDS: dict[str, Any] = {
    "count": 2,
    "test_auc": {
        "student": {"mean": 0.85, "deviation": 0.01},
        "control": {"mean": 0.84, "deviation": 0.02},
        "difference": {"mean": 0.01, "interval_95": [-0.02, 0.04], "p_value": 0.2, "test": "paired t-test"},
    },
}


def rows(seeds: Any = None, *, prune: Any = None, quantize: Any = None, **accuracy: Any) -> dict[str, tuple[str, str]]:
    result = {"task": "classify", "accuracy": {**ACCURACY, **accuracy}, "model": {"weight_bytes": 1000, "macs": 2000}}
    said = network_rows({**result, "seeds": seeds, "prune": prune, "quantize": quantize})
    return {name: (value, note) for name, value, note in said}


def test_one_seed_says_nothing_of_seeds() -> None:
    assert [name for name in rows() if "seed" in name or "gain" in name] == []
    assert rows()["teachers, mean"] == ("92.50 %", "± 0.71 over 2")


def test_several_seeds_have_deviations_and_a_paired_test() -> None:
    said = rows(SEEDS)
    assert said["student over 3 seeds"] == ("91.00 %", "± 0.20; control: 90.00 % ± 0.30")
    assert said["gain over the control"] == ("+1.00 points", "+0.50 to +1.50 at 95 %, paired t-test, p = 0.013")


@pytest.mark.parametrize("teachers", [[None], [None, 92.0]])
def test_teachers_with_stored_answers_have_no_accuracy(teachers: list[float | None]) -> None:
    said = rows(teachers=teachers, ensemble=None)
    assert "teachers together" not in said
    if teachers == [None]:
        assert said["teachers"] == ("1", "stored answers: not asked about the test set")
    else:
        assert said["teachers, mean"] == ("92.00 %", "± 0.00 over 1")


def test_an_anomaly_detector_is_told_by_its_auc() -> None:
    auc = {"teachers": [0.9, 0.8], "ensemble": 0.91, "student_float": 0.85, "control_float": 0.84}
    auc |= {"student_int8": 0.83, "control_int8": 0.84}
    result = {"task": "anomaly", "auc": auc, "model": {"weight_bytes": 1000, "macs": 2000}, "seeds": AUC_SEEDS}
    said = {name: (value, note) for name, value, note in network_rows({**result, "prune": None, "quantize": None})}
    assert said["teachers, mean"] == ("0.8500", "± 0.0707 over 2")
    assert said["student, int8"] == ("0.8300", "control: 0.8400; -0.0100")
    assert said["student over 2 seeds"] == ("0.8500", "± 0.0100; control: 0.8400 ± 0.0200")
    assert said["gain over the control"] == ("+0.0100", "-0.0200 to +0.0400 at 95 %, paired t-test, p = 0.2")


def test_pruning_is_told_by_what_there_was_before() -> None:
    row = {"test_accuracy": 92.0, "parameters": 4000, "macs": 8000}
    prune = {"share": 0.25, "criterion": "l1", "student": row, "control": {**row, "test_accuracy": 91.0}}
    said = rows(prune=prune)
    assert said["student before pruning"] == (
        "92.00 %",
        "control: 91.00 %; 4,000 parameters, 8,000 multiply-accumulates",
    )
    assert said["channels left out"] == ("25 %", "by L1 norm, then trained once more")
    assert "student before pruning" not in rows()


def test_quantization_is_told_with_its_reason() -> None:
    quantize: dict[str, Any] = {"aware": False, "reason": "int8 loses 0.10 points on the validation set, not more"}
    said = rows(quantize={**quantize, "float_val_accuracy": 92.0, "untrained_val_accuracy": 91.9})
    assert said["quantization"] == ("post-training", quantize["reason"])
    assert said["validation set, float"] == ("92.00 %", "in int8 steps without fine-tuning: 91.90 %")
    tuned = {"aware": True, "reason": "the recipe says so", "weight_bits": 4}
    assert rows(quantize=tuned)["quantization"] == ("fine-tuned", "weights of 4 bits; the recipe says so")
