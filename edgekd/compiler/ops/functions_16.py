"""Functions of one number, pooling, SOFTMAX and QUANTIZE with 16-bit activations."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.isa.common import window_fields, window_rows
from edgekd.compiler.layers import Window
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Run
from edgekd.compiler.ops.checks import (
    CONVERT_INT8,
    fail,
    label,
    limits,
    multiplier,
    of_type,
    output,
    quantized,
    quantized_16,
    required,
    shape_is,
)
from edgekd.compiler.quantize import quantize_float

_MAX_DEPTH = 8191  # of a row of SOFTMAX: products stay within 32 bits
_OUTPUT_BITS = 15  # fractional, of LOGISTIC, TANH and SOFTMAX
_POWER_TOLERANCE = 1e-3  # of a scale's logarithm (CheckedLog2)
_SUFFIX = {"int8": "s8", "int16": "s16"}


def logistic(op: Operator) -> KernelCall:
    return _sigmoid(op, "logistic", shifts=(0,))


def tanh(op: Operator) -> KernelCall:
    return _sigmoid(op, "tanh", shifts=(0, 1))


def _sigmoid(op: Operator, kernel: str, shifts: tuple[int, ...]) -> KernelCall:
    """tensorflow/lite/micro/kernels/logistic_common.cc and tanh.cc. shifts: of input scales, as powers of two above
    2^-12, that need no rounding."""
    source, target = _one_to_one(op)
    _check_fraction(op, target)
    power = math.log2(source.scale)
    left = 12 + round(power)
    if abs(power - round(power)) < _POWER_TOLERANCE and left in shifts:
        factor, right = 3 << left, 0
    else:
        real, right = source.scale * 4096.0 * 3.0, 0
        while real <= 32767.0 / 2.0 and right <= 30:
            real, right = real * 2.0, right + 1
        if real > 32767:
            fail(op, f"the scale {source.scale:g} of {label(source)} is too large", "check the calibration data")
        factor = int(real)
    return _run(
        op,
        f"edgekd_{kernel}_s16",
        "sigmoid_s16",
        source,
        target,
        {"table": "table", "multiplier": factor, "shift": right},
        (ConstantArray("table", _logistic_table(), is_weight=False),),
    )


def _logistic_table() -> npt.NDArray[np.int16]:
    """2^16 * logistic(i / 24) - 2^15, each raised by half of what a straight line to the next lacks in the middle.

    That is what the table in TensorFlow Lite Micro (sigmoid_table_uint16) holds; its last number is the largest.
    """

    def exact(i: float) -> float:
        return 65536.0 / (1.0 + math.exp(-i / 24.0))

    raised = [exact(i) + (exact(i + 0.5) - (exact(i) + exact(i + 1)) / 2) / 2 for i in range(256)]
    return np.array([math.floor(x + 0.5) - 32768 for x in raised[:255]] + [32767], np.int16)


def relu(op: Operator) -> KernelCall:
    source, target = _one_to_one(op)
    return _relu(op, source, target, source.scale / target.scale, 0.0, 32767)


def relu6(op: Operator) -> KernelCall:
    """TensorFlow Lite Micro clamps without a change of scale."""
    source, target = _one_to_one(op)
    if source.scale != target.scale:
        fail(op, f"{label(source)} and {label(target)} differ in scale", CONVERT_INT8)
    six = quantize_float(6.0, source.scale, 0)
    if six > 32767:  # it wraps there
        fail(op, f"6 is beyond 16 bits at the scale {source.scale:g} of {label(source)}", "check the calibration data")
    return _relu(op, source, target, 1.0, 0.0, six)


def leaky_relu(op: Operator) -> KernelCall:
    source, target = _one_to_one(op)
    """In double precision all along, as RELU."""
    slope = source.scale * op.options["alpha"] / target.scale
    return _relu(op, source, target, source.scale / target.scale, slope, 32767)


def _relu(op: Operator, source: Tensor, target: Tensor, identity: float, slope: float, highest: int) -> KernelCall:
    factor, shift = multiplier(op, identity)
    slope_factor, slope_shift = multiplier(op, slope)
    fields: dict[str, FieldValue] = {
        "multiplier": factor,
        "shift": shift,
        "slope_multiplier": abs(slope_factor),
        "slope_shift": slope_shift,
        "slope_sign": -1 if slope_factor < 0 else 1,
        "highest": highest,
    }
    return _run(op, "edgekd_relu_s16", "relu_s16", source, target, fields)


def softmax(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/softmax.h, SoftmaxInt16."""
    source, target = _one_to_one(op)
    _check_fraction(op, target)
    shape_is(op, target, source.shape)
    depth = source.shape[-1] if source.shape else 0
    if not 1 <= depth <= _MAX_DEPTH:
        fail(op, f"{label(source)} has {depth} values a row, 1 to {_MAX_DEPTH} are supported")
    factor, shift = multiplier(op, source.scale * float(np.float32(op.options["beta"])) / (10.0 / 65535.0))
    return KernelCall(
        function="edgekd_softmax_s16",
        struct="edgekd_softmax_s16",
        sources=("softmax_s16.c", "softmax_s16.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields={
            "exp": "exp",
            "reciprocal": "reciprocal",
            "multiplier": factor,
            "shift": shift,
            "rows": source.elements // depth,
            "depth": depth,
        },
        constants=(
            ConstantArray("exp", _table(10.0, 32767, math.exp), is_weight=False),
            ConstantArray("reciprocal", _table(1.0, -32768, lambda x: 1.0 / (1.0 + x)), is_weight=False),
        ),
        in_place=((0, 0),),
    )


