"""A digits classifier, trained in seconds, and its conversions: all that need a worker, in one worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@dataclass(frozen=True, eq=False)
class Digits:
    """A trained float model and what it was trained on: x float32 (samples, 8, 8, 1), 0 to 1; y class indices."""

    model: Any
    x_train: np.ndarray[Any, Any]
    x_test: np.ndarray[Any, Any]
    y_test: np.ndarray[Any, Any]
    accuracy: float  # percent, on the test samples


@dataclass(frozen=True, eq=False)
class Conversions:
    """good: digits as they should be. narrow: the same, calibrated on images a fiftieth as bright. image: a network
    that returns an image (1, 8, 8, 3). series: one over (32, 4). phases: what progress said."""

    good: Path
    narrow: Path
    image: Path
    series: Path
    phases: list[tuple[float, float, str]]


@pytest.fixture(scope="session")
def digits() -> Digits:
    import torch
    from sklearn.datasets import load_digits
    from torch import nn

    images, labels = load_digits(return_X_y=True)
    x = (images.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # such small layers only wait for each other on more
    model = nn.Sequential(
        *(nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.ReLU6(), nn.Conv2d(12, 24, 1), nn.ReLU()),
        *(nn.Conv2d(24, 10, 4), nn.Flatten()),
    )
    first = torch.from_numpy(np.moveaxis(x, -1, 1).copy())
    targets = torch.from_numpy(labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(8):
        for batch in torch.randperm(1200).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(first[batch]), targets[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        right = model.eval()(first[1200:]).argmax(1) == targets[1200:]
    torch.set_num_threads(threads)
    model.train()  # conversion must not depend on the mode it finds
    return Digits(model, x[:1200], x[1200:], labels[1200:].astype(np.int64), 100.0 * right.double().mean().item())


@pytest.fixture(scope="session")
def conversions(digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> Conversions:
    import torch
    from torch import nn

    from edgekd.convert.api import convert_all

    torch.manual_seed(2)
    folder = tmp_path_factory.mktemp("converted")
    image = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 1))
    series = nn.Sequential(nn.Conv1d(4, 8, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 32, 3))
    names = {name: folder / f"{name}.tflite" for name in ("good", "narrow", "image", "series")}
    calibration = digits.x_train[:200]
    phases: list[tuple[float, float, str]] = []
    convert_all(
        {names["good"]: digits.model, names["narrow"]: digits.model, names["image"]: image, names["series"]: series},
        {
            names["good"]: calibration,
            names["narrow"]: calibration / 50,
            names["image"]: calibration[:20],
            names["series"]: np.random.default_rng(3).normal(size=(20, 32, 4)).astype(np.float32),
        },
        log=folder / "convert.log",
        progress=lambda done, total, text: phases.append((done, total, text)),
    )
    return Conversions(**names, phases=phases)
