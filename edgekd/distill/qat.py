"""Quantization-aware fine-tuning from Python, `edgekd.quantize_aware`: the second stage, after float training.

In two stages because distillation straight into few bits fails: soft targets of a high temperature differ by less than
the untrained network's steps. (Kim et al. 2019, arXiv:1911.12491, have the student learn alone first, too.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgekd.distill.answers import Store
from edgekd.distill.call import Call, Data, History, folder_of, kept
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.loggers import Logger
from edgekd.distill.methods import Method
from edgekd.distill.options import training_and_method, training_of
from edgekd.distill.quantized import QuantizedNetwork, quantized
from edgekd.distill.teachers import ensemble_of, specs_of
from edgekd.distill.teaching import Teaching
from edgekd.errors import InputError
from edgekd.progress import Progress, silent

# A tenth of a float training's: the network is trained already, and its steps are to settle.
_DEFAULTS: dict[str, Any] = {"epochs": 3, "learning_rate": 1e-3, "weight_decay": 0.0}


@dataclass(frozen=True)
class QuantizeResult:
    """network: computes in int8 steps; edgekd.convert gives a .tflite of it with exactly its scales and weights.

    metrics: `epoch` (whose weights are kept), `val_loss`, `val_accuracy` (percent, in int8 steps),
    `float_val_accuracy` (of the network given), `untrained_val_accuracy` (in int8 steps before the fine-tuning, which
    is what post-training quantization gives) and, on a Dataset, the same three with `test` for `val`.
    history: one row an epoch, see training.fit.
    """

    network: QuantizedNetwork
    metrics: dict[str, float]
    history: History


def quantize_aware(
    student: nn.Module,
    train: Any,
    val: Any = None,
    *,
    teacher: Any = None,
    method: str | Method | type[Method] | Callable[[Tensor, Tensor, Tensor], Tensor] = "soft-targets",
    weight_bits: int = 8,
    input_scale: float | None = None,
    augment: str = "none",
    cache: Path | str | None = None,
    checkpoint: Path | str | None = None,
    log: Logger | Sequence[Logger] | None = None,
    progress: Progress = silent,
    **options: Any,
) -> QuantizeResult:
    """Fine-tune a copy of a trained student in the int8 steps it will be converted to.

    teacher, method: as of edgekd.distill; without a teacher by labels alone. train, val, augment, cache, checkpoint,
    log, options: as of edgekd.distill; by default 3 epochs at a learning rate of 0.001, without weight decay.
    weight_bits: 8, or 4 for weights of 15 levels, stored in int8. input_scale: of samples that come in given steps
    around 0; by default the range of the training samples.
    Raises InputError for networks, data and options that do not fit, EdgekdError when training diverges.

        result = edgekd.quantize_aware(student, (x, y), (x_val, y_val), teacher=teacher)
        edgekd.convert(result.network, calibration, Path("student.tflite"))
    """
    options = {**_DEFAULTS, **options}
    if teacher is None:
        training, made = training_of(options), None
    else:
        training, made = training_and_method(method, options)
    if made is not None and made.trains_teachers:
        raise InputError(f"{made.name} has peers that learn with the student", "fine-tune with another method")
    data = Data(train, val, augment, training, unlabelled=teacher is not None)
    kept_answers = folder_of(cache, "cache")
    classes = data.check(student, "the student")
    network = quantized(student, data.first, weight_bits=weight_bits, input_scale=input_scale)
    metrics = {}
    for name, one in (("float", student), ("untrained", network)):
        metrics[f"{name}_val_accuracy"] = accuracy(predict(one, data.val.x), data.val.y)
        metrics |= data.tested(f"{name}_test_accuracy", one)
    teaching = None
    if made is not None:
        ensemble = ensemble_of(specs_of(teacher), student, data.val.x[:16], classes)
        teaching = Teaching(made, ensemble, Store(kept_answers) if kept_answers is not None else None)
    call = Call(data, training, checkpoint, log, progress)
    history = call.fit(network, f"{weight_bits}-bit student", teaching)
    metrics |= {**kept(history, training), **data.tested("test_accuracy", network)}
    call.log.finish(metrics)
    return QuantizeResult(network.eval(), metrics, history)
