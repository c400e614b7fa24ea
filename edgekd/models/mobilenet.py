"""MobileNetV1 (Howard et al. 2017, arXiv:1704.04861, table 1), made narrow by its width multiplier."""

from __future__ import annotations

from torch import nn

from edgekd.models.blocks import classifier, pooled, same_padding, separable

# Output channels and stride of each separable block, at full width.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))


def mobilenet(
    *,
    image_size: int = 96,
    channels: int = 3,
    classes: int = 2,
    alpha: float = 0.25,
    blocks: int = len(_BLOCKS),
    pool: int = 1,
) -> nn.Sequential:
    """Takes (batch, channels, image_size, image_size); returns logits.

    alpha: the width multiplier, all channels times this, rounded, at least 1. blocks: only the first ones, for images
    that are small before the end. pool: see blocks.pooled. The defaults are the network of MLPerf Tiny's visual wake
    words.
    """
    if not 1 <= blocks <= len(_BLOCKS):
        raise ValueError(f"blocks is {blocks}: the network has 1 to {len(_BLOCKS)}")
    width = max(1, round(32 * alpha))
    image_size, first = pooled(image_size, pool)
    size = (image_size, image_size)
    layers: list[nn.Module] = [
        *first,
        same_padding(*size, kernel=(3, 3), stride=2),
        nn.Conv2d(channels, width, 3, stride=2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    side = -(-image_size // 2)
    for full, stride in _BLOCKS[:blocks]:
        wider = max(1, round(full * alpha))
        layers += separable(width, wider, stride=stride, size=(side, side))
        width, side = wider, -(-side // stride)
    return nn.Sequential(*layers, nn.AvgPool2d(side), *classifier(width, classes))
