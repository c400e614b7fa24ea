"""TRANSPOSE_CONV."""

from __future__ import annotations

import numpy as np

from edgekd.compiler.graph import Operator
from edgekd.compiler.isa.common import scaling_fields
from edgekd.compiler.lowered import ConstantArray, KernelCall
from edgekd.compiler.ops.checks import CONVERT_AGAIN, constant_ints, fail, label, operands, output, quantized, rank
from edgekd.compiler.ops.weights import bias_values, check_weights, per_channel_factors, scaling

_MAX_EXTENT = 1 << 15


def transpose_conv(op: Operator) -> KernelCall:
    """Inputs are the output's shape, weights [outputs, height, width, inputs], the image, and perhaps a bias."""
    shape, weights, source, bias = operands(op, 3, 4)
    assert shape is not None and weights is not None and source is not None
    target = output(op)
    quantized(op, source, target)
    for tensor in (weights, source, target):
        rank(op, tensor, 4)
    values = check_weights(op, weights, axis=0)
    outputs, height, width, inputs = weights.shape
    if tuple(constant_ints(op, shape, "shape", 4)) != target.shape:
        fail(op, f"it makes the shape {constant_ints(op, shape, 'shape')}, {label(target)} has {list(target.shape)}")
    if (source.shape[0], outputs, inputs) != (target.shape[0], target.shape[3], source.shape[3]):
        fail(op, f"{label(source)} and {label(weights)} do not give {label(target)}", CONVERT_AGAIN)
    strides = op.options["stride_h"], op.options["stride_w"]
    pad_top = _padding(op, source.shape[1], target.shape[1], height, strides[0])
    pad_left = _padding(op, source.shape[2], target.shape[2], width, strides[1])
    scaled = scaling(op, target, per_channel_factors(op, source, weights, target))
    numbers = bias_values(op, bias, outputs).astype(np.int32)
    return KernelCall(
        function="edgekd_transpose_conv_s8",
        struct="edgekd_transpose_conv_s8",
        sources=("transpose_conv_s8.c", "transpose_conv_s8.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields={
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "inputs": inputs,
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "outputs": outputs,
            "height": height,
            "width": width,
            "stride_y": strides[0],
            "stride_x": strides[1],
            "pad_top": pad_top,
            "pad_left": pad_left,
            "weights": "weights",
            **scaling_fields(scaled),
            "input_zero_point": source.zero_point,
        },
        constants=(
            ConstantArray("weights", values),
            ConstantArray("bias", numbers, is_weight=bias is not None),
            ConstantArray("multiplier", scaled.multiplier, is_weight=False),
            ConstantArray("shift", scaled.shift, is_weight=False),
        ),
        macs=source.elements * height * width * outputs,
        images=source.shape[0],
    )


def _padding(op: Operator, extent: int, made: int, taps: int, stride: int) -> int:
    """What a convolution from `made` back to `extent` pixels pads in front (tensorflow/lite/kernels/padding.h)."""
    covered = 1 if op.options["padding"] == "SAME" else taps
    if stride < 1 or max(extent, made, taps, stride) > _MAX_EXTENT or (made + stride - covered) // stride != extent:
        fail(op, f"{taps} taps with stride {stride} do not make {made} pixels of {extent}", CONVERT_AGAIN)
    return max((extent - 1) * stride + taps - made, 0) // 2
