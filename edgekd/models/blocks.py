"""Parts that several families share.

Padding is as TensorFlow's SAME, which puts the odd row and column at the bottom and right: the conversion to .tflite
then needs no operator for it.
"""

from __future__ import annotations

from torch import Tensor, nn


def same_padding(height: int, width: int, *, kernel: tuple[int, int], stride: int) -> nn.ZeroPad2d:
    """Zeros around an image so that a convolution gives ceil(size / stride) rows and columns."""
    (top, bottom), (left, right) = (
        _split(max(0, (-(-size // stride) - 1) * stride + extent - size))
        for size, extent in zip((height, width), kernel, strict=True)
    )
    return nn.ZeroPad2d((left, right, top, bottom))


def pooled(image_size: int, pool: int) -> tuple[int, list[nn.Module]]:
    """A network that looks at an image coarsely: means of pool × pool pixels come first.

    Returns the pixels of a side that are left, and the layers, none for a pool of 1. Raises ValueError.
    """
    if pool < 1 or image_size % pool:
        raise ValueError(f"pool is {pool}: it must divide image_size, {image_size}")
    return image_size // pool, [nn.AvgPool2d(pool)] if pool > 1 else []


def separable(channels: int, wider: int, *, stride: int = 1, size: tuple[int, int] = (0, 0)) -> list[nn.Module]:
    """A 3×3 depthwise convolution, then a 1×1 convolution, both with batch normalisation and ReLU.

    size: height and width of the input, needed for a stride above 1.
    """
    depthwise = nn.Conv2d(channels, channels, 3, stride, padding=int(stride == 1), groups=channels, bias=False)
    return [
        *([same_padding(*size, kernel=(3, 3), stride=stride)] if stride > 1 else []),
        depthwise,
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, wider, 1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
    ]


class Residual(nn.Module):
    """Two 3×3 convolutions beside the identity, or beside a 1×1 convolution where the shape changes.

    size: height and width of the input.
    """

    def __init__(self, channels: int, wider: int, *, stride: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            same_padding(*size, kernel=(3, 3), stride=stride),
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


def classifier(features: int, classes: int, dropout: float = 0.0) -> list[nn.Module]:
    """Logits of what is left after pooling, (batch, features, 1, 1)."""
    return [nn.Flatten(), *([nn.Dropout(dropout)] if dropout else []), nn.Linear(features, classes)]


def _split(padding: int) -> tuple[int, int]:
    return padding // 2, padding - padding // 2
