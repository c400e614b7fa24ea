"""Attention transfer (Zagoruyko & Komodakis, ICLR 2017, arXiv:1612.03928, equation 2)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from edgekd.distill.connectors import same_size
from edgekd.distill.feeds import Batch
from edgekd.distill.methods.base import Setting, option
from edgekd.distill.methods.feature_method import Comparison, FeatureMethod, Shape
from edgekd.errors import InputError


def attention_map(features: Tensor) -> Tensor:
    """Where a layer looks: the sum over the channels of |a|², as a vector of length 1; (batch, places).

    features: (batch, channels, …).
    """
    return functional.normalize((features**2).sum(dim=1).flatten(1), dim=1)


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """½ · mean squared difference of the attention maps. The paper sums and divides its weight by batch and places.

    student, teacher: features, (batch, channels, …), of the same size; channels may differ. Returns a scalar.
    """
    return 0.5 * ((attention_map(student) - attention_map(teacher)) ** 2).mean()


@dataclass(frozen=True, kw_only=True)
class AttentionTransfer(FeatureMethod):
    """All common stages; nothing is projected, channels are summed.

    weight: the paper's 1000 (section 4.1.1), for maps of 8×8 and more. The fewer places, the heavier it weighs: take
    less for small images.
    """

    name = "attention-transfer"

    weight: float = option(1000.0, 0.0, 1e9)

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        if len(student) < 2 or len(teacher) != len(student):
            raise InputError(
                f"attention-transfer: features of shape {list(student)} and {list(teacher)} are not both maps",
                "it compares where layers look: name convolutional layers",
            )
        return _Attention()


class _Attention(Comparison):
    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        return attention_loss(*same_size(student, teacher))
