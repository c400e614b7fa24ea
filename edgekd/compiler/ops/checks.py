"""What every operator asks of its tensors; failing is an InputError that names operator, tensor and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.quantize import ACTIVATIONS, activation_limits, quantize_multiplier
from edgekd.errors import InputError

CONVERT_INT8 = "convert the model to full int8: every activation int8 with one scale and zero point"
CONVERT_AGAIN = "the file contradicts itself: convert the model again"
_MAX_SHIFT = 30
_MAX_COUNT = 1 << 23  # of numbers summed up in 32 bits: 255 * 2**23 still fits


def fail(op: Operator, reason: str, *hints: str) -> NoReturn:
    """Raise the InputError for `op`. hints: what to try."""
    raise InputError(f"{op.where}: {reason}", *hints)


def label(tensor: Tensor) -> str:
    """A tensor in messages."""
    name = "".join(c if c.isprintable() else "?" for c in tensor.name)[:80]
    return f'tensor {tensor.index} "{name}"' if name else f"tensor {tensor.index}"


def operands(op: Operator, at_least: int, at_most: int | None = None) -> tuple[Tensor | None, ...]:
    """The inputs, None where one is left out, padded with None to `at_most`; the first `at_least` are there."""
    at_most = at_least if at_most is None else at_most
    present = [tensor is not None for tensor in op.inputs]
    if not at_least <= len(present) <= at_most or not all(present[:at_least]):
        wanted = str(at_least) if at_least == at_most else f"{at_least} to {at_most}"
        fail(op, f"it has {sum(present)} inputs, not {wanted}", CONVERT_AGAIN)
    return op.inputs + (None,) * (at_most - len(op.inputs))


def required(op: Operator, count: int) -> tuple[Tensor, ...]:
    """Exactly `count` inputs, none left out."""
    return tuple(tensor for tensor in operands(op, count) if tensor is not None)


def output(op: Operator) -> Tensor:
    """The only output."""
    if len(op.outputs) != 1:
        fail(op, f"it has {len(op.outputs)} outputs, not 1", CONVERT_AGAIN)
    return op.outputs[0]


def of_type(op: Operator, tensor: Tensor, *dtypes: str) -> None:
    """`tensor` has one of the types."""
    if tensor.dtype not in dtypes:
        fail(op, f"{label(tensor)} is {tensor.dtype}, edgekd supports {' and '.join(dtypes)} there", CONVERT_INT8)


def same_type(op: Operator, a: Tensor, b: Tensor) -> None:
    if a.dtype != b.dtype:
        fail(op, f"{label(a)} is {a.dtype}, {label(b)} is {b.dtype}", CONVERT_AGAIN)


def quantized(op: Operator, *tensors: Tensor, dtype: str = "int8") -> None:
    """Each is of `dtype` with one scale and one zero point within the type."""
    for tensor in tensors:
        of_type(op, tensor, dtype)
        if tensor.quantization is None:
            fail(op, f"{label(tensor)} has no scale and zero point", CONVERT_INT8)
        if tensor.quantization.per_channel:
            fail(op, f"{label(tensor)} is quantized per channel, which only weights may be", CONVERT_INT8)
        limits = np.iinfo(tensor.dtype)
        if not limits.min <= tensor.zero_point <= limits.max:
            fail(op, f"{label(tensor)} has zero point {tensor.zero_point}, outside {tensor.dtype}", CONVERT_AGAIN)


def is_16(op: Operator) -> bool:
    """The first input has 16 bits."""
    return bool(op.inputs) and op.inputs[0] is not None and op.inputs[0].dtype == "int16"


def quantized_16(op: Operator, *tensors: Tensor) -> None:
    """Each is int16 with one scale; 16-bit activations have zero point 0."""
    quantized(op, *tensors, dtype="int16")
    for tensor in tensors:
        if tensor.zero_point != 0:
            fail(op, f"{label(tensor)} is int16 with zero point {tensor.zero_point}, not 0", CONVERT_AGAIN)


def constant(op: Operator, tensor: Tensor, what: str) -> npt.NDArray[Any]:
    """The values of a tensor that must be known when compiling."""
    if tensor.data is None:
        fail(op, f"its {what}, {label(tensor)}, is computed at run time", f"make the {what} constants of the model")
    return tensor.data


def constant_ints(op: Operator, tensor: Tensor, what: str, count: int | None = None) -> list[int]:
    """An int32 or int64 constant as a flat list, of `count` numbers."""
    of_type(op, tensor, "int32", "int64")
    values = [int(value) for value in constant(op, tensor, what).reshape(-1)]
    if count is not None and len(values) != count:
        fail(op, f"its {what}, {label(tensor)}, has {len(values)} numbers, not {count}", CONVERT_AGAIN)
    return values


def rank(op: Operator, tensor: Tensor, dimensions: int) -> None:
    if len(tensor.shape) != dimensions:
        fail(op, f"{label(tensor)} has shape {list(tensor.shape)}, not {dimensions} dimensions", CONVERT_AGAIN)


def shape_is(op: Operator, tensor: Tensor, wanted: Sequence[int]) -> None:
    """The output has the shape the operator computes."""
    if tensor.shape != tuple(wanted):
        fail(op, f"{label(tensor)} has shape {list(tensor.shape)}, it computes {list(wanted)}", CONVERT_AGAIN)


def same_scale(op: Operator, a: Tensor, b: Tensor) -> None:
    if a.scale != b.scale or a.zero_point != b.zero_point:
        fail(op, f"{label(a)} and {label(b)} differ in scale or zero point, which it cannot change", CONVERT_INT8)


def unchanged(op: Operator, source: Tensor, target: Tensor) -> None:
    """Elements of `source` can go to `target` as they are: same type, same scale."""
    same_type(op, source, target)
    if source.quantization is not None or target.quantization is not None:
        quantized(op, source, target, dtype=source.dtype)
        same_scale(op, source, target)


def axis_of(op: Operator, axis: int, dimensions: int) -> int:
    """`axis`, counted from the end when negative, as a number from 0."""
    if not -dimensions <= axis < dimensions:
        fail(op, f"axis {axis} of a tensor with {dimensions} dimensions", CONVERT_AGAIN)
    return axis % dimensions


def limits(op: Operator, tensor: Tensor) -> dict[str, int]:
    """The fields `lowest` and `highest` of an int8 or int16 output with the operator's fused activation."""
    activation = op.options["fused_activation_function"]
    if activation not in ACTIVATIONS:
        fail(
            op,
            f"the fused activation {activation} is not supported",
            f"use one of {', '.join(ACTIVATIONS)}, or the activation as an operator of its own",
        )
    found = activation_limits(activation, tensor.scale, tensor.zero_point, np.iinfo(tensor.dtype).bits)
    if found is None:
        fail(op, f"the scale {tensor.scale:g} of {label(tensor)} is too small for {activation}", CONVERT_AGAIN)
    return {"lowest": found[0], "highest": found[1]}


def multiplier(op: Operator, real: float) -> tuple[int, int]:
    """`real` as multiplier and shift for the kernels."""
    found = quantize_multiplier(real) if isfinite(real) else (0, _MAX_SHIFT + 1)
    if found[1] > _MAX_SHIFT:
        fail(op, f"its scales are out of proportion: a factor of {real:g}", "check the calibration data")
    return found


def summable(op: Operator, count: int) -> None:
    """`count` int8 (int16) numbers can be summed up in 32 bits whatever they are."""
    most = _MAX_COUNT >> 8 if is_16(op) else _MAX_COUNT
    if count >= most:
        fail(op, f"it sums up {count} numbers at once, at most {most - 1} are supported")


def strides_of(shape: Sequence[int]) -> list[int]:
    """Elements from one index of each dimension to the next, of a dense tensor."""
    return [prod(shape[dimension + 1 :]) for dimension in range(len(shape))]
