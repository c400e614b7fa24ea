"""SOFTMAX over the last dimension."""

from __future__ import annotations

import math

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import ConstantArray, KernelCall
from edgekd.compiler.ops import functions_16
from edgekd.compiler.ops.checks import (
    CONVERT_INT8,
    fail,
    is_16,
    label,
    of_type,
    output,
    quantized,
    required,
    shape_is,
)
from edgekd.compiler.ops.fixed_point import exp_on_negative_values
from edgekd.compiler.quantize import high_multiply, quantize_multiplier

_INTEGER_BITS = 5  # of the exponent in fixed point
_MAX_DEPTH = 4095  # the sum of exponentials has 12 integer bits
_OUTPUTS = {"int8": (1.0 / 256, -128), "int16": (1.0 / 65536, -32768)}  # scale and zero point it must have


def softmax(op: Operator) -> KernelCall:
    """int8 to int8 or int16, int16 to int16."""
    if is_16(op):
        return functions_16.softmax(op)
    (source,) = required(op, 1)
    target = output(op)
    quantized(op, source)
    of_type(op, target, *_OUTPUTS)
    quantized(op, target, dtype=target.dtype)
    shape_is(op, target, source.shape)
    _check_output(op, target)
    depth = source.shape[-1] if source.shape else 0
    if not 1 <= depth <= _MAX_DEPTH:
        fail(op, f"{label(source)} has {depth} values a row, 1 to {_MAX_DEPTH} are supported")
    table = _exponentials(op, source)
    return KernelCall(
        function="edgekd_softmax_s8" if target.dtype == "int8" else "edgekd_softmax_s8_s16",
        struct="edgekd_softmax_s8",
        sources=("softmax_s8.c", "softmax_s8.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"exp": "exp", "exps": len(table), "rows": source.elements // depth, "depth": depth},
        constants=(ConstantArray("exp", np.array(table, np.int32), is_weight=False),),
        in_place=((0, 0),) if target.dtype == "int8" else (),
    )


def _check_output(op: Operator, target: Tensor) -> None:
    scale, zero_point = _OUTPUTS[target.dtype]
    tolerance = 0.0 if target.dtype == "int8" else 0.001 * scale  # as CalculateSoftmaxParams
    if abs(target.scale - scale) > tolerance or target.zero_point != zero_point:
        fail(op, f"{label(target)} must have scale {scale:g} and zero point {zero_point}", CONVERT_INT8)


def _exponentials(op: Operator, source: Tensor) -> list[int]:
    """e^-(d * scale * beta), Q0.31, for d = 0, 1, … as far as TensorFlow Lite Micro does not take it for zero.

    tensorflow/lite/kernels/internal/quantization_util.cc, PreprocessSoftmaxScaling and CalculateInputRadius.
    """
    beta = float(np.float32(op.options["beta"]))
    real = min(beta * source.scale * (1 << (31 - _INTEGER_BITS)), (1 << 31) - 1.0)
    if real <= 1.0:
        fail(op, f"scale {source.scale:g} times beta {beta:g} is too small", "check the calibration data")
    factor, shift = quantize_multiplier(real)
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) / (1 << shift))
    return [
        exp_on_negative_values(high_multiply(-difference << shift, factor), _INTEGER_BITS)
        for difference in range(min(255, radius) + 1)
    ]
