"""Functions of one 8-bit number: tables of 256 results, made with TensorFlow Lite Micro's own arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import ConstantArray, KernelCall, Run
from edgekd.compiler.ops import fixed_point, functions_16
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    fail,
    is_16,
    label,
    multiplier,
    output,
    quantized,
    required,
    shape_is,
)
from edgekd.compiler.quantize import (
    INT8_MAX,
    INT8_MIN,
    clamp_int8,
    quantize_float,
    requantize,
    round_half_away,
    rounding_shift,
    wrap,
)

_INTEGER_BITS = 4  # of the input of LOGISTIC and TANH in fixed point
_RSQRT_BITS = 20  # that keep the result of RSQRT an integer
_MAX_STEPS = 1 << 24  # of one real number in a scale: more means the scale is broken


def table_call(
    op: Operator, source: Tensor, target: Tensor, function: Callable[[int], int], *, reshaped: bool = False
) -> KernelCall:
    """The call that maps each 8-bit number of `source` to function(number), within `target`'s type.

    reshaped: the target may have the same elements under another shape.
    """
    shape_is(op, target, target.shape if reshaped and target.elements == source.elements else source.shape)
    by_bits = np.arange(256, dtype=np.uint8)
    if source.dtype == "int8":
        by_bits = by_bits.view(np.int8)
    results = np.array([function(int(x)) for x in by_bits], np.int64).astype(target.dtype)
    return KernelCall(
        function="edgekd_lookup_8",
        struct="edgekd_lookup_8",
        sources=("lookup_8.c", "lookup_8.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"table": "table"},
        constants=(ConstantArray("table", results.view(np.int8), is_weight=False),),
        run=Run(source.elements, buffered=1),
    )


def _one_to_one(op: Operator) -> tuple[Tensor, Tensor]:
    (source,) = required(op, 1)
    target = output(op)
    quantized(op, source, target)
    return source, target


def relu(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/activations_common.cc, CalculateReluOpData; the factor is a quotient of doubles."""
    if is_16(op):
        return functions_16.relu(op)
    source, target = _one_to_one(op)
    factor, shift = multiplier(op, source.scale / target.scale)

    def function(x: int) -> int:
        scaled = target.zero_point + requantize(x - source.zero_point, factor, shift)
        return min(max(scaled, target.zero_point), INT8_MAX)

    return table_call(op, source, target, function)


def relu6(op: Operator) -> KernelCall:
    """TensorFlow Lite Micro clamps without a change of scale (Relu6Quantized)."""
    if is_16(op):
        return functions_16.relu6(op)
    source, target = _one_to_one(op)
    if 6.0 / source.scale > _MAX_STEPS:
        fail(op, f"the scale {source.scale:g} of {label(source)} is too small", CONVERT_AGAIN)
    if source.scale != target.scale or source.zero_point != target.zero_point:
        fail(op, f"{label(source)} and {label(target)} differ in scale or zero point", CONVERT_INT8)
    six = clamp_int8(quantize_float(6.0, source.scale, source.zero_point))
    return table_call(op, source, target, lambda x: min(max(x, source.zero_point), six))


