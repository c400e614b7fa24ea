"""Operators that move elements unchanged, one tensor to one, in regular steps: PAD, TRANSPOSE, SLICE, STRIDED_SLICE,
SPACE_TO_DEPTH, DEPTH_TO_SPACE."""

from __future__ import annotations

from collections.abc import Sequence

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import FieldValue, KernelCall
from edgekd.compiler.ops import axes
from edgekd.compiler.ops.axes import Axis
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    constant,
    constant_ints,
    fail,
    is_16,
    label,
    of_type,
    operands,
    output,
    quantized,
    quantized_16,
    rank,
    required,
    same_scale,
    same_type,
    shape_is,
    strides_of,
    unchanged,
)

_PAD_AXES, _COPY_AXES = 4, 5  # EDGEKD_PAD_AXES, EDGEKD_COPY_AXES


def pad(op: Operator) -> KernelCall:
    """PAD with the zero point, PADV2 with a constant of the output's scale; int8, and int16 with zeros."""
    source, paddings, value = operands(op, 2, 3)
    assert source is not None and paddings is not None
    target = output(op)
    if is_16(op) and value is None:
        quantized_16(op, source, target)
    else:
        quantized(op, source, target)
    item = target.nbytes // target.elements
    numbers = constant_ints(op, paddings, "paddings", 2 * len(source.shape))
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
        "stride": tuple(step * item for step in axes.strides(fitted, 1)),
        "start": sum(f * step for f, step in zip(front, steps, strict=True)) * item,
        "run": run * item,
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


def slice_(op: Operator) -> KernelCall:
    """A size of -1 takes all that is left. TensorFlow Lite Micro reads at most 5 dimensions."""
    source, begin, size = required(op, 3)
    target = output(op)
    unchanged(op, source, target)
    begins, sizes = (
        constant_ints(op, tensor, what, len(source.shape)) for tensor, what in ((begin, "begin"), (size, "size"))
    )
    sizes = [n - first if count == -1 else count for n, first, count in zip(source.shape, begins, sizes, strict=True)]
    for extent, first, count in zip(source.shape, begins, sizes, strict=True):
        if not (0 <= first < extent and 1 <= count <= extent - first):
            fail(op, f"it takes {count} of {extent} elements from {first} on", CONVERT_AGAIN)
    shape_is(op, target, sizes)
    steps = strides_of(source.shape)
    return _copy(op, source, target, steps, start=sum(step * first for step, first in zip(steps, begins, strict=True)))


def space_to_depth(op: Operator) -> KernelCall:
    source, target, block = _block(op)
    images, height, width, channels = source.shape
    if height % block or width % block:
        fail(
            op, f"{label(source)} of shape {list(source.shape)} is no whole number of blocks of {block}", CONVERT_AGAIN
        )
    shape_is(op, target, (images, height // block, width // block, channels * block * block))
    image, row, column, _ = strides_of(source.shape)
    sizes = (images, height // block, width // block, block, block * channels)
    return _copy(op, source, target, (image, block * row, block * column, row, 1), start=0, sizes=sizes)


def depth_to_space(op: Operator) -> KernelCall:
    source, target, block = _block(op)
    images, height, width, depth = source.shape
    channels = depth // (block * block)
    if depth % (block * block):
        fail(op, f"{label(source)} has {depth} channels, no multiple of {block} x {block}", CONVERT_AGAIN)
    shape_is(op, target, (images, height * block, width * block, channels))
    image, row, column, _ = strides_of(source.shape)
    sizes = (images, height, block, width, block * channels)
    return _copy(op, source, target, (image, row, block * channels, column, 1), start=0, sizes=sizes)


def _block(op: Operator) -> tuple[Tensor, Tensor, int]:
    """Input, output and the side of a block."""
    (source,) = required(op, 1)
    target = output(op)
    of_type(op, source, "int8", "float32")
    unchanged(op, source, target)
    rank(op, source, 4)
    block = int(op.options["block_size"])
    if not 1 <= block <= max(source.shape):
        fail(op, f"its block size is {block}", CONVERT_AGAIN)
    return source, target, block


def strided_slice(op: Operator) -> KernelCall:
    """Masks as TensorFlow Lite Micro reads them: begin, end and shrink; it knows neither ellipsis nor new axes."""
    source, begin, end, stride = required(op, 4)
    target = output(op)
    same_type(op, source, target)
    dimensions = len(source.shape)
    options = op.options
    for name in ("ellipsis_mask", "new_axis_mask", "offset"):
        if options[name]:
            fail(op, f"its {name} is not supported by TensorFlow Lite Micro", "slice every dimension by begin and end")
    begins, ends, by = (
        constant_ints(op, tensor, what, dimensions)
        for tensor, what in ((begin, "begin"), (end, "end"), (stride, "strides"))
    )
    starts: list[int] = []
    sizes: list[int] = []
    for d in range(dimensions):
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
