"""Every built-in method against the control, on scikit-learn's digits."""

from __future__ import annotations

from typing import Any

from distill_experiments.experiments import methods
from distill_experiments.experiments.methods import SMALL, TITLE, run

__all__ = ["SETTINGS", "SMALL", "TITLE", "run"]

SETTINGS: dict[str, Any] = {
    **methods.SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "teacher": {"model": "teacher_cnn", "options": {"image_size": 8}},
    "student": {"model": "student_cnn", "options": {"image_size": 8, "width": 4}},
    "teacher_training": {**methods.SETTINGS["teacher_training"], "epochs": 20},
    "student_training": {**methods.SETTINGS["student_training"], "epochs": 12},
}
