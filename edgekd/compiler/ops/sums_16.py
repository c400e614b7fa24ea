"""FULLY_CONNECTED, CONV_2D and DEPTHWISE_CONV_2D with 16-bit activations: 8-bit weights, 64-bit biases and sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.isa.common import window_fields, window_rows
from edgekd.compiler.layers import Weights
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Run
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    constant,
    fail,
    label,
    limits,
    multiplier,
    of_type,
    quantized_16,
)
from edgekd.compiler.ops.weights import per_channel_factors
from edgekd.compiler.ops.window import window_of

_SHIFTS = range(-31, 8)  # that TensorFlow Lite Micro takes for 64-bit sums


def fully_connected(
    op: Operator,
    source: Tensor,
    values: Weights,
    bias: Tensor | None,
    target: Tensor,
    factors: list[float],
) -> KernelCall:
    """values: [outputs, depth]. factors: one an output, or one."""
    outputs, depth = values.shape
    quantized_16(op, source, target)
    fields, constants = _sums(op, values, bias, target, factors)
    rows = source.elements // depth
    return KernelCall(
        function="edgekd_fully_connected_s16",
        struct="edgekd_fully_connected_s16",
        sources=("fully_connected_s16.c", "fully_connected_s16.h", "sums_s16.h"),
        inputs=(source,),
        outputs=(target,),
        fields={**fields, "depth": depth, "outputs": outputs},
        constants=constants,
        macs=rows * values.size,
        run=Run(rows),
    )


def convolution(
    op: Operator, source: Tensor, weights: Tensor, values: Weights, bias: Tensor | None, target: Tensor
) -> KernelCall:
    """values: [outputs, height, width, input channels of a group]; checked but for the groups."""
    quantized_16(op, source, target)
    outputs, height, width, group_inputs = values.shape
    window = window_of(op, source, target, height, width, channels=outputs, dilated=True)
    groups = window.channels // group_inputs
    if window.channels % group_inputs or outputs % groups:
        fail(op, f"{label(weights)} with {outputs} x {group_inputs} channels, {window.channels} inputs", CONVERT_AGAIN)
    fields, constants = _sums(op, values, bias, target, per_channel_factors(op, source, weights, target))
    return KernelCall(
        function="edgekd_conv_2d_s16",
        struct="edgekd_conv_2d_s16",
        sources=("conv_2d_s16.c", "conv_2d_s16.h", "sums_s16.h", "window.c", "window.h"),
        inputs=(source,),
        outputs=(target,),
        fields={**window_fields(window), **fields, "groups": groups, "outputs": outputs},
        constants=constants,
        macs=window.pixels * values.size,
        images=window.images,
        rows=window_rows(window),
    )


def _sums(
    op: Operator, values: Weights, bias: Tensor | None, target: Tensor, factors: list[float]
) -> tuple[dict[str, FieldValue], tuple[ConstantArray, ...]]:
    """What struct edgekd_sums_s16 holds."""
    pairs = [multiplier(op, factor) for factor in factors]
    if any(shift not in _SHIFTS for _, shift in pairs):
        fail(
            op, f"the scale of {label(target)} is too small for its input's and weights'", "check the calibration data"
        )
    # MultiplyByQuantizedMultiplier of 64 bits uses the upper half of the multiplier.
    halves = [min((factor + (1 << 15)) >> 16, 0x7FFF) for factor, _ in pairs]
    fields: dict[str, FieldValue] = {
        "weights": "weights",
        "bias": "bias",
        "multiplier": "multiplier",
        "shift": "shift",
        "per_channel": int(len(pairs) > 1),
        **limits(op, target),
    }
    return {f"sums.{name}": value for name, value in fields.items()}, (
        ConstantArray("weights", values),
        ConstantArray("bias", _bias(op, bias, len(values)), is_weight=bias is not None),
        ConstantArray("multiplier", np.array(halves, np.int16), is_weight=False),
        ConstantArray("shift", np.array([15 - shift for _, shift in pairs], np.int8), is_weight=False),
    )


def _bias(op: Operator, bias: Tensor | None, channels: int) -> npt.NDArray[np.int64]:
    if bias is None:
        if op.options.get("quantized_bias_type") == "INT32":
            fail(op, "it sums 16-bit activations in 32 bits, which is not supported", "convert with 64-bit biases")
        return np.zeros(channels, np.int64)
    if bias.dtype == "int32":
        fail(op, f"its bias, {label(bias)}, is int32, which goes with int8 only", "convert with 64-bit biases")
    of_type(op, bias, "int64")
    values = constant(op, bias, "biases").reshape(-1)
    if values.size != channels:
        fail(op, f"its bias, {label(bias)}, has {values.size} numbers for {channels} channels", CONVERT_AGAIN)
    if np.any(np.abs(values) >= 1 << 40):
        fail(op, f"its bias, {label(bias)}, has numbers beyond 40 bits", CONVERT_AGAIN)
    return values
