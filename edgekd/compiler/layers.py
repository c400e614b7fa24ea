"""Layers that may have more than one kernel: what they compute, before an instruction set is chosen.

`edgekd.compiler.ops` makes them out of operators, `edgekd.compiler.isa` turns them into kernel calls. Everything here
is checked and known when compiling: weights as numbers, the input's zero point folded into the bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Tensor

Weights = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Axis:
    """One direction of a window. padding: in front of the image; behind it, whatever the last window needs."""

    extent: int
    taps: int
    stride: int
    dilation: int
    output: int
    padding: int

    @property
    def reach(self) -> int:
        """From the first tap to behind the last."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def leaves_image(self) -> bool:
        return self.padding > 0 or (self.output - 1) * self.stride - self.padding + self.reach > self.extent


@dataclass(frozen=True, eq=False)
class Window:
    """A window that slides over images of `channels` channels. images: how many, one after the other (the batch)."""

    y: Axis
    x: Axis
    images: int
    channels: int

    @property
    def leaves_image(self) -> bool:
        """Some window holds padding."""
        return self.y.leaves_image or self.x.leaves_image

    @property
    def taps(self) -> int:
        return self.y.taps * self.x.taps

    @property
    def pixels(self) -> int:
        """Of the output, all images."""
        return self.images * self.y.output * self.x.output

    @property
    def is_pointwise(self) -> bool:
        """Output pixels are input pixels, one by one."""
        return self.taps == 1 and self.y.stride == self.x.stride == 1 and not self.leaves_image


@dataclass(frozen=True, eq=False)
class Scaling:
    """How 32-bit sums become int8: requantized (firmware/kernels/requantize.h), zero point added, clamped.

    multiplier: int32, shift: int8, one a channel or one for all. lowest, highest: the fused activation.
    """

    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int8]
    zero_point: int
    lowest: int
    highest: int

    @property
    def per_channel(self) -> bool:
        return len(self.multiplier) > 1


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums: what Dense, Convolution and Depthwise share.

    weights: int8, layout by class. bias: int32, one an output channel, with the input's zero point folded in:
    bias - zero_point * sum(weights), modulo 2**32; so the sum is bias + sum(w * x) over plain int8 inputs, padding
    counting as the input's zero point. bias_is_weight: the file has a bias.
    """

    source: Tensor
    target: Tensor
    weights: Weights
    bias: npt.NDArray[np.int32]
    bias_is_weight: bool
    scaling: Scaling

    @property
    def outputs(self) -> int:
        return len(self.bias)

    def by_output(self) -> npt.NDArray[np.int8]:
        """The weights as [output][all the others]."""
        raise NotImplementedError

    def sum_bounds(self) -> npt.NDArray[np.int64]:
        """The largest absolute value each channel's sum can take on its way, whatever the input and the order."""
        products: npt.NDArray[np.int64] = 128 * np.abs(self.by_output().astype(np.int64)).sum(axis=1)
        return np.abs(self.bias.astype(np.int64)) + products


@dataclass(frozen=True, eq=False)
class Dense(Sums):
    """FULLY_CONNECTED, and a 1x1 CONV_2D, whose rows are pixels: `rows` rows of `depth` inputs, contiguous.

    weights: [outputs][depth].
    """

    rows: int

    @property
    def depth(self) -> int:
        return int(self.weights.shape[1])

    @property
    def macs(self) -> int:
        return self.rows * self.weights.size

    def by_output(self) -> npt.NDArray[np.int8]:
        return self.weights


@dataclass(frozen=True, eq=False)
class Convolution(Sums):
    """CONV_2D, grouped or not. weights: [outputs][window height][window width][input channels of a group]."""

    window: Window
    groups: int

    @property
    def depth(self) -> int:
        """Products of one sum."""
        return int(self.weights[0].size)

    @property
    def macs(self) -> int:
        return self.window.pixels * self.weights.size

    def by_output(self) -> npt.NDArray[np.int8]:
        return self.weights.reshape(self.outputs, -1)


@dataclass(frozen=True, eq=False)
class Depthwise(Sums):
    """DEPTHWISE_CONV_2D. weights: [window height][window width][outputs]; output c reads channel c / multiplier."""

    window: Window
    depth_multiplier: int

    @property
    def macs(self) -> int:
        return self.window.pixels * self.weights.size

    def by_output(self) -> npt.NDArray[np.int8]:
        return self.weights.reshape(-1, self.outputs).T


@dataclass(frozen=True, eq=False)
class Pool:
    """AVERAGE_POOL_2D and MAX_POOL_2D. Padding takes no part. lowest, highest: the fused activation."""

    source: Tensor
    target: Tensor
    window: Window
    kind: Literal["average", "max"]
    lowest: int
    highest: int


@dataclass(frozen=True, eq=False)
class Add:
    """ADD and SUB of two tensors of the output's shape. fields: of struct edgekd_add_s8 (firmware/kernels/add_s8.h)."""

    a: Tensor
    b: Tensor
    target: Tensor
    fields: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Mul:
    """MUL of two tensors: `a` has the output's shape, `b` that of its last axes, repeated `rows` times.

    fields: of struct edgekd_mul_s8 (firmware/kernels/mul_s8.h). walk: of struct edgekd_broadcast.
    """

    a: Tensor
    b: Tensor
    target: Tensor
    fields: dict[str, Any]
    walk: dict[str, Any]

    @property
    def rows(self) -> int:
        return self.target.elements // self.b.elements


@dataclass(frozen=True, eq=False)
class Mean:
    """MEAN and SUM of all pixels of `images` images. fields: of struct edgekd_mean_s8 (firmware/kernels/mean_s8.h)."""

    source: Tensor
    target: Tensor
    fields: dict[str, Any]
    images: int
    pixels: int
    channels: int


Layer = Dense | Convolution | Depthwise | Pool | Add | Mul | Mean