def _table(extent: float, zero_point: int, function: Callable[[float], float]) -> npt.NDArray[np.int16]:
    """513 results over `extent`, in single precision (LUTPopulateInt16): function at each step, less half of what a
    straight line to the next has too much in the middle."""
    single = np.float32

    def at(x: np.float32) -> np.float32:
        return single(function(float(x)))

    scale = single(extent) / single(65535)
    first, last = scale * single(-32768 - zero_point), scale * single(32767 - zero_point)
    step = (last - first) / single(512)
    inverse = single(65536) / (
        single(2.0) / single(65535) * single(32767) - single(2.0) / single(65535) * single(-32768)
    )
    found = []
    for i in range(512):
        here = first + single(i) * step
        value, middle, following = at(here), at(here + step / single(2)), at(first + single(i + 1) * step)
        sample = _rounded(value * inverse)
        straight = _rounded((following * inverse + sample) / single(2))
        bias = _rounded((straight - _rounded(middle * inverse)) / single(2))
        found.append(sample - bias)
    found.append(_rounded(at(last) * inverse))
    return np.clip(np.array(found), -32768, 32767).astype(np.int16)


def _rounded(x: np.float32) -> np.float32:
    return np.float32(math.copysign(math.floor(abs(float(x)) + 0.5), float(x)))


def pool(op: Operator, kind: str, source: Tensor, target: Tensor, window: Window) -> KernelCall:
    return KernelCall(
        function=f"edgekd_{kind}_pool_2d_s16",
        struct="edgekd_pool_2d_s8",
        sources=("pool_2d_s16.c", "pool_2d_s16.h", "pool_2d_s8.h", "window.c", "window.h"),
        inputs=(source,),
        outputs=(target,),
        fields={**window_fields(window), **limits(op, target)},
        images=window.images,
        rows=window_rows(window),
    )


def rescale(op: Operator, source: Tensor, target: Tensor) -> KernelCall:
    """QUANTIZE between int8 and int16, or two scales of int16."""
    quantized(op, source, dtype=source.dtype)
    quantized(op, target, dtype=target.dtype)
    of_type(op, source, *_SUFFIX)
    of_type(op, target, *_SUFFIX)
    factor, shift = multiplier(op, source.scale / target.scale)
    fields: dict[str, FieldValue] = {
        "input_zero_point": source.zero_point,
        "multiplier": factor,
        "shift": shift,
        "zero_point": target.zero_point,
    }
    function = f"edgekd_rescale_{_SUFFIX[source.dtype]}_{_SUFFIX[target.dtype]}"
    return _run(op, function, "rescale_s16", source, target, fields)


def _one_to_one(op: Operator) -> tuple[Tensor, Tensor]:
    (source,) = required(op, 1)
    target = output(op)
    quantized_16(op, source, target)
    return source, target


def _check_fraction(op: Operator, target: Tensor) -> None:
    if abs(math.log2(target.scale) + _OUTPUT_BITS) >= _POWER_TOLERANCE:
        fail(op, f"{label(target)} must have scale {2.0**-_OUTPUT_BITS:g}", CONVERT_INT8)


def _run(
    op: Operator,
    function: str,
    file: str,
    source: Tensor,
    target: Tensor,
    fields: dict[str, FieldValue],
    constants: tuple[ConstantArray, ...] = (),
) -> KernelCall:
    """A call for each element alone."""
    shape_is(op, target, source.shape)
    return KernelCall(
        function=function,
        struct=f"edgekd_{file}",
        sources=(f"{file}.c", f"{file}.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields=fields,
        constants=constants,
        run=Run(source.elements, buffered=1),
    )
