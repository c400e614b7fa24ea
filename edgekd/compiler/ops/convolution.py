"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.layers import Convolution, Dense, Depthwise
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import sums_16
from edgekd.compiler.ops.checks import CONVERT_AGAIN, fail, is_16, label, operands, output, quantized, rank
from edgekd.compiler.ops.weights import check_weights, folded_bias, per_channel_factors, scaling
from edgekd.compiler.ops.window import window_of


def conv_2d(op: Operator) -> Convolution | Dense | KernelCall:
    """Weights [outputs, height, width, input channels of a group]; the groups follow from the shapes."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    rank(op, weights, 4)
    values = check_weights(op, weights, axis=0)
    if is_16(op):
        return sums_16.convolution(op, source, weights, values, bias, target)
    quantized(op, source, target)
    outputs, height, width, group_inputs = weights.shape
    window = window_of(op, source, target, height, width, channels=outputs, dilated=True)
    groups = window.channels // group_inputs
    if window.channels % group_inputs or outputs % groups:
        fail(op, f"{label(weights)} with {outputs} x {group_inputs} channels, {window.channels} inputs", CONVERT_AGAIN)
    folded = folded_bias(op, source, values, bias, channel_axis=0)
    scaled = scaling(op, target, per_channel_factors(op, source, weights, target))
    if window.is_pointwise and groups == 1:
        rows = values.reshape(outputs, group_inputs)
        return Dense(source, target, rows, folded, bias is not None, scaled, rows=window.pixels)
    return Convolution(source, target, values, folded, bias is not None, scaled, window, groups)


def depthwise_conv_2d(op: Operator) -> Depthwise | KernelCall:
    """Weights [1, height, width, channels * depth multiplier]."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    rank(op, weights, 4)
    values = check_weights(op, weights, axis=3)
    one, height, width, outputs = weights.shape
    window = window_of(op, source, target, height, width, channels=outputs, dilated=True)
    times = outputs // window.channels
    option = op.options["depth_multiplier"]  # where it is 0, TensorFlow Lite Micro computes nothing at all
    if option != times:
        fail(op, f"its depth_multiplier is {option}, its shapes make it {times}", CONVERT_AGAIN)
    if one != 1 or outputs % window.channels:
        fail(op, f"{label(weights)} of shape {list(weights.shape)}, {window.channels} inputs", CONVERT_AGAIN)
    if is_16(op):
        return sums_16.convolution(op, source, weights, values.transpose(3, 1, 2, 0), bias, target)
    quantized(op, source, target)
    folded = folded_bias(op, source, values, bias, channel_axis=3)
    scaled = scaling(op, target, per_channel_factors(op, source, weights, target))
    return Depthwise(source, target, values[0], folded, bias is not None, scaled, window, times)
