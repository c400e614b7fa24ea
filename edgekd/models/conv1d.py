"""Convolutions over time, for windows of a sensor's samples."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


def conv1d(
    *,
    steps: int = 128,
    channels: int = 6,
    classes: int = 7,
    widths: Sequence[int] = (16, 24, 32),
    kernel: int = 5,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Takes (batch, channels, steps); returns logits.

    A convolution of each of `widths` channels, each followed by the larger one of two neighbours in time, then the
    mean over what time is left. kernel: odd. dropout: before the classifier.
    Raises ValueError when the window is too short for so many layers.
    """
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}: an odd one has a middle")
    layers: list[nn.Module] = []
    for width in widths:
        layers += [
            nn.Conv1d(channels, width, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.MaxPool1d(2),
        ]
        channels, steps = width, steps // 2
    if steps < 1:
        raise ValueError(f"a window of so few steps is too short for {len(widths)} layers")
    layers += [nn.AvgPool1d(steps), nn.Flatten(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers, nn.Linear(channels, classes))
