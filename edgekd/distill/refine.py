"""What follows a student's float training in a recipe: fewer channels ([prune]) and int8 steps ([quantize])."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from edgekd.config import Network, Prune, Quantize
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import Samples
from edgekd.distill.keep import Trained
from edgekd.distill.prune import prune
from edgekd.distill.quantized import quantized
from edgekd.distill.teachers import Ensemble
from edgekd.errors import InputError

_CHANCE = 0.05  # of a loss as large where int8 is as good as float


@dataclass(frozen=True)
class Start:
    """A network to train further, and what it was made from as JSON values."""

    model: nn.Module
    identity: list[Any]


@dataclass(frozen=True)
class Course:
    """networks: of one seed, the student or control last. teachers: who taught that one, None for a control."""

    networks: Sequence[Trained]
    teachers: Ensemble | None


@dataclass(frozen=True)
class Plan:
    """aware: whether to fine-tune. reason: in words. accuracies: on the validation set, in percent, of the float
    student and of what post-training quantization makes of it; empty when they did not matter."""

    aware: bool
    reason: str
    accuracies: dict[str, float]


@dataclass(frozen=True)
class Quantizing:
    """networks: student and control fine-tuned in int8 steps, or none."""

    plan: Plan
    networks: Sequence[Trained]

    def figures(self, test: Samples) -> dict[str, Any]:
        """JSON values; accuracies in percent, as torch computes them in int8 steps."""
        rows = {
            name: {**one.record, "test_accuracy": accuracy(predict(one.model, test.x), test.y)}
            for name, one in zip(("student", "control"), self.networks, strict=False)
        }
        return {"aware": self.plan.aware, "reason": self.plan.reason, **self.plan.accuracies, **rows}


def pruned_start(whole: Trained, asked: Prune, samples: Tensor) -> Start:
    """The trained network without its least channels."""
    pruned = prune(whole.model, samples[:1], share=asked.share, criterion=asked.criterion)
    return Start(pruned, ["prune", asked.share, asked.criterion, whole.record["sha256"]])


def quantized_start(trained: Trained, asked: Quantize, samples: Tensor, input_scale: float | None) -> Start:
    """The trained network in int8 steps, not yet fine-tuned."""
    network = quantized(trained.model, samples, weight_bits=asked.weight_bits, input_scale=input_scale)
    return Start(network, ["quantize", asked.weight_bits, input_scale, trained.record["sha256"]])


def retrained(network: Network, asked: Prune) -> Network:
    """How a pruned network is trained."""
    given = {"epochs": asked.epochs, "learning_rate": asked.learning_rate}
    return network.model_copy(update={name: value for name, value in given.items() if value is not None})


def tuned(network: Network, asked: Quantize) -> Network:
    """How a quantized network is fine-tuned: with AdamW, whose steps suit scales and weights alike."""
    return network.model_copy(
        update={
            "epochs": asked.epochs,
            "learning_rate": asked.learning_rate,
            "optimizer": "adamw",
            "weight_decay": 0.0,
            "precision": "float32",
        }
    )


def quantizing_plan(
    asked: Quantize, student: nn.Module, samples: Tensor, val: Samples, input_scale: float | None
) -> Plan:
    """Whether to fine-tune. "auto": when int8 steps without fine-tuning lose too much on the validation set.

    Too much is more than `max_loss` points, and more than chance: among the samples that only one of both gets right,
    the share of the float student is above a half (one-sided sign test). In a small set a point is a sample or two.
    """
    if asked.aware != "auto":
        return Plan(bool(asked.aware), "the recipe says so", {})
    try:
        network = quantized(student, samples, input_scale=input_scale)
    except InputError as error:
        return Plan(False, f"post-training quantization: {error.message}", {})
    right = {name: predict(one, val.x).argmax(dim=1) == val.y for name, one in (("float", student), ("int8", network))}
    found = {
        "float_val_accuracy": 100.0 * float(right["float"].double().mean()),
        "untrained_val_accuracy": 100.0 * float(right["int8"].double().mean()),
    }
    lost = found["float_val_accuracy"] - found["untrained_val_accuracy"]
    said = f"int8 loses {lost:.2f} points on the validation set"
    if lost <= asked.max_loss:
        return Plan(False, f"{said}, not more than {asked.max_loss:g}", found)
    from scipy.stats import binomtest

    only_float, only_int8 = int((right["float"] & ~right["int8"]).sum()), int((right["int8"] & ~right["float"]).sum())
    chance = binomtest(only_float, only_float + only_int8, alternative="greater").pvalue
    aware = bool(chance < _CHANCE)
    compared = f"more than {asked.max_loss:g}" if aware else "not more than chance does"
    return Plan(aware, f"{said}, {compared} (sign test, p = {chance:.2g})", found)
