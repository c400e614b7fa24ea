"""Where layers look, against the control: attention transfer on images whose feature maps are larger than digits'."""

from __future__ import annotations

from typing import Any

from distill_experiments.experiments import methods
from distill_experiments.experiments.methods import run

__all__ = ["SETTINGS", "SMALL", "TITLE", "run"]

TITLE = "larger feature maps, 1,000 labelled samples"

_NAME = "attention-transfer"
SETTINGS: dict[str, Any] = {
    **methods.SETTINGS,
    "data": {"source": "fashion-mnist", "validation": 2000},
    "labelled": 1000,
    "teacher_samples": 20_000,
    "teacher": {"model": "teacher_cnn", "options": {"width": 24}},
    "student": {"model": "student_cnn", "options": {"width": 8}},
    "teacher_training": {**methods.SETTINGS["teacher_training"], "epochs": 3, "batch_size": 128},
    "student_training": {**methods.SETTINGS["student_training"], "epochs": 20},
    "candidates": {_NAME: [{}, {"weight": 300.0}, {"weight": 100.0}]},
}
SMALL: dict[str, Any] = {**methods.SMALL, "candidates": {_NAME: methods.SMALL["candidates"][_NAME]}}
