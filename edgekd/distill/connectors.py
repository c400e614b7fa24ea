"""Projections between features of different shapes: trained with the student, thrown away after."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.seeds import mixed, seeded

_PROJECTIONS = 4  # the place of their initial weights among the streams of a seed


class Projection(nn.Module):
    """Features with the channels of others: a convolution of kernel 1, or a linear layer between vectors.

    shape, wanted: of a sample's features, (channels, …). One that has the channels already stays as it is. Feature
    maps become vectors by their mean where `wanted` is one. seed: of the initial weights.
    """

    def __init__(self, shape: tuple[int, ...], wanted: tuple[int, ...], seed: int, place: int = 0) -> None:
        super().__init__()
        self._vector = len(wanted) == 1
        with seeded(mixed(seed, _PROJECTIONS, place)):
            self.layer = _layer(shape, wanted)

    def forward(self, features: Tensor) -> Tensor:
        if self._vector and features.ndim > 2:
            features = pooled(features)
        projected: Tensor = self.layer(features)
        return projected


def _layer(shape: tuple[int, ...], wanted: tuple[int, ...]) -> nn.Module:
    if shape[0] == wanted[0]:
        return nn.Identity()
    if len(wanted) == 1 or len(shape) == 1:
        return nn.Linear(shape[0], wanted[0])
    kind = {2: nn.Conv1d, 3: nn.Conv2d}[len(shape)]
    return kind(shape[0], wanted[0], 1)


def pooled(features: Tensor) -> Tensor:
    """Feature maps as vectors, by their mean over all places: (batch, channels). Vectors stay."""
    return features.flatten(2).mean(dim=2) if features.ndim > 2 else features


def same_size(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two feature maps at the smaller of their sizes, (batch, channels, …): the larger one is averaged down."""
    size = [min(x, y) for x, y in zip(a.shape[2:], b.shape[2:], strict=True)]
    return _resized(a, size), _resized(b, size)


def _resized(features: Tensor, size: list[int]) -> Tensor:
    if list(features.shape[2:]) == size:
        return features
    if len(size) == 1:
        return functional.adaptive_avg_pool1d(features, size[0])
    return functional.adaptive_avg_pool2d(features, (size[0], size[1]))
