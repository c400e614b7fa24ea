"""Logits, features and networks that the tests of distillation share: small enough to follow by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

# Three rows of three classes: sure and right, unsure, sure and wrong.
STUDENT = np.array([[5.0, 0.0, -1.0], [0.2, 0.1, 0.0], [-3.0, 4.0, 0.5]])
TEACHER = np.array([[6.0, 1.0, 0.0], [0.0, 2.0, 1.0], [3.0, -1.0, 0.0]])
LABELS = np.array([0, 1, 0])


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """KL(p ‖ q) of each row."""
    return np.sum(p * (np.log(p) - np.log(q)), axis=1)


def tensors(*arrays: np.ndarray) -> list[Any]:
    import torch

    return [torch.from_numpy(array) for array in arrays]


def images(count: int, seed: int, *, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """(count, 1, size, size) images whose class, of three, is the third of the image that is brightest."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, count)
    x = rng.random((count, 1, size, size), np.float32)
    for image, label in zip(x, y, strict=True):
        image[0, label * size // 3 : (label + 1) * size // 3] += 0.5
    return x, y


def convnet(width: int, seed: int = 0, *, classes: int = 3, stages: int = 2) -> Any:
    """Convolutions with ReLU, each stage at half the size; 0-based names of a Sequential."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    channels = 1
    for stage in range(stages):
        layers += [nn.Conv2d(channels, width * (stage + 1), 3, stride=2, padding=1), nn.ReLU()]
        channels = width * (stage + 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
