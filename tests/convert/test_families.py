"""Small networks in the manner of well-known families, from torch through conversion and compilation to TensorFlow
Lite Micro's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_model import build_host_model

from edgekd.compiler import compile_model
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.cc, pytest.mark.slow]

IMAGE, SERIES = (20, 20, 3), (64, 4)  # channels last


def networks() -> dict[str, Any]:
    """One network of each family, untrained, with random numbers that are the same every time."""
    import torch
    from torch import nn
    from torch.nn import functional

    def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1, act: Any = nn.ReLU) -> Any:
        same = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        return nn.Sequential(same, nn.BatchNorm2d(outputs), act())

    class Fire(nn.Module):
        """SqueezeNet: a narrow layer, then two kinds of kernels side by side."""

        def __init__(self) -> None:
            super().__init__()
            self.stem, self.squeeze = conv(3, 8, stride=2), conv(8, 4, 1)
            self.small, self.large = conv(4, 8, 1), conv(4, 8)
            self.head = nn.Conv2d(16, 5, 1)

        def forward(self, x: Any) -> Any:
            x = functional.max_pool2d(self.stem(x), 3, 2)
            x = self.squeeze(x)
            x = self.head(torch.cat([self.small(x), self.large(x)], 1))
            return functional.adaptive_avg_pool2d(x, 1).flatten(1)

    class Shuffle(nn.Module):
        """ShuffleNetV2: half of the channels pass by, then all are shuffled."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = conv(3, 8, stride=2)
            self.branch = nn.Sequential(conv(4, 4, 1), conv(4, 4, groups=4, act=nn.Identity), conv(4, 4, 1))
            self.head = nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            for _ in range(2):
                kept, changed = x.chunk(2, 1)
                x = torch.cat([kept, self.branch(changed)], 1)
                n, c, h, w = x.shape
                x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
            return self.head(x.mean((2, 3)))

    class MobileNetV3(nn.Module):
        """Inverted residual with squeeze-and-excitation, hard-swish and hard-sigmoid."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = conv(3, 8, stride=2, act=nn.Hardswish)
            self.expand, self.depthwise = conv(8, 24, 1, act=nn.Hardswish), conv(24, 24, 5, groups=24, act=nn.Hardswish)
            self.excite = nn.Sequential(nn.Conv2d(24, 8, 1), nn.ReLU(), nn.Conv2d(8, 24, 1), nn.Hardsigmoid())
            self.project, self.head = conv(24, 8, 1, act=nn.Identity), nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            y = self.depthwise(self.expand(x))
            y = y * self.excite(functional.adaptive_avg_pool2d(y, 1))
            x = x + self.project(y)
            return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))

    class Dense(nn.Module):
        """DenseNet: every layer sees all before it; normalization comes first."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 6, 3, padding=1)
            self.norms = nn.ModuleList(nn.BatchNorm2d(6 + 4 * i) for i in range(3))
            self.layers = nn.ModuleList(nn.Conv2d(6 + 4 * i, 4, 3, padding=1) for i in range(3))
            self.head = nn.Linear(18, 5)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            for norm, layer in zip(self.norms, self.layers, strict=True):
                x = torch.cat([x, layer(functional.relu(norm(x)))], 1)
            return self.head(functional.avg_pool2d(x, 2).mean((2, 3)))

    class UNet(nn.Module):
        """Down, up with what was there before, and up once more by a learned kernel."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode
            self.first, self.down, self.deep = conv(3, 6), conv(6, 8, stride=2), conv(8, 8, stride=2)
            self.middle, self.last = conv(16, 8), conv(14, 6)
            self.mask = nn.Conv2d(6, 2, 1)

        def forward(self, x: Any) -> Any:
            options = {"mode": self.mode} | ({"align_corners": False} if self.mode == "bilinear" else {})
            first = self.first(x)
            down = self.down(first)
            x = functional.interpolate(self.deep(down), scale_factor=2, **options)
            x = self.middle(torch.cat([x, down], 1))
            x = functional.interpolate(x, scale_factor=2, **options)
            return self.mask(self.last(torch.cat([x, first], 1)))

    class Upsampled(nn.Module):
        """An autoencoder's way up: transposed convolutions."""

        def __init__(self) -> None:
            super().__init__()
            self.down = conv(3, 8, stride=2)
            self.up = nn.ConvTranspose2d(8, 6, 2, 2)
            self.same = nn.Conv2d(6, 3, 3, padding=1)

        def forward(self, x: Any) -> Any:
            return torch.sigmoid(self.same(functional.leaky_relu(self.up(self.down(x)))))

    class Temporal(nn.Module):
        """1-D dilated convolutions, PReLU, and a maximum over time."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv1d(c, 8, 3, padding=d, dilation=d) for c, d in ((4, 1), (8, 2), (8, 4)))
            self.slopes = nn.ModuleList(nn.PReLU(8) for _ in range(3))
            self.head = nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            for layer, slope in zip(self.layers, self.slopes, strict=True):
                x = slope(layer(x))
            return self.head(torch.clamp(torch.amax(x, 2), 0.1, 2.0))

    torch.manual_seed(7)
    made = {
        "squeezenet": Fire(),
        "shufflenet": Shuffle(),
        "mobilenetv3": MobileNetV3(),
        "densenet": Dense(),
        "unet_nearest": UNet("nearest"),
        "unet_bilinear": UNet("bilinear"),
        "upsampled": Upsampled(),
        "temporal": Temporal(),
    }
    for network in made.values():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):  # as training leaves them
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.uniform_(module.bias, -0.5, 0.5)
    return made


def samples(name: str, count: int) -> np.ndarray[Any, Any]:
    shape = SERIES if name == "temporal" else IMAGE
    return np.random.default_rng(len(name)).normal(size=(count, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Every network as a .tflite, all of one conversion process."""
    from edgekd.convert.api import convert_all

    folder = tmp_path_factory.mktemp("families")
    paths = {name: folder / f"{name}.tflite" for name in networks()}
    made = networks()
    convert_all(
        {paths[name]: network for name, network in made.items()},
        {paths[name]: samples(name, 8) for name in made},
    )
    return paths


NAMES = (
    "squeezenet",
    "shufflenet",
    "mobilenetv3",
    "densenet",
    "unet_nearest",
    "unet_bilinear",
    "upsampled",
    "temporal",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_converted_network_computes_what_the_oracle_does(
    name: str, converted: Mapping[str, Path], tmp_path: Path
) -> None:
    graph = read_tflite(converted[name])
    (entry,) = graph.inputs
    steps = np.round(samples(name, 3) / entry.scale) + entry.zero_point
    inputs = [[sample.reshape(entry.shape)] for sample in np.clip(steps, -128, 127).astype(np.int8)]

    compiled = compile_model(converted[name], tmp_path, target="host")
    outputs = build_host_model(compiled).run(inputs)

    expected = tflm.run(converted[name], inputs).outputs
    assert [[a.tobytes() for a in sample] for sample in outputs] == [[a.tobytes() for a in one] for one in expected]
    assert len(np.unique(np.concatenate([a.reshape(-1) for sample in outputs for a in sample]))) > 2
