"""Every built-in method against the control, on images with larger feature maps and ten thousand to test on."""

from __future__ import annotations

from typing import Any

from distill_experiments.experiments import methods
from distill_experiments.experiments.methods import SMALL, run

__all__ = ["SETTINGS", "SMALL", "TITLE", "run"]

TITLE = "methods, 1,000 labelled samples"

SETTINGS: dict[str, Any] = {
    **methods.SETTINGS,
    "data": {"source": "fashion-mnist", "validation": 2000},
    "labelled": 1000,
    "teacher_samples": 20_000,
    "teacher": {"model": "teacher_cnn", "options": {"width": 24}},
    "student": {"model": "student_cnn", "options": {"width": 8}},
    "teacher_training": {**methods.SETTINGS["teacher_training"], "epochs": 3, "batch_size": 128},
    "student_training": {**methods.SETTINGS["student_training"], "epochs": 20},
    "choosing_seeds": 2,
    # A map of 14×14 spreads its length over more places than one of 4×4, and each then counts less.
    "candidates": {**methods.CANDIDATES, "attention-transfer": [{}, {"weight": 300.0}, {"weight": 100.0}]},
}
