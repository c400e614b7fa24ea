"""Operators that pick elements along axes one by one: GATHER, REVERSE_V2, RESIZE_NEAREST_NEIGHBOR, MIRROR_PAD,
SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND.

Each output axis has a list of offsets into the input; where an element comes from is their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, prod

import numpy as np

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import ConstantArray, KernelCall
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    axis_of,
    constant_ints,
    fail,
    label,
    of_type,
    output,
    rank,
    required,
    shape_is,
    strides_of,
    unchanged,
)
from edgekd.compiler.quantize import round_half_away

_AXES = 4  # EDGEKD_GATHER_AXES
_MAX_OFFSETS = 1 << 16  # numbers in a table: far more than any tensor of a microcontroller needs


def gather(op: Operator) -> KernelCall:
    """Indices must be constants."""
    source, indices = required(op, 2)
    target = _target(op, source, "int8", "float32")
    of_type(op, indices, "int32")
    if op.options["batch_dims"] != 0:
        fail(op, f"its batch_dims {op.options['batch_dims']} are not supported", "gather without batch dimensions")
    axis = axis_of(op, op.options["axis"], len(source.shape))
    numbers = constant_ints(op, indices, "indices")
    if any(not 0 <= number < source.shape[axis] for number in numbers):
        fail(op, f"an index is outside 0 to {source.shape[axis] - 1}", CONVERT_AGAIN)
    shape_is(op, target, (*source.shape[:axis], *indices.shape, *source.shape[axis + 1 :]))
    step = prod(source.shape[axis + 1 :])
    outer = [block * step * source.shape[axis] for block in range(prod(source.shape[:axis]))]
    return _call(op, source, target, [outer, [number * step for number in numbers]], run=step)


def reverse(op: Operator) -> KernelCall:
    source, axes = required(op, 2)
    target = _target(op, source, "int8", "int16", "int32", "float32")
    turned = {axis_of(op, axis, len(source.shape)) for axis in constant_ints(op, axes, "axes")}
    if max(turned) - min(turned) + 1 != len(turned):
        fail(op, f"axes {sorted(turned)} are not neighbours, which TensorFlow Lite Micro needs", "reverse them in turn")
    shape_is(op, target, source.shape)
    walks = [list(range(n)) for n in source.shape]
    return _along(op, source, target, [walk[::-1] if d in turned else walk for d, walk in enumerate(walks)])


def resize_nearest_neighbor(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h, in single precision."""
    source, size = required(op, 2)
    target = _target(op, source, "int8", "int16", "float32")
    rank(op, source, 4)
    height, width = constant_ints(op, size, "size", 2)
    images, _, _, channels = source.shape
    shape_is(op, target, (images, height, width, channels))
    rows, columns = (_nearest(op, source.shape[d], target.shape[d]) for d in (1, 2))
    return _along(op, source, target, [list(range(images)), rows, columns, list(range(channels))])


def _nearest(op: Operator, extent: int, outputs: int) -> list[int]:
    """The input position of each output position of one axis."""
    corners, centers = op.options["align_corners"], op.options["half_pixel_centers"]
    spread = (extent - 1, outputs - 1) if corners and outputs > 1 else (extent, outputs)
    scale, offset = np.float32(spread[0]) / np.float32(spread[1]), np.float32(0.5 if centers else 0.0)
    found = []
    for position in range(outputs):
        place = float((np.float32(position) + offset) * scale)
        found.append(min(round_half_away(place) if corners else floor(place), extent - 1))
    return found


def mirror_pad(op: Operator) -> KernelCall:
    """Mode REFLECT leaves out the edge itself, SYMMETRIC repeats it."""
    source, paddings = required(op, 2)
    target = _target(op, source, "int8", "float32")
    numbers = constant_ints(op, paddings, "paddings", 2 * len(source.shape))
    skipped = 1 if op.options["mode"] == "REFLECT" else 0
    walks = []
    for extent, front, back in zip(source.shape, numbers[::2], numbers[1::2], strict=True):
        if not 0 <= front <= extent - skipped or not 0 <= back <= extent - skipped:
            fail(op, f"it mirrors {front} and {back} of {extent} elements", CONVERT_AGAIN)
        before = range(front + skipped - 1, skipped - 1, -1)
        after = range(extent - 1 - skipped, extent - 1 - skipped - back, -1)
        walks.append([*before, *range(extent), *after])
    shape_is(op, target, [len(walk) for walk in walks])
    return _along(op, source, target, walks)


