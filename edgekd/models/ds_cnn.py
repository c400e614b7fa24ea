"""DS-CNN: depthwise separable convolutions over a spectrogram (Zhang et al. 2017, arXiv:1711.07128, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from edgekd.models.blocks import classifier, same_padding, separable


def ds_cnn(
    *,
    frames: int = 49,
    features: int = 10,
    classes: int = 12,
    width: int = 64,
    blocks: int = 4,
    kernel: Sequence[int] = (10, 4),
    dropout: float = 0.0,
) -> nn.Sequential:
    """Takes (batch, 1, frames, features), for example 49 frames of 10 cepstral coefficients; returns logits.

    One convolution at half the size, then `blocks` separable ones, all of `width` channels; the defaults are the
    paper's small one. kernel: of the first convolution, frames by features. dropout: before the classifier.
    """
    first = (kernel[0], kernel[1])
    return nn.Sequential(
        same_padding(frames, features, kernel=first, stride=2),
        nn.Conv2d(1, width, first, stride=2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(layer for _ in range(blocks) for layer in separable(width, width)),
        nn.AvgPool2d((-(-frames // 2), -(-features // 2))),
        *classifier(width, classes, dropout),
    )
