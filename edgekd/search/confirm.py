"""What a student of the front is with its trained weights: int8 accuracy and cost."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgekd.config import Options, Recipe
from edgekd.convert.api import convert, verify
from edgekd.convert.stage import calibration_of
from edgekd.errors import InputError
from edgekd.files import sha256_of, write_atomically
from edgekd.search.candidates import Candidate
from edgekd.search.cost import Meter, Refusal
from edgekd.search.training import Trainer


class Confirm:
    """Converts, verifies and measures a trained student; what was done before is kept beside its weights."""

    def __init__(self, recipe: Recipe, trainer: Trainer, meter: Meter) -> None:
        self._recipe, self._trainer, self._meter = recipe, trainer, meter

    def __call__(self, options: Options, weights: Path) -> dict[str, Any]:
        """val_accuracy: percent, of the int8 model on TensorFlow Lite Micro. cost: None where it exceeds a budget or
        does not fit, which `refused` then says. The model stays beside the weights as student.tflite."""
        kept, digest = weights.with_name("confirmed.json"), sha256_of(weights)
        try:
            before: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
            if before["weights_sha256"] == digest:
                return before
        except (OSError, ValueError, KeyError, TypeError):  # not there or damaged: done again
            pass
        dataset, model = self._trainer.dataset, weights.with_name("student.tflite")
        convert(self._trainer.trained(Candidate(options), weights), calibration_of(dataset, self._recipe), model)
        checked = verify(model, dataset.x_val, dataset.y_val)
        found = self._measured(model)
        said = {
            "weights_sha256": digest,
            "val_accuracy": checked.accuracy,
            "weight_bytes": checked.weight_bytes,
            "macs": checked.macs,
            "cost": None if isinstance(found, Refusal) else asdict(found),
            "refused": found.reason if isinstance(found, Refusal) else None,
        }
        write_atomically(kept, json.dumps(said, indent=1) + "\n")
        return said

    def _measured(self, model: Path) -> Any:
        with tempfile.TemporaryDirectory(prefix="edgekd-search-") as project:
            try:
                return self._meter.judged(self._meter.measure(model, Path(project, "project")))
            except InputError as error:
                return Refusal(error.message)