def space_to_batch_nd(op: Operator) -> KernelCall:
    """Blocks of one or two dimensions become images."""
    source, block, paddings = required(op, 3)
    target = _target(op, source, "int8", "float32")
    (height, width), (images, rows, columns, depth) = _blocks(op, source, block)
    if any(constant_ints(op, paddings, "paddings", 2 * block.elements)):
        fail(op, "it pads, which TensorFlow Lite Micro does with undefined values", "PAD first")
    if rows % height or columns % width:
        fail(op, f"{label(source)} of shape {list(source.shape)} is no whole number of blocks", CONVERT_AGAIN)
    made = (images * height * width, rows // height, columns // width, depth)
    shape_is(op, target, made if len(source.shape) == 4 else (made[0], made[1], depth))
    image, row, column, _ = strides_of((images, rows, columns, depth))
    offsets = [
        [y * row + x * column + n * image for y in range(height) for x in range(width) for n in range(images)],
        [y * height * row for y in range(made[1])],
        [x * width * column for x in range(made[2])],
    ]
    return _call(op, source, target, offsets, run=depth)


def batch_to_space_nd(op: Operator) -> KernelCall:
    """The reverse of SPACE_TO_BATCH_ND, with the edges cropped."""
    source, block, crops = required(op, 3)
    target = _target(op, source, "int8", "float32")
    (height, width), (blocks, rows, columns, depth) = _blocks(op, source, block)
    top, bottom, left, right = [*constant_ints(op, crops, "crops", 2 * block.elements), 0, 0][:4]
    images = blocks // (height * width)
    made = (images, rows * height - top - bottom, columns * width - left - right, depth)
    if blocks % (height * width) or min(top, bottom, left, right) < 0:
        fail(
            op, f"{blocks} images in blocks of {height} x {width}, cropped {[top, bottom, left, right]}", CONVERT_AGAIN
        )
    shape_is(op, target, made if len(source.shape) == 4 else (made[0], made[1], depth))
    image, row, column, _ = strides_of((blocks, rows, columns, depth))
    ys, xs = range(top, top + made[1]), range(left, left + made[2])
    offsets = [
        [n * image for n in range(images)],
        [y // height * row + y % height * width * images * image for y in ys],
        [x // width * column + x % width * images * image for x in xs],
    ]
    return _call(op, source, target, offsets, run=depth)


def _blocks(op: Operator, source: Tensor, block: Tensor) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    """Height and width of a block, and the shape of `source` with a width of 1 where it has none."""
    if len(source.shape) not in (3, 4):
        fail(op, f"{label(source)} has {len(source.shape)} dimensions, 3 and 4 are supported", "RESHAPE first")
    sizes = constant_ints(op, block, "block shape", len(source.shape) - 2)
    if min(sizes) < 1:
        fail(op, f"its block shape is {sizes}", CONVERT_AGAIN)
    images, rows, *columns, depth = source.shape
    return (sizes[0], sizes[1] if len(sizes) == 2 else 1), (images, rows, columns[0] if columns else 1, depth)


def _target(op: Operator, source: Tensor, *dtypes: str) -> Tensor:
    target = output(op)
    of_type(op, source, *dtypes)
    unchanged(op, source, target)
    return target


def _along(op: Operator, source: Tensor, target: Tensor, walks: Sequence[Sequence[int]]) -> KernelCall:
    """walks: of each dimension, the input positions in order. Dimensions walked from end to end are runs."""
    rest = list(zip(walks, strides_of(source.shape), source.shape, strict=True))
    run = 1
    while rest and list(rest[-1][0]) == list(range(rest[-1][2])):
        run *= rest.pop()[2]
    offsets = [[position * step for position in walk] for walk, step, _ in rest if len(walk) > 1 or walk[0]]
    return _call(op, source, target, offsets, run=run)


def _call(op: Operator, source: Tensor, target: Tensor, offsets: Sequence[Sequence[int]], *, run: int) -> KernelCall:
    """offsets: of each axis, in elements of `source`. run: elements copied at once."""
    if len(offsets) > _AXES:
        fail(op, f"{label(source)} of shape {list(source.shape)} has too many dimensions", CONVERT_INT8)
    if sum(len(axis) for axis in offsets) > _MAX_OFFSETS:
        fail(op, f"{label(target)} of shape {list(target.shape)} is too large")
    item = target.nbytes // target.elements
    padded = [[0]] * (_AXES - len(offsets)) + [list(axis) for axis in offsets]
    table = np.array([number * item for axis in padded for number in axis], np.int32)
    return KernelCall(
        function="edgekd_gather",
        struct="edgekd_gather",
        sources=("gather.c", "gather.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"shape": tuple(len(axis) for axis in padded), "offsets": "offsets", "run": run * item},
        constants=(ConstantArray("offsets", table, is_weight=False),),
    )
