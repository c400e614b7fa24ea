"""A small residual network that spends its weights at half the image's size.

Blocks have one convolution each, beside the identity (He et al. 2015, arXiv:1512.03385, have two): an int8 addition
and a ReLU are all that a block adds to a plain convolution on the board, and depth is what so few weights lack most.
The classifier is a convolution over what is left of the image, as of convnet.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """A 3×3 convolution with batch normalisation beside the identity, then ReLU; any shape (batch, channels, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.normalisation = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.normalisation(self.convolution(x)))


def residual_cnn(
    *,
    image_size: int = 28,
    channels: int = 1,
    classes: int = 10,
    widths: Sequence[int] = (16, 22, 40),
    blocks: int = 2,
) -> nn.Sequential:
    """Takes (batch, channels, image_size, image_size); returns logits.

    widths: channels at full, half and a quarter of the size; a 2×2 maximum follows each. blocks: residual ones at half
    the size, 0 or more. At 28×28 the defaults have about 24,000 weights and 3.0 million MACs.
    Raises ValueError for an image of less than 8 pixels a side.
    """
    if len(widths) != 3 or blocks < 0:
        raise ValueError(f"widths is {list(widths)} and blocks {blocks}: three widths, no block or more")
    side = image_size // 8
    if side < 1:
        raise ValueError(f"image_size is {image_size}: 8 is the least")
    full, half, quarter = widths
    return nn.Sequential(
        *_convolution(channels, full),
        nn.MaxPool2d(2),
        *_convolution(full, half),
        *(Block(half) for _ in range(blocks)),
        nn.MaxPool2d(2),
        *_convolution(half, quarter),
        nn.MaxPool2d(2),
        nn.Conv2d(quarter, classes, side),
        nn.Flatten(),
    )


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
