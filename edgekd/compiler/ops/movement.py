"""Operators that move elements unchanged: PAD, CONCATENATION, SPLIT, TRANSPOSE, STRIDED_SLICE."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    axis_of,
    constant,
    constant_ints,
    fail,
    label,
    operands,
    output,
    quantized,
    required,
    same_scale,
    same_type,
    shape_is,
    strides_of,
)

_PAD_AXES, _COPY_AXES = 4, 5  # EDGEKD_PAD_AXES, EDGEKD_COPY_AXES
_MAX_CONCATENATED = 10  # TensorFlow Lite Micro's limit (concatenation.cc, kMaxInputNum)


def pad(op: Operator) -> KernelCall:
    """PAD with the zero point, PADV2 with a constant of the output's scale; int8."""
    source, paddings, value = operands(op, 2, 3)
    assert source is not None and paddings is not None
    target = output(op)
    quantized(op, source, target)
    rank = len(source.shape)
    numbers = constant_ints(op, paddings, "paddings", 2 * rank)
    if any(number < 0 for number in numbers):
        fail(op, f"its paddings {numbers} are negative", CONVERT_AGAIN)
    front, back = numbers[::2], numbers[1::2]
    shape_is(op, target, [f + n + b for f, n, b in zip(front, source.shape, back, strict=True)])
    steps = strides_of(target.shape)
    walk = [Axis(n, (i, o)) for n, i, o in zip(source.shape, strides_of(source.shape), steps, strict=True)]
    run, outer = _innermost(axes.joined(walk))
    fitted = axes.padded(outer, _PAD_AXES, 2)
    if fitted is None:
        fail(op, f"it pads {label(source)} in too many dimensions")
    fields: dict[str, FieldValue] = {
        "shape": axes.sizes(fitted),
        "stride": axes.strides(fitted, 1),
        "start": sum(f * step for f, step in zip(front, steps, strict=True)),
        "run": run,
        "output_bytes": target.nbytes,
        "value": target.zero_point if value is None else _pad_value(op, value, target),
    }
    return KernelCall(
        function="edgekd_pad_8",
        struct="edgekd_pad_8",
        sources=("pad_8.c", "pad_8.h"),
        inputs=(source,),
        outputs=(target,),
        fields=fields,
    )


def _pad_value(op: Operator, value: Tensor, target: Tensor) -> int:
    quantized(op, value)
    same_scale(op, value, target)
    values = constant(op, value, "padding value")
    if values.size != 1:
        fail(op, f"its padding value, {label(value)}, has {values.size} numbers", CONVERT_AGAIN)
    return int(values.reshape(-1)[0])


def _innermost(walk: Sequence[Axis]) -> tuple[int, list[Axis]]:
    """How many elements lie side by side in both tensors, and the axes around them."""
    if walk and set(walk[-1].strides) == {1}:
        return walk[-1].size, list(walk[:-1])
    return 1, list(walk)


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


def transpose(op: Operator) -> KernelCall:
    source, order = required(op, 2)
    target = output(op)
    same_type(op, source, target)
    permutation = constant_ints(op, order, "permutation", len(source.shape))
    if sorted(permutation) != list(range(len(source.shape))):
        fail(op, f"{permutation} is no permutation of {len(source.shape)} dimensions", CONVERT_AGAIN)
    shape_is(op, target, [source.shape[d] for d in permutation])
    steps = strides_of(source.shape)
    return _copy(op, source, target, [steps[d] for d in permutation], start=0)


def strided_slice(op: Operator) -> KernelCall:
    """Masks as TensorFlow Lite Micro reads them: begin, end and shrink; it knows neither ellipsis nor new axes."""
    source, begin, end, stride = required(op, 4)
    target = output(op)
    same_type(op, source, target)
    rank = len(source.shape)
    options = op.options
    for name in ("ellipsis_mask", "new_axis_mask", "offset"):
        if options[name]:
            fail(op, f"its {name} is not supported by TensorFlow Lite Micro", "slice every dimension by begin and end")
    begins, ends, by = (
        constant_ints(op, tensor, what, rank) for tensor, what in ((begin, "begin"), (end, "end"), (stride, "strides"))
    )
    starts: list[int] = []
    sizes: list[int] = []
    for d in range(rank):
        bit = 1 << d
        masks = bool(options["begin_mask"] & bit), bool(options["end_mask"] & bit)
        if options["shrink_axis_mask"] & bit:
            start, size = _shrunk(op, begins[d], by[d], source.shape[d], begin_masked=masks[0]), 1
        else:
            start, size = _range(op, begins[d], ends[d], by[d], source.shape[d], masks)
        starts.append(start)
        sizes.append(size)
    shrunk = options["shrink_axis_mask"]
    shape_is(op, target, [size for d, size in enumerate(sizes) if not shrunk & (1 << d)])
    steps = strides_of(source.shape)
    walk = [step * by_d for step, by_d in zip(steps, by, strict=True)]
    start = sum(step * first for step, first in zip(steps, starts, strict=True))
    return _copy(op, source, target, walk, start=start, sizes=sizes)


def _shrunk(op: Operator, begin: int, stride: int, extent: int, *, begin_masked: bool) -> int:
    """The one index taken of a dimension that disappears."""
    index = 0 if begin_masked else begin + extent if begin < 0 else begin
    if stride != 1 or not 0 <= index < extent:
        fail(op, f"it takes index {begin} of {extent} by steps of {stride}", CONVERT_AGAIN)
    return index


def _range(op: Operator, begin: int, end: int, stride: int, extent: int, masks: tuple[bool, bool]) -> tuple[int, int]:
    """First index and how many, as Python slices do it."""
    if stride == 0:
        fail(op, "a stride is 0", CONVERT_AGAIN)
    taken = range(extent)[None if masks[0] else begin : None if masks[1] else end : stride]
    if not taken:
        fail(op, f"it takes nothing of {extent} from {begin} to {end} by steps of {stride}", CONVERT_AGAIN)
    return taken[0], len(taken)


def _copy(
    op: Operator, source: Tensor, target: Tensor, steps: Sequence[int], *, start: int, sizes: Sequence[int] = ()
) -> KernelCall:
    """`target` filled in order with elements of `source`, steps[d] apart along d. sizes: target.shape if not given."""
    sizes = sizes or target.shape
    item = target.nbytes // target.elements
    dense = strides_of(sizes)
    walk = axes.joined([Axis(n, (step, out)) for n, step, out in zip(sizes, steps, dense, strict=True)])
    run, outer = _innermost(walk)
    fitted = axes.padded(outer, _COPY_AXES, 2)
    if fitted is None:
        fail(op, f"{label(source)} of shape {list(source.shape)} has too many dimensions", CONVERT_INT8)
    fields: dict[str, FieldValue] = {
        "shape": axes.sizes(fitted),
        "stride": tuple(step * item for step in axes.strides(fitted, 0)),
        "start": start * item,
        "run": run * item,
    }
    return KernelCall(
        function="edgekd_copy",
        struct="edgekd_copy",
        sources=("copy.c", "copy.h"),
        inputs=(source,),
        outputs=(target,),
        fields=fields,
    )
