"""Similarity-preserving distillation (Tung & Mori, ICCV 2019, arXiv:1907.09682, equations 1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from edgekd.distill.feeds import Batch
from edgekd.distill.methods.base import Setting, option
from edgekd.distill.methods.feature_method import Comparison, FeatureMethod, Shape


def similarity(features: Tensor) -> Tensor:
    """How alike the samples of a batch are: products of their features, each row of length 1; (batch, batch)."""
    flat = features.flatten(1)
    return functional.normalize(flat @ flat.T, dim=1)


def similarity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """1/b² · squared Frobenius norm of the difference of the similarity matrices.

    student, teacher: features, (batch, …); any shapes of a sample. Returns a scalar.
    """
    return ((similarity(student) - similarity(teacher)) ** 2).mean()


@dataclass(frozen=True, kw_only=True)
class SimilarityPreserving(FeatureMethod):
    """The last common stage. weight: the paper's gamma, 3000 on CIFAR-10 (section 4.1)."""

    name = "similarity-preserving"

    weight: float = option(3000.0, 0.0, 1e9)

    def choose(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs[-1:]

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        return _Similarity()


class _Similarity(Comparison):
    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        return similarity_loss(student, teacher)
