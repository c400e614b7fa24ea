"""A tensor put together of parts or taken apart: CONCATENATION, PACK, SPLIT, SPLIT_V, UNPACK."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import ConstantArray, KernelCall
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    axis_of,
    constant_ints,
    fail,
    label,
    output,
    quantized,
    required,
    same_scale,
    same_type,
    unchanged,
)

_MAX_CONCATENATED = 10  # TensorFlow Lite Micro's limit (concatenation.cc, kMaxInputNum)


def concatenation(op: Operator) -> KernelCall:
    """Any type; int8 parts must have the output's scale."""
    target = output(op)
    sources = [tensor for tensor in op.inputs if tensor is not None]
    if len(sources) != len(op.inputs) or not 1 <= len(sources) <= _MAX_CONCATENATED:
        fail(op, f"it has {len(sources)} inputs, 1 to {_MAX_CONCATENATED} are supported")
    if op.options["fused_activation_function"] != "NONE":
        fail(op, "a fused activation is not supported", "use the activation as an operator of its own")
    axis = axis_of(op, op.options["axis"], len(target.shape))
    for source in sources:
        same_type(op, source, target)
        if source.dtype == "int8":
            quantized(op, source, target)
            same_scale(op, source, target)
    _check_parts(op, sources, target, axis)
    return _pieces(op, "edgekd_concatenation", "concatenation.c", tuple(sources), (target,), sources, axis)


def pack(op: Operator) -> KernelCall:
    """Tensors of one shape side by side along a new axis."""
    target = output(op)
    sources = [tensor for tensor in op.inputs if tensor is not None]
    if not sources or len(sources) != len(op.inputs) or len(sources) != op.options["values_count"]:
        fail(op, f"it has {len(sources)} inputs for {op.options['values_count']} values", CONVERT_AGAIN)
    axis = axis_of(op, op.options["axis"], len(target.shape))
    for source in sources:
        unchanged(op, source, target)
    _check_slices(op, sources, target, axis)
    return _pieces(op, "edgekd_concatenation", "concatenation.c", tuple(sources), (target,), sources, axis)


def unpack(op: Operator) -> KernelCall:
    """The reverse of PACK."""
    (source,) = required(op, 1)
    if len(op.outputs) != op.options["num"]:
        fail(op, f"it has {len(op.outputs)} outputs for {op.options['num']} values", CONVERT_AGAIN)
    axis = axis_of(op, op.options["axis"], len(source.shape))
    for target in op.outputs:
        unchanged(op, source, target)
    _check_slices(op, op.outputs, source, axis)
    return _pieces(op, "edgekd_split", "split.c", (source,), op.outputs, op.outputs, axis)


def _check_slices(op: Operator, slices: Sequence[Tensor], whole: Tensor, axis: int) -> None:
    """The whole is these, one after the other along an axis they do not have."""
    wanted = (*whole.shape[:axis], *whole.shape[axis + 1 :])
    if whole.shape[axis] != len(slices) or any(part.shape != wanted for part in slices):
        fail(op, f"{label(whole)} of shape {list(whole.shape)} is not {len(slices)} of {list(wanted)}", CONVERT_AGAIN)


def split(op: Operator) -> KernelCall:
    """Equal parts; inputs are the axis and the tensor."""
    axis, source = required(op, 2)
    return _split(op, source, axis)


def split_v(op: Operator) -> KernelCall:
    """Parts as the outputs' shapes say; inputs are the tensor, their sizes and the axis."""
    source, sizes, axis = required(op, 3)
    given = constant_ints(op, sizes, "sizes", len(op.outputs))
    call = _split(op, source, axis)
    where = constant_ints(op, axis, "axis", 1)[0]
    if any(size not in (-1, part.shape[where]) for size, part in zip(given, op.outputs, strict=True)):
        fail(op, f"its sizes {given} are not those of its outputs", CONVERT_AGAIN)
    return call


def _split(op: Operator, source: Tensor, axis: Tensor) -> KernelCall:
    where = axis_of(op, constant_ints(op, axis, "axis", 1)[0], len(source.shape))
    for target in op.outputs:
        same_type(op, source, target)
    _check_parts(op, op.outputs, source, where)
    if op.name == "SPLIT" and len({target.shape for target in op.outputs}) > 1:
        fail(op, "its outputs differ in shape", CONVERT_AGAIN)
    return _pieces(op, "edgekd_split", "split.c", (source,), op.outputs, op.outputs, where)


def _check_parts(op: Operator, parts: Sequence[Tensor], whole: Tensor, axis: int) -> None:
    """The parts' shapes are the whole's but along `axis`, where they add up to it."""
    rest = whole.shape[:axis], whole.shape[axis + 1 :]
    for part in parts:
        if len(part.shape) != len(whole.shape) or (part.shape[:axis], part.shape[axis + 1 :]) != rest:
            fail(
                op,
                f"{label(part)} of shape {list(part.shape)} is no part of {label(whole)} of shape "
                f"{list(whole.shape)} along axis {axis}",
                CONVERT_AGAIN,
            )
    together = sum(part.shape[axis] for part in parts)
    if together != whole.shape[axis]:
        fail(op, f"the parts have {together} along axis {axis}, {label(whole)} has {whole.shape[axis]}", CONVERT_AGAIN)


def _pieces(
    op: Operator,
    function: str,
    source_file: str,
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    parts: Sequence[Tensor],
    axis: int,
) -> KernelCall:
    bytes_of = [part.nbytes // prod(part.shape[:axis]) for part in parts]
    return KernelCall(
        function=function,
        struct="edgekd_concatenation",
        sources=(source_file, "concatenation.h"),
        inputs=inputs,
        outputs=outputs,
        fields={"outer": prod(parts[0].shape[:axis]), "parts": len(parts), "piece_bytes": "piece_bytes"},
        constants=(ConstantArray("piece_bytes", np.array(bytes_of, np.int32), is_weight=False),),
        inputs_as_array=function == "edgekd_concatenation",
        outputs_as_array=function == "edgekd_split",
    )