def leaky_relu(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/leaky_relu.h, QuantizeLeakyRelu; factors are quotients of doubles."""
    if is_16(op):
        return functions_16.leaky_relu(op)
    source, target = _one_to_one(op)
    slope, slope_shift = multiplier(op, source.scale * op.options["alpha"] / target.scale)
    factor, shift = multiplier(op, source.scale / target.scale)

    def function(x: int) -> int:
        value = x - source.zero_point
        if value >= 0:
            scaled = requantize(value, factor, shift)
        else:
            scaled = requantize(value, abs(slope), slope_shift) * (-1 if slope < 0 else 1)
        return clamp_int8(scaled + target.zero_point)

    return table_call(op, source, target, function)


def absolute(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/elementwise.cc, AbsEvalQuantized."""
    source, target = _one_to_one(op)
    factor, shift = multiplier(op, source.scale / target.scale)

    def function(x: int) -> int:
        value = abs(x - source.zero_point)
        scaled = value if source.scale == target.scale else requantize(value, factor, shift)
        return clamp_int8(wrap(scaled + target.zero_point))

    return table_call(op, source, target, function)


def rsqrt(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/elementwise.cc, RsqrtEvalQuantized, which stops at a number below 0."""
    source, target = _one_to_one(op)
    if source.zero_point != INT8_MIN:
        fail(
            op,
            f"{label(source)} has zero point {source.zero_point}: it may be below 0, where there is no square root",
            "add a positive number before, so that its range begins at 0",
        )
    single = np.float32
    with np.errstate(over="ignore"):
        product = float(np.sqrt(single(source.scale)) * single(target.scale))
    factor, shift = multiplier(op, 1.0 / product if product else math.inf)

    def function(x: int) -> int:
        value = x - source.zero_point
        if value == 0:
            return INT8_MAX
        inverse, inverse_shift = fixed_point.inverse_square_root(value)
        root = requantize(1, inverse, inverse_shift + _RSQRT_BITS)
        return clamp_int8(wrap(requantize(root, factor, shift - _RSQRT_BITS) + target.zero_point))

    return table_call(op, source, target, function)


def elu(op: Operator) -> KernelCall:
    """tensorflow/lite/micro/kernels/elu.cc, all in single precision."""
    source, target = _one_to_one(op)
    single = np.float32
    with np.errstate(over="ignore"):
        inverse = single(1) / single(target.scale)
    if not np.isfinite(inverse) or source.scale / target.scale * 255 > _MAX_STEPS:
        fail(op, f"the scale {target.scale:g} of {label(target)} is too small", "check the calibration data")

    def function(x: int) -> int:
        real = single(source.scale) * single(x - source.zero_point)
        made = real if real >= 0 else single(math.exp(float(real))) - single(1)
        return clamp_int8(int(single(round_half_away(float(made * inverse))) + single(target.zero_point)))

    return table_call(op, source, target, function)


def logistic(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h."""
    if is_16(op):
        return functions_16.logistic(op)
    source, target = _one_to_one(op)
    if target.zero_point != INT8_MIN:
        fail(op, f"{label(target)} has zero point {target.zero_point}, not -128", CONVERT_INT8)

    def function(value: int) -> int:
        return clamp_int8(rounding_shift(fixed_point.logistic(value, _INTEGER_BITS), 23) - 128)

    return _saturating(op, source, target, function)


def tanh(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h."""
    if is_16(op):
        return functions_16.tanh(op)
    source, target = _one_to_one(op)

    def function(value: int) -> int:
        return clamp_int8(rounding_shift(fixed_point.tanh(value, _INTEGER_BITS), 24))

    return _saturating(op, source, target, function)


def _saturating(op: Operator, source: Tensor, target: Tensor, function: Callable[[int], int]) -> KernelCall:
    """`function` of the real input in Q4.27, the limits of int8 where that cannot hold it."""
    fraction, shift = math.frexp(source.scale * (1 << (31 - _INTEGER_BITS)))
    factor = round_half_away(fraction * (1 << 31))
    if not 0 <= shift <= 62:
        fail(op, f"the scale {source.scale:g} of {label(source)} is out of proportion", "check the calibration data")
    # With a shift above 30 the radius is 0: nothing is left to requantize.
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) / (1 << shift))

    def table(x: int) -> int:
        value = x - source.zero_point
        if abs(value) >= radius:
            return INT8_MAX if value > 0 else INT8_MIN
        return function(requantize(value, factor, shift))

    return table_call(op, source, target, table)


def hard_swish(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/hard_swish.h: 16-bit arithmetic on 7 extra bits.

    Factors are quotients of doubles.
    """
    source, target = _one_to_one(op)
    fine = source.scale / 128
    factor, shift = multiplier(op, fine / target.scale)
    if shift > 0:
        fail(op, f"the scale of {label(target)} is too small for the input's", "check the calibration data")
    reluish, reluish_shift = multiplier(op, fine / (3 / 32768))
    factor16, reluish16 = _to_16_bits(factor), _to_16_bits(reluish)

    def function(x: int) -> int:
        value = (x - source.zero_point) * 128
        scaled = _high_multiply_16(value, factor16)
        gate = value
        if reluish_shift > 0:
            gate = _clamp_16(gate << (reluish_shift - 1))
        gate = _high_multiply_16(gate, reluish16)
        if reluish_shift > 0:
            gate = _clamp_16(gate << 1)
        elif reluish_shift < 0:
            gate = rounding_shift(gate, -reluish_shift)
        gate = (gate + (1 << 15)) >> 1
        product = gate * scaled
        gated = abs(product) // (1 << 15) * (-1 if product < 0 else 1)
        return clamp_int8(rounding_shift(gated, -shift) + target.zero_point)

    return table_call(op, source, target, function)


def _to_16_bits(factor: int) -> int:
    return 32767 if factor >= (1 << 31) - 1 - (1 << 15) else (factor + (1 << 15)) >> 16


def _clamp_16(value: int) -> int:
    return max(-32768, min(32767, value))


def _high_multiply_16(a: int, b: int) -> int:
    """a * b / 2**15, halves rounded up."""
    return (a * b + (1 << 14)) >> 15


def requantize_8(op: Operator, source: Tensor, target: Tensor) -> KernelCall:
    """QUANTIZE between 8-bit types (tensorflow/lite/kernels/internal/reference/requantize.h)."""
    factor, shift = multiplier(op, source.scale / target.scale)
    limits = np.iinfo(target.dtype)

    def function(x: int) -> int:
        value = wrap(requantize(x - source.zero_point, factor, shift) + target.zero_point)
        return min(max(value, int(limits.min)), int(limits.max))

    return table_call(op, source, target, function)
