"""A network of fully connected layers, for inputs without neighbourhood or very small ones."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


def mlp(*, inputs: int = 64, hidden: Sequence[int] = (32,), classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """ReLU layers over the flattened sample.

    inputs: values of one sample. hidden: sizes of the layers between. dropout: after each of them.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for size in hidden:
        layers += [nn.Linear(inputs, size), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
        inputs = size
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
