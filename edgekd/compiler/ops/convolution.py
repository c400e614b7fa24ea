"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import window as windows
from edgekd.compiler.ops.checks import CONVERT_AGAIN, fail, label, limits, operands, output, quantized, rank
from edgekd.compiler.ops.fully_connected import DENSE_SOURCES, dense_call
from edgekd.compiler.ops.weights import check_weights, per_channel_factors, prepare
from edgekd.compiler.ops.window import window_of


def conv_2d(op: Operator) -> KernelCall:
    """Weights [outputs, height, width, input channels of a group]; the groups follow from the shapes."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    quantized(op, source, target)
    rank(op, weights, 4)
    values = check_weights(op, weights, axis=0)
    outputs, height, width, group_inputs = weights.shape
    window = window_of(op, source, target, height, width, channels=outputs, dilated=True)
    groups = window.channels // group_inputs
    if window.channels % group_inputs or outputs % groups:
        fail(op, f"{label(weights)} with {outputs} x {group_inputs} channels, {window.channels} inputs", CONVERT_AGAIN)
    factors = per_channel_factors(op, source, weights, target)
    dense = prepare(op, source, target, values, bias, channel_axis=0, factors=factors, prefix="dense.")
    depth = window.taps * group_inputs
    macs = window.pixels * outputs * depth
    if window.is_pointwise and groups == 1:
        return dense_call(op, source, target, dense, rows=window.pixels, depth=depth, outputs=outputs)
    return KernelCall(
        function="edgekd_conv_2d_s8",
        struct="edgekd_conv_2d_s8",
        sources=("conv_2d_s8.c", "conv_2d_s8.h", *DENSE_SOURCES, *windows.SOURCES),
        inputs=(source,),
        outputs=(target,),
        fields={
            **window.fields(),
            **dense.fields,
            "dense.depth": depth,
            **{f"dense.{name}": value for name, value in limits(op, target).items()},
            "groups": groups,
            "outputs": outputs,
            "input_zero_point": source.zero_point,
        },
        constants=dense.constants,
        scratch_bytes=depth,
        macs=macs,
    )


def depthwise_conv_2d(op: Operator) -> KernelCall:
    """Weights [1, height, width, channels * depth multiplier]."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    quantized(op, source, target)
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
    factors = per_channel_factors(op, source, weights, target)
    prepared = prepare(op, source, target, values, bias, channel_axis=3, factors=factors, prefix="")
    name = "edgekd_depthwise_conv_2d_s8"
    return KernelCall(
        function=name if window.leaves_image else "edgekd_depthwise_conv_2d_unpadded_s8",
        struct=name,
        sources=("depthwise_conv_2d_s8.c", "depthwise_conv_2d_s8.h", "requantize.h", *windows.SOURCES),
        inputs=(source,),
        outputs=(target,),
        fields={
            **window.fields(),
            **prepared.fields,
            **limits(op, target),
            "depth_multiplier": times,
            "input_zero_point": source.zero_point,
        },
        constants=prepared.constants,
        scratch_bytes=window.taps * window.channels if window.leaves_image else 0,
        macs=window.pixels * outputs * window.taps,
    )
