"""ResNet-8: three residual blocks (He et al. 2015, arXiv:1512.03385, section 4.2, with one block a size)."""

from __future__ import annotations

from torch import nn

from edgekd.models.blocks import Residual, classifier, pooled


def resnet8(
    *, image_size: int = 32, channels: int = 3, classes: int = 10, width: int = 16, pool: int = 1
) -> nn.Sequential:
    """Takes (batch, channels, image_size, image_size); returns logits.

    width: channels of the first block; the second and third have twice and four times as many at half and a quarter of
    the size. pool: see blocks.pooled. The defaults are the network of MLPerf Tiny's image classification.
    """
    image_size, first = pooled(image_size, pool)
    sides = [image_size, -(-image_size // 2), -(-image_size // 4)]
    return nn.Sequential(
        *first,
        nn.Conv2d(channels, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        Residual(width, width, stride=1, size=(sides[0], sides[0])),
        Residual(width, 2 * width, stride=2, size=(sides[0], sides[0])),
        Residual(2 * width, 4 * width, stride=2, size=(sides[1], sides[1])),
        nn.AvgPool2d(sides[2]),
        *classifier(4 * width, classes),
    )
