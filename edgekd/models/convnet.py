"""Plain convolutional networks with batch normalisation, for small images.

Every layer becomes an int8 operator of TensorFlow Lite Micro: convolutions with fused ReLU, max pooling. The
classifier is a convolution over what is left of the image, so that where a feature is seen still counts, and nothing
is transposed in the conversion.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


def convnet(
    widths: Sequence[Sequence[int]],
    *,
    image_size: Sequence[int],
    channels: int,
    classes: int,
    first_stride: int,
    dropout: float,
    kernel: int = 3,
) -> nn.Sequential:
    """Stages of convolutions, each stage at half the size of the one before.

    widths: output channels of the convolutions, one list a stage; a 2×2 max pooling follows each stage. first_stride:
    of the first convolution, 1 or 2. image_size: height and width. kernel: of all convolutions, odd.
    Raises ValueError when the image is too small for so many stages.
    """
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}: an odd one has a middle")
    layers: list[nn.Module] = []
    inputs, stride = channels, first_stride
    height, width = (-(-side // first_stride) for side in image_size)
    for stage in widths:
        for outputs in stage:
            layers += [
                nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            inputs, stride = outputs, 1
        layers.append(nn.MaxPool2d(2))
        height, width = height // 2, width // 2
    if min(height, width) < 1:
        raise ValueError(f"an image of {image_size[0]}×{image_size[1]} is too small for {len(widths)} stages")
    layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Conv2d(inputs, classes, (height, width)), nn.Flatten())


def teacher_cnn(
    *,
    image_size: int = 28,
    channels: int = 1,
    classes: int = 10,
    width: int = 32,
    full_resolution: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:
    """A teacher that trains on a CPU: two convolutions of `width` channels, then two of twice as many.

    At 28×28 and width 32 about 72,000 weights and 4.6 million MACs; both grow with the square of the width.
    image_size: pixels of a side. full_resolution: the first convolution sees every pixel and a pooling follows, where
    otherwise it has stride 2: more accurate and about half as fast. dropout: share of the features before the
    classifier that a training step leaves out.
    """
    widths = _stages([width, width], [2 * width, 2 * width], full_resolution)
    size = [image_size] * 2
    stride = 1 if full_resolution else 2
    return convnet(widths, image_size=size, channels=channels, classes=classes, first_stride=stride, dropout=dropout)


def student_cnn(
    *,
    image_size: int = 28,
    channels: int = 1,
    classes: int = 10,
    width: int = 16,
    depth: int = 1,
    kernel: int = 3,
    full_resolution: bool = False,
) -> nn.Sequential:
    """A student for a small microcontroller: at 28×28 and width 16 about 20,000 weights and 1.3 million MACs.

    depth: convolutions at the smallest size. kernel: of all convolutions, odd. full_resolution: as of `teacher_cnn`;
    the same weights and MACs, and 12.5 kB of RAM for the first activation.
    """
    if depth < 1:
        raise ValueError(f"depth is {depth}: one convolution is the least")
    widths = _stages([width, width * 3 // 2], [width * 13 // 4] * depth, full_resolution)
    stride = 1 if full_resolution else 2
    return convnet(
        widths,
        image_size=[image_size] * 2,
        channels=channels,
        classes=classes,
        first_stride=stride,
        dropout=0.0,
        kernel=kernel,
    )


def _stages(first: list[int], second: list[int], full_resolution: bool) -> list[list[int]]:
    """Output channels by stage; at full resolution the first convolution is a stage of its own."""
    return [first[:1], first[1:], second] if full_resolution else [first, second]
