"""Classes that no sample of the transfer set shows (Hinton et al. 2015, arXiv:1503.02531, section 3).

On MNIST without threes a student makes 206 test errors, 133 of them on the 1010 threes, and 109 once its bias of the
class is corrected; with sevens and eights alone 47.3 % errors become 13.2 %. The same indices here: 3, then 7 and 8.
Controls have no soft targets to learn of an unseen class from; their biases are corrected in the same way. The paper
found all temperatures above 8 about as good. The correction is fitted on the validation set, which has all classes.

What a teacher says of classes that are not there takes long to learn: 6 to 100 epochs, temperatures 8 and 20 and some
learning rates were compared by two students each, on one half of the validation set, corrected by the other half.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from distill_experiments.bench import Bench, of_classes
from edgekd.data import Dataset
from edgekd.distill.bias import correct_bias
from edgekd.distill.inference import predict
from edgekd.distill.inputs import channels_first

TITLE = "classes missing in the transfer set"

_MISSING, _ONLY = 3, [7, 8]
_BUDGET = {"batch_size": 128, "learning_rate": 1e-3, "weight_decay": 1e-2}
SETTINGS: dict[str, Any] = {
    "data": {"source": "fashion-mnist", "validation": 5000},
    "teacher": {"model": "mlp", "options": {"inputs": 784, "hidden": [256, 256]}},
    "student": {"model": "mlp", "options": {"inputs": 784, "hidden": [128, 128]}},
    "teacher_training": {**_BUDGET, "epochs": 8},
    "student_training": {"batch_size": 128, "learning_rate": 2e-3, "weight_decay": 0.0, "epochs": 60},
    "method": {"method": "soft-targets", "temperature": 20.0, "hard_weight": 0.0},
}
SMALL: dict[str, Any] = {
    **SETTINGS,
    "data": {"source": "digits", "validation": 200},
    "teacher": {"model": "mlp", "options": {"inputs": 64, "hidden": [64]}},
    "student": {"model": "mlp", "options": {"inputs": 64, "hidden": [32]}},
    "teacher_training": {**_BUDGET, "epochs": 10, "learning_rate": 1e-2},
    "student_training": {**_BUDGET, "epochs": 10, "learning_rate": 1e-2},
}


def run(bench: Bench) -> None:
    dataset = bench.load()
    settings = bench.settings
    teacher = bench.train("teacher", 0, bench.network("teacher", 0), dataset, **settings["teacher_training"])
    bench.record("teacher", 0, _errors(teacher, dataset))
    others = [label for label in range(dataset.classes) if label != _MISSING]
    without, both = f"without class {_MISSING}", "classes {} and {} alone".format(*_ONLY)
    _case(bench, dataset, teacher, without, others, [_MISSING])
    _case(bench, dataset, teacher, both, _ONLY, _ONLY)
    (errors,) = bench.figures("teacher", "errors")
    bench.value(f"the teacher, of {len(dataset.x_test):,} test samples:", errors, "errors")


def _case(bench: Bench, dataset: Dataset, teacher: nn.Module, name: str, seen: list[int], corrected: list[int]) -> None:
    """Students of a transfer set of the classes `seen`, before and after the biases of `corrected` are."""
    settings, transfer = bench.settings, of_classes(dataset, seen)
    for seed in bench.seeds:
        network = bench.network("student", seed + 1)
        options = {**settings["method"], **settings["student_training"]}
        result = bench.distill(name, seed, teacher, network, transfer, **options)
        assert result.control is not None
        for which, model in ((name, result.student), (f"{name}, control", result.control)):
            bench.record(which, seed, _errors(model, dataset))
            offset = correct_bias(model, dataset, corrected)
            bench.record(f"{which}, corrected", seed, {"offset": offset, **_errors(model, dataset)})
    control = f"{name}, control"
    bench.compare(f"{name}: errors", name, control, "errors", "errors")
    bench.compare(f"{name}: errors, bias corrected", f"{name}, corrected", f"{control}, corrected", "errors", "errors")
    if corrected == [_MISSING]:
        of_it = f"errors_of_{_MISSING}"
        bench.compare(f"{name}: errors of class {_MISSING}", name, control, of_it, "errors")
        title = f"{name}: errors of class {_MISSING}, bias corrected"
        bench.compare(title, f"{name}, corrected", f"{control}, corrected", of_it, "errors")


def _errors(model: nn.Module, dataset: Dataset) -> dict[str, float]:
    """Errors on the test set: all, and those of samples of the missing class."""
    wrong = predict(model, channels_first(dataset.x_test)).argmax(dim=1).numpy() != dataset.y_test
    return {"errors": int(wrong.sum()), f"errors_of_{_MISSING}": int(wrong[dataset.y_test == _MISSING].sum())}
