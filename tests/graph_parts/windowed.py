"""Convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph_parts.maker import Maker, Value, image


@dataclass(frozen=True)
class Windowed:
    height: int
    width: int
    options: dict[str, Any]
    output: tuple[int, int]


def windowed(m: Maker, x: Value, *, dilated: bool) -> Windowed:
    """A window that fits: taps, strides, dilations, padding, and the output's height and width."""
    while True:
        taps = m.between(1, 5), m.between(1, 5)
        stride = m.between(1, 3), m.between(1, 3)
        dilation = (m.pick([1, 1, 2, 3]), m.pick([1, 1, 2, 3])) if dilated else (1, 1)
        padding = m.pick(["SAME", "VALID"])
        reach = [(t - 1) * d + 1 for t, d in zip(taps, dilation, strict=True)]
        covered = [1, 1] if padding == "SAME" else reach
        output = [(n + s - c) // s for n, s, c in zip(x.shape[1:3], stride, covered, strict=True)]
        if min(output) >= 1:
            break
    options = {"padding": padding, "stride_h": stride[0], "stride_w": stride[1]}
    if dilated:
        options |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    return Windowed(taps[0], taps[1], options, (output[0], output[1]))


def _weights(m: Maker, x: Value, shape: Sequence[int], channels: int, axis: int, depth: int) -> tuple[list[int], float]:
    """Weights and perhaps a bias, and a scale of the output that spreads the results."""
    per_channel = channels > 1 and m.chance(0.6)
    scales = [m.scale(0.001, 0.05) for _ in range(channels if per_channel else 1)]
    largest = m.pick([1, *[127] * 7])  # with small ones the factor to the output's scale is above 1
    least = -128 if largest == 127 and m.chance(0.1) else -largest  # the specification excludes -128, models have it
    values = m.random.integers(least, largest, shape, np.int8, endpoint=True)
    if m.chance(0.3):  # channels that never change, which the compiler leaves out of a chain
        np.moveaxis(values, axis, 0)[m.random.random(channels) < 0.6] = 0
    weights = m.model.tensor(shape, "int8", scale=scales, axis=axis, data=values)
    spread = x.scale * max(scales) * largest * 0.6 * depth**0.5 * 75
    output_scale = float(np.float32(spread / m.pick([40, 100, 300])))
    if m.chance(0.25):
        return [weights], output_scale
    most = m.pick([largest, 30_000, 2**31 - 1] if m.chance(0.1) else [largest, 100 * largest])
    dtype = "int64" if m.activations == "int16" else "int32"
    bias = m.random.integers(-most, most, channels, np.int64) * (256 if dtype == "int64" else 1)
    bias_scales = [float(np.float32(x.scale) * np.float32(s)) for s in scales]
    return [
        weights,
        m.model.tensor((channels,), dtype, scale=bias_scales, data=bias),
    ], output_scale


def conv_2d(m: Maker, x: Value | None = None) -> Value:
    x = image(m, x)
    w = windowed(m, x, dilated=True)
    if m.chance(0.25):
        w = Windowed(1, 1, w.options | {"stride_h": 1, "stride_w": 1}, (x.shape[1], x.shape[2]))
    groups = m.pick([g for g in range(1, x.shape[3] + 1) if x.shape[3] % g == 0]) if m.chance(0.2) else 1
    outputs = groups * (m.channels(9) if groups == 1 else m.between(1, 3))
    shape = (outputs, w.height, w.width, x.shape[3] // groups)
    parameters, scale = _weights(m, x, shape, outputs, 0, int(np.prod(shape[1:])))
    y = m.value((x.shape[0], *w.output, outputs), scale)
    m.model.operator(
        "CONV_2D", [x.index, *parameters], [y.index], fused_activation_function=m.activation(), **w.options
    )
    return y


def depthwise_conv_2d(m: Maker, x: Value | None = None) -> Value:
    x = image(m, x)
    w = windowed(m, x, dilated=True)
    times = m.pick([1, 1, 1, 2, 3])
    outputs = x.shape[3] * times
    parameters, scale = _weights(m, x, (1, w.height, w.width, outputs), outputs, 3, w.height * w.width)
    y = m.value((x.shape[0], *w.output, outputs), scale)
    m.model.operator(
        "DEPTHWISE_CONV_2D",
        [x.index, *parameters],
        [y.index],
        depth_multiplier=times,
        fused_activation_function=m.activation(),
        **w.options,
    )
    return y


def transpose_conv(m: Maker, x: Value | None = None) -> Value:
    x = image(m, x)
    taps, stride = (m.between(1, 4), m.between(1, 4)), (m.between(1, 3), m.between(1, 3))
    padding = m.pick(["SAME", "VALID"])
    covered = [1, 1] if padding == "SAME" else taps
    # Of the sizes a convolution with this stride brings down to the input's.
    made = [(n - 1) * s + c + m.between(0, s - 1) for n, s, c in zip(x.shape[1:3], stride, covered, strict=True)]
    outputs = m.between(1, 5)
    shape = (outputs, *taps, x.shape[3])
    parameters, scale = _weights(m, x, shape, outputs, 0, int(np.prod(shape[1:])))
    y = m.value((x.shape[0], *made, outputs), scale)
    m.model.operator(
        "TRANSPOSE_CONV",
        [m.constant(y.shape), parameters[0], x.index, *parameters[1:]],
        [y.index],
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        fused_activation_function=m.activation(),
    )
    return y


def fully_connected(m: Maker, x: Value | None = None) -> Value:
    round_numbers = x is None and m.chance(0.3)  # one row, as many inputs and outputs as kernels like best
    if round_numbers:
        x = m.input((1, 8 * m.between(1, 9)))
    x = x if x is not None and len(x.shape) >= 2 else m.input(m.shape(m.between(2, 4)))
    keep = m.chance(0.4)
    flatten = not keep and m.chance(0.5)
    depth = int(np.prod(x.shape[1:])) if flatten else x.shape[-1]
    rows = int(np.prod(x.shape)) // depth
    outputs = 4 * m.between(1, 8) if round_numbers else m.channels(11)
    parameters, scale = _weights(m, x, (outputs, depth), outputs, 0, depth)
    y = m.value((*x.shape[:-1], outputs) if keep else (rows, outputs), scale)
    m.model.operator(
        "FULLY_CONNECTED",
        [x.index, *parameters],
        [y.index],
        keep_num_dims=keep,
        fused_activation_function=m.activation(),
    )
    return y


def padded_convolution(m: Maker, x: Value | None = None) -> Value:
    """PAD of height and width, and a convolution of any kind over it, as PyTorch's padding is converted."""
    x = image(m, x)
    numbers = [[0, 0], *([m.between(0, 2), m.between(0, 2)] for _ in range(2)), [0, 0]]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, numbers, strict=True)])
    m.model.operator("PAD", [x.index, m.constant(numbers)], [y.index])
    return m.pick([conv_2d, depthwise_conv_2d])(m, y)


def _pool(m: Maker, x: Value | None, name: str) -> Value:
    x = image(m, x)
    w = windowed(m, x, dilated=False)
    y = m.like(x, (x.shape[0], *w.output, x.shape[3]))
    m.model.operator(
        name,
        [x.index],
        [y.index],
        filter_height=w.height,
        filter_width=w.width,
        fused_activation_function=m.activation(),
        **w.options,
    )
    return y


def average_pool_2d(m: Maker, x: Value | None = None) -> Value:
    return _pool(m, x, "AVERAGE_POOL_2D")


def max_pool_2d(m: Maker, x: Value | None = None) -> Value:
    return _pool(m, x, "MAX_POOL_2D")
