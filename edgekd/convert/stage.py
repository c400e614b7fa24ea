"""The stage `convert` of a recipe: student and control to int8, verified, with what the board must answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.reader import read_tflite
from edgekd.config import Convert, Recipe
from edgekd.convert.api import Converted, convert_all, verify
from edgekd.convert.detector import Detection, verify_detector
from edgekd.convert.export import require_packages
from edgekd.convert.quantize_io import check_pinned, pin_input
from edgekd.convert.verify import Verification
from edgekd.data import Dataset
from edgekd.errors import InputError
from edgekd.files import write_atomically
from edgekd.progress import Progress, silent

if TYPE_CHECKING:
    import torch

_NETWORKS = ("student", "control")
_CONVERTED_AT = 0.4  # share of the stage's time that conversion takes, two cores


def run_convert(recipe: Recipe, folder: Path, progress: Progress = silent) -> list[Path]:
    """Convert and verify what `distill` left in the run directory `folder`; returns the files made.

    convert/student.tflite, convert/control.tflite: int8 in and out; of networks that `distill` fine-tuned in int8
    steps, with exactly the scales and weights they learned.
    convert/convert.json: for each network float and int8 accuracy in percent and confusion matrix (of an anomaly
    detector AUC), operators, sizes and TFLM's arena; versions, seconds. convert/convert.log: what the converters
    printed. Raises BadResultError when the student loses more than `convert.max_accuracy_drop` points
    (`max_auc_drop`), and whatever convert and verify raise.
    """
    require_packages()
    from edgekd import data

    source = recipe.data
    dataset = data.load(
        source.source, path=source.path, validation=source.validation, seed=recipe.seed, **source.options
    )
    out = folder / "convert"
    networks = {name: _trained(recipe, folder / "distill" / f"{name}.safetensors") for name in _NETWORKS}
    aware = {name: _fine_tuned(recipe, folder / "distill", name, network) for name, network in networks.items()}
    converted = convert_all(
        {out / f"{name}.tflite": aware[name] or network for name, network in networks.items()},
        calibration_of(dataset, recipe),
        log=out / "convert.log",
        progress=_between(progress, 0.0, _CONVERTED_AT),
    )
    step = (1.0 - _CONVERTED_AT) / len(networks)
    figures: dict[str, Any] = {}
    for number, (name, network) in enumerate(networks.items()):
        model = out / f"{name}.tflite"
        if dataset.input_scale is not None:
            check_pinned(read_tflite(model).inputs[0], dataset.input_scale, str(model))
        start = _CONVERTED_AT + number * step
        told = _between(progress, start, start + step)
        figures_of = _detector if recipe.task == "anomaly" else _classifier
        figures[name] = figures_of(model, network, dataset, recipe.convert, name == "student", told)
        figures[name] |= {"quantization": "aware" if aware[name] is not None else "post-training"}
        figures[name] |= {"file": model.name, "sha256": converted[model].sha256, "bytes": converted[model].size}
    write_atomically(out / "convert.json", json.dumps(_summary(figures, recipe, dataset, converted), indent=2) + "\n")
    return [out / name for name in ("student.tflite", "control.tflite", "convert.json", "convert.log")]


def _trained(recipe: Recipe, weights: Path) -> torch.nn.Module:
    """The student's network with the weights of a file. Raises InputError when they are not there or do not fit."""
    from edgekd.models import resolve

    if not weights.is_file():
        raise InputError(f"{weights}: no such file", "train first: edgekd distill RECIPE")
    network = resolve(recipe.student.model, **recipe.student.options)
    return _load(network, weights, recipe, pruned=recipe.prune is not None)


def _fine_tuned(recipe: Recipe, folder: Path, name: str, network: torch.nn.Module) -> torch.nn.Module | None:
    """The network in the int8 steps that `distill` fine-tuned it in; None when it did not."""
    from edgekd.distill.quantized import quantized

    weights = folder / f"{name}-quantized.safetensors"
    if not weights.is_file():
        return None
    return _load(quantized(network, None, weight_bits=recipe.quantize.weight_bits), weights, recipe)


