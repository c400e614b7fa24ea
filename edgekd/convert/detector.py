"""The check of a converted anomaly detector on TensorFlow Lite Micro, on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgekd.compiler.reader import read_tflite
from edgekd.convert.quantize_io import dequantize, model_input
from edgekd.convert.verify import OperatorFacts, check_interface, operator_facts, run_on_tflm
from edgekd.data import Dataset
from edgekd.errors import BadResultError, InputError
from edgekd.progress import Progress, silent

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Detection:
    """What a .tflite autoencoder does on TensorFlow Lite Micro.

    auc, float_auc: of reconstruction errors by clip, 0 to 1; of the .tflite and of the float network. The rest: see
    verify.Verification.
    """

    auc: float
    float_auc: float
    operators: tuple[OperatorFacts, ...]
    weight_bytes: int
    macs: int
    tflm_arena_bytes: int
    seconds: float


def verify_detector(
    model: Path, network: torch.nn.Module, dataset: Dataset, *, max_drop: float = 0.02, progress: Progress = silent
) -> Detection:
    """Run an autoencoder over the test set, and refuse it when int8 loses more than `max_drop` of the AUC.

    network: the float network the model was made from. Raises InputError for a model that does not give back what it
    takes, or as verify.verify does; BadResultError for too large a loss.
    """
    import torch

    from edgekd.distill.inputs import channels_first
    from edgekd.distill.reconstruction import auc_of, clip_errors

    graph = read_tflite(model)
    source, result = check_interface(graph, str(model))
    if source.shape != result.shape:
        raise InputError(
            f"{model}: takes {list(source.shape)} and gives {list(result.shape)}",
            "an anomaly detector gives back what it was given",
        )
    operators = operator_facts(graph, str(model))
    started = time.monotonic()
    outputs, arena_bytes = run_on_tflm(model, model_input(dataset.x_test, source), progress)
    seconds = time.monotonic() - started
    _, y = dataset.test_clips()
    labels = torch.from_numpy(y)
    x = np.asarray(dataset.x_test)
    squares = (dequantize(outputs, result).astype(np.float64) - x) ** 2
    errors = squares.reshape(len(y), -1).mean(axis=1)
    auc = auc_of(torch.from_numpy(errors), labels)
    float_auc = auc_of(clip_errors([network], channels_first(x), dataset.clip_windows), labels)
    if float_auc - auc > max_drop + 1e-9:
        raise BadResultError(
            f"{model}: int8 AUC is {auc:.4f}, {float_auc - auc:.4f} below the float model's {float_auc:.4f}; "
            f"{max_drop:g} is allowed",
            "try: more calibration samples of the training set (convert.calibration_samples)",
        )
    return Detection(
        auc=auc,
        float_auc=float_auc,
        operators=operators,
        weight_bytes=sum(operator.weight_bytes for operator in operators),
        macs=sum(operator.macs for operator in operators),
        tflm_arena_bytes=arena_bytes,
        seconds=seconds,
    )
