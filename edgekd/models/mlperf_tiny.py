"""The four networks of MLPerf Tiny (Banbury et al. 2021, arXiv:2106.07597, table 1), for torch.

Layer sizes follow the benchmark's reference implementation (mlcommons/tiny, benchmark/training). It pads as
TensorFlow's SAME does, which puts the odd row and column at the bottom and right; so do these, and the conversion to
.tflite then needs no operator for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn


@dataclass(frozen=True)
class Benchmark:
    """One task. build: makes the network. input_shape: of a sample, channels last. outputs: their number."""

    title: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, ...]
    outputs: int


def ds_cnn(classes: int = 12, *, softmax: bool = False) -> nn.Module:
    """Keyword spotting: (batch, 1, 49, 10), 49 frames of 10 cepstral coefficients, to `classes` logits.

    Zhang et al. 2017, arXiv:1711.07128, DS-CNN small. softmax: end in probabilities, as the benchmark's model does.
    """
    width = 64
    return nn.Sequential(
        *_same(49, 10, kernel=(10, 4), stride=2),
        nn.Conv2d(1, width, (10, 4), stride=2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(layer for _ in range(4) for layer in _separable(width, width)),
        nn.AvgPool2d((25, 5)),
        *_classifier(width, classes, softmax),
    )


def mobilenet_v1_025(classes: int = 2, *, softmax: bool = False) -> nn.Module:
    """Visual wake words: (batch, 3, 96, 96) to `classes` logits. Howard et al. 2017, arXiv:1704.04861, width 0.25."""
    # Output channels and stride of each separable block, table 1 of the paper times 0.25.
    blocks = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *((128, 1),) * 5, (256, 2), (256, 1))
    layers: list[nn.Module] = [
        *_same(96, 96, kernel=(3, 3), stride=2),
        nn.Conv2d(3, 8, 3, stride=2, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
    ]
    channels, size = 8, 48
    for wider, stride in blocks:
        layers += _separable(channels, wider, stride, size)
        channels, size = wider, size // stride
    return nn.Sequential(*layers, nn.AvgPool2d(size), *_classifier(channels, classes, softmax))


def resnet8(classes: int = 10, *, softmax: bool = False) -> nn.Module:
    """Image classification: (batch, 3, 32, 32) to `classes` logits. He et al. 2015, arXiv:1512.03385, three blocks."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        _Residual(16, 16, stride=1, size=32),
        _Residual(16, 32, stride=2, size=32),
        _Residual(32, 64, stride=2, size=16),
        nn.AvgPool2d(8),
        *_classifier(64, classes, softmax),
    )


def autoencoder(features: int = 640) -> nn.Module:
    """Anomaly detection: (batch, 640), five frames of 128 mel energies, to as many reconstructed features."""
    sizes = (features, 128, 128, 128, 128, 8, 128, 128, 128, 128)
    hidden = (
        layer
        for narrow, wide in pairwise(sizes)
        for layer in (nn.Linear(narrow, wide), nn.BatchNorm1d(wide), nn.ReLU())
    )
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], features))


BENCHMARKS = {
    "kws": Benchmark("keyword spotting", lambda: ds_cnn(softmax=True), (49, 10, 1), 12),
    "vww": Benchmark("visual wake words", lambda: mobilenet_v1_025(softmax=True), (96, 96, 3), 2),
    "ic": Benchmark("image classification", lambda: resnet8(softmax=True), (32, 32, 3), 10),
    "ad": Benchmark("anomaly detection", autoencoder, (640,), 640),
}


class _Residual(nn.Module):
    """Two 3x3 convolutions beside the identity, or beside a 1x1 convolution where the shape changes."""

    def __init__(self, channels: int, wider: int, *, stride: int, size: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_same(size, size, kernel=(3, 3), stride=stride),
            nn.Conv2d(channels, wider, 3, stride=stride),
            nn.BatchNorm2d(wider),
            nn.ReLU(),
            nn.Conv2d(wider, wider, 3, padding=1),
            nn.BatchNorm2d(wider),
        )
        same_shape = stride == 1 and channels == wider
        self.shortcut = nn.Identity() if same_shape else nn.Conv2d(channels, wider, 1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.body(x) + self.shortcut(x))


def _separable(channels: int, wider: int, stride: int = 1, size: int = 0) -> list[nn.Module]:
    """A 3x3 depthwise convolution, then a 1x1 convolution. size: of the square input, needed for a stride above 1."""
    depthwise = nn.Conv2d(channels, channels, 3, stride, padding=int(stride == 1), groups=channels, bias=False)
    return [
        *(_same(size, size, kernel=(3, 3), stride=stride) if stride > 1 else ()),
        depthwise,
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, wider, 1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
    ]


def _same(height: int, width: int, *, kernel: tuple[int, int], stride: int) -> list[nn.Module]:
    """Zero padding as TensorFlow's SAME: outputs ceil(size / stride), the odd one of the padding at the end."""
    (top, bottom), (left, right) = (
        _split(max(0, (-(-size // stride) - 1) * stride + extent - size))
        for size, extent in zip((height, width), kernel, strict=True)
    )
    return [nn.ZeroPad2d((left, right, top, bottom))]


def _split(padding: int) -> tuple[int, int]:
    return padding // 2, padding - padding // 2


def _classifier(features: int, classes: int, softmax: bool) -> list[nn.Module]:
    head: list[nn.Module] = [nn.Flatten(), nn.Linear(features, classes)]
    return [*head, nn.Softmax(dim=1)] if softmax else head
