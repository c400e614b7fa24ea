"""Operators that pick or reorder elements: SLICE, PACK, UNPACK, GATHER, REVERSE_V2, blocks, MIRROR_PAD, resizing."""

from __future__ import annotations

import numpy as np

from graph_parts.maker import Maker, Value, anything, image


def slice_(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None and len(x.shape) <= 5 else m.input(m.shape(m.between(1, 5), 6))
    begin = [m.between(0, n - 1) for n in x.shape]
    size = [m.between(1, n - first) for n, first in zip(x.shape, begin, strict=True)]
    y = m.like(x, size)
    m.model.operator("SLICE", [x.index, m.constant(begin), m.constant(size)], [y.index])
    return y


def pack(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None and len(x.shape) <= 4 else m.input(m.shape(m.between(1, 4), 5))
    parts = [x]
    for _ in range(m.between(0, 3)):
        parts.append(m.like(x, x.shape))
        m.inputs.append(parts[-1])
    axis = m.between(0, len(x.shape))
    y = m.like(x, (*x.shape[:axis], len(parts), *x.shape[axis:]))
    signed = axis - len(y.shape) if m.chance(0.3) else axis
    m.model.operator("PACK", [part.index for part in parts], [y.index], axis=signed, values_count=len(parts))
    return y


def unpack(m: Maker, x: Value | None = None) -> Value:
    x = m.input(m.shape(m.between(2, 4), 4))
    axis = m.between(0, len(x.shape) - 1)
    parts = [m.like(x, (*x.shape[:axis], *x.shape[axis + 1 :])) for _ in range(x.shape[axis])]
    signed = axis - len(x.shape) if m.chance(0.3) else axis
    m.model.operator("UNPACK", [x.index], [part.index for part in parts], axis=signed, num=len(parts))
    m.outputs += parts[1:]
    return parts[0]


def gather(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    axis = m.between(0, len(x.shape) - 1)
    indices = m.random.integers(0, x.shape[axis], m.shape(m.between(1, 2), 5))
    y = m.like(x, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    signed = axis - len(x.shape) if m.chance(0.3) else axis
    m.model.operator("GATHER", [x.index, m.constant(indices)], [y.index], axis=signed)
    return y


def reverse(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    first = m.between(0, len(x.shape) - 1)
    axes = list(range(first, m.between(first, len(x.shape) - 1) + 1))
    y = m.like(x, x.shape)
    m.model.operator("REVERSE_V2", [x.index, m.constant(axes)], [y.index])
    return y


def space_to_depth(m: Maker, x: Value | None = None) -> Value:
    block = m.between(1, 3)
    n, height, width, channels = m.image_shape()
    x = m.input((n, height * block, width * block, channels))
    y = m.like(x, (n, height, width, channels * block * block))
    m.model.operator("SPACE_TO_DEPTH", [x.index], [y.index], block_size=block)
    return y


def depth_to_space(m: Maker, x: Value | None = None) -> Value:
    block = m.between(1, 3)
    n, height, width, channels = m.image_shape()
    x = m.input((n, height, width, channels * block * block))
    y = m.like(x, (n, height * block, width * block, channels))
    m.model.operator("DEPTH_TO_SPACE", [x.index], [y.index], block_size=block)
    return y


def space_to_batch(m: Maker, x: Value | None = None) -> Value:
    spatial, block = m.shape(m.between(1, 2), 5), (m.between(1, 3), m.between(1, 3))
    n, channels = m.between(1, 3), m.between(1, 5)
    block = block[: len(spatial)]
    x = m.input((n, *(a * b for a, b in zip(spatial, block, strict=True)), channels))
    y = m.like(x, (n * int(np.prod(block)), *spatial, channels))
    inputs = [x.index, m.constant(block), m.constant([[0, 0]] * len(block))]
    m.model.operator("SPACE_TO_BATCH_ND", inputs, [y.index])
    return y


def batch_to_space(m: Maker, x: Value | None = None) -> Value:
    spatial, block = m.shape(m.between(1, 2), 5), (m.between(1, 3), m.between(1, 3))
    n, channels = m.between(1, 3), m.between(1, 5)
    block = block[: len(spatial)]
    x = m.input((n * int(np.prod(block)), *spatial, channels))
    full = [a * b for a, b in zip(spatial, block, strict=True)]
    crops = [[m.between(0, (size - 1) // 2), m.between(0, (size - 1) // 2)] for size in full]
    cropped = [size - a - b for size, (a, b) in zip(full, crops, strict=True)]
    y = m.like(x, (n, *cropped, channels))
    m.model.operator("BATCH_TO_SPACE_ND", [x.index, m.constant(block), m.constant(crops)], [y.index])
    return y


def mirror_pad(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x if x is not None and len(x.shape) <= 4 else None)  # edgekd takes no more dimensions
    mode = m.pick(["REFLECT", "SYMMETRIC"])
    most = [min(n - (mode == "REFLECT"), 3) for n in x.shape]
    paddings = [[m.between(0, limit), m.between(0, limit)] for limit in most]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, paddings, strict=True)])
    m.model.operator("MIRROR_PAD", [x.index, m.constant(paddings)], [y.index], mode=mode)
    return y


def _resize(m: Maker, x: Value | None, name: str) -> Value:
    x = image(m, x)
    height, width = (m.pick([n, 2 * n, 3 * n, m.between(1, 14)]) for n in x.shape[1:3])
    y = m.like(x, (x.shape[0], height, width, x.shape[3]))
    corners, centers = m.pick([(False, False), (True, False), (False, True)])
    options = {"align_corners": corners, "half_pixel_centers": centers}
    m.model.operator(name, [x.index, m.constant([height, width])], [y.index], **options)
    return y


def resize_nearest_neighbor(m: Maker, x: Value | None = None) -> Value:
    return _resize(m, x, "RESIZE_NEAREST_NEIGHBOR")


def resize_bilinear(m: Maker, x: Value | None = None) -> Value:
    return _resize(m, x, "RESIZE_BILINEAR")
