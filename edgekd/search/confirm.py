"""What students of the front are with their trained weights: int8 accuracy and cost."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgekd.config import Options, Recipe
from edgekd.convert.api import convert_all, verify
from edgekd.convert.stage import calibration_of
from edgekd.errors import InputError
from edgekd.files import sha256_of, write_atomically
from edgekd.search.candidates import Candidate
from edgekd.search.cost import Cost, Meter, Refusal
from edgekd.search.training import Trainer


class Confirm:
    """Converts, verifies and measures trained students; what was done before is kept beside their weights."""

    def __init__(self, recipe: Recipe, trainer: Trainer, meter: Meter) -> None:
        self._recipe, self._trainer, self._meter = recipe, trainer, meter

    def __call__(self, students: Sequence[tuple[Options, Path]]) -> list[dict[str, Any]]:
        """What each is, of its options and the file of its weights.

        val_accuracy: percent, of the int8 model on TensorFlow Lite Micro. cost: None where it exceeds a budget or does
        not fit, which `refused` then says. The model stays beside the weights as student.tflite.
        """
        unknown = [(options, weights) for options, weights in students if _kept(weights) is None]
        dataset = self._trainer.dataset
        if unknown:
            convert_all(
                {_model(weights): self._trainer.trained(Candidate(options), weights) for options, weights in unknown},
                calibration_of(dataset, self._recipe),
                log=unknown[0][1].with_name("convert.log"),
            )
        for _, weights in unknown:
            checked = verify(_model(weights), dataset.x_val, dataset.y_val)
            found = self._measured(_model(weights))
            said = {
                "weights_sha256": sha256_of(weights),
                "val_accuracy": checked.accuracy,
                "weight_bytes": checked.weight_bytes,
                "macs": checked.macs,
                "cost": None if isinstance(found, Refusal) else asdict(found),
                "refused": found.reason if isinstance(found, Refusal) else None,
            }
            write_atomically(_record(weights), json.dumps(said, indent=1) + "\n")
        return [_kept(weights) or {} for _, weights in students]

    def _measured(self, model: Path) -> Cost | Refusal:
        with tempfile.TemporaryDirectory(prefix="edgekd-search-") as project:
            try:
                return self._meter.judged(self._meter.measure(model, Path(project, "project")))
            except InputError as error:
                return Refusal(error.message)


def _kept(weights: Path) -> dict[str, Any] | None:
    """What was found of these weights before."""
    try:
        kept: dict[str, Any] = json.loads(_record(weights).read_text(encoding="utf-8"))
        return kept if kept["weights_sha256"] == sha256_of(weights) else None
    except (OSError, ValueError, KeyError, TypeError):  # not there or damaged: done again
        return None


def _record(weights: Path) -> Path:
    return weights.with_name("confirmed.json")


def _model(weights: Path) -> Path:
    return weights.with_name("student.tflite")