def _load(network: torch.nn.Module, weights: Path, recipe: Recipe, *, pruned: bool = False) -> torch.nn.Module:
    """`network` with the weights of a file, in evaluation mode. pruned: it may have more channels than they."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file, load_model

    from edgekd.distill.prune import resize

    try:
        if pruned:
            resize(network, load_file(str(weights)))
        load_model(network, str(weights))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise InputError(
            f"{weights} does not fit {recipe.student.model}: {str(error).splitlines()[0]}",
            "train again: delete the file and run edgekd distill RECIPE",
        ) from None
    return network.eval()


def calibration_of(dataset: Dataset, recipe: Recipe) -> npt.NDArray[Any]:
    """Training samples chosen by the recipe's seed; all of them when there are fewer than wanted."""
    order = np.random.default_rng(recipe.seed).permutation(len(dataset.x_train))
    chosen = np.asarray(dataset.x_train)[np.sort(order[: recipe.convert.calibration_samples])]
    return chosen if dataset.input_scale is None else pin_input(chosen, dataset.input_scale)


def _classifier(
    model: Path, network: torch.nn.Module, dataset: Dataset, asked: Convert, is_student: bool, progress: Progress
) -> dict[str, Any]:
    """Accuracies in percent and the confusion matrix. Raises BadResultError when a student loses too much."""
    checked = verify(
        model,
        dataset.x_test,
        dataset.y_test,
        float_accuracy=_accuracy(network, dataset),
        max_drop=asked.max_accuracy_drop if is_student else 100.0,
        progress=progress,
    )
    assert checked.float_accuracy is not None
    return {
        "accuracy": checked.accuracy,
        "float_accuracy": checked.float_accuracy,
        "drop": checked.float_accuracy - checked.accuracy,
        "confusion": checked.confusion.tolist(),
        **_facts(checked),
    }


def _detector(
    model: Path, network: torch.nn.Module, dataset: Dataset, asked: Convert, is_student: bool, progress: Progress
) -> dict[str, Any]:
    """AUC, 0 to 1. Raises BadResultError when a student loses too much."""
    checked = verify_detector(
        model, network, dataset, max_drop=asked.max_auc_drop if is_student else 1.0, progress=progress
    )
    return {
        "auc": checked.auc,
        "float_auc": checked.float_auc,
        "drop": checked.float_auc - checked.auc,
        **_facts(checked),
    }


def _facts(checked: Verification | Detection) -> dict[str, Any]:
    return {
        "macs": checked.macs,
        "weight_bytes": checked.weight_bytes,
        "tflm_arena_bytes": checked.tflm_arena_bytes,
        "operators": [asdict(operator) for operator in checked.operators],
        "verify_seconds": round(checked.seconds, 2),
    }


def _accuracy(network: torch.nn.Module, dataset: Dataset) -> float:
    """Percent of the test set that the float network gets right."""
    import torch

    from edgekd.distill.inference import accuracy, predict
    from edgekd.distill.inputs import channels_first

    return accuracy(predict(network, channels_first(dataset.x_test)), torch.from_numpy(dataset.y_test))


def _summary(
    figures: dict[str, Any], recipe: Recipe, dataset: Dataset, converted: dict[Path, Converted]
) -> dict[str, Any]:
    made = next(iter(converted.values()))
    return {
        **figures,
        "samples": len(dataset.x_test),
        "calibration_samples": min(recipe.convert.calibration_samples, len(dataset.x_train)),
        "max_accuracy_drop": recipe.convert.max_accuracy_drop,
        "class_names": list(dataset.class_names),
        "convert_seconds": round(made.seconds, 2),
        "versions": dict(made.versions),
    }


def _between(progress: Progress, start: float, end: float) -> Progress:
    """A Progress for the part of a stage from the share `start` to the share `end`."""

    def report(done: float, total: float, text: str) -> None:
        progress(start + (end - start) * (done / total if total else 0.0), 1.0, text)

    return report
