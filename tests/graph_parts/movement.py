"""Operators that move elements unchanged."""

from __future__ import annotations

import numpy as np

from graph_parts.functions import function
from graph_parts.maker import Maker, Value, anything


def reshape(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    shape = m.pick([(int(np.prod(x.shape)),), (1, int(np.prod(x.shape))), x.shape[::-1], (*x.shape, 1)])
    y = m.like(x, shape)
    inputs = [x.index, m.constant(shape)] if m.chance(0.7) else [x.index]
    m.model.operator("RESHAPE", inputs, [y.index], new_shape=shape)
    return y


def expand_dims(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None and len(x.shape) < 4 else m.input(m.shape(m.between(1, 3)))
    axis = m.between(0, len(x.shape))
    y = m.like(x, (*x.shape[:axis], 1, *x.shape[axis:]))
    m.model.operator("EXPAND_DIMS", [x.index, m.constant([axis])], [y.index])
    return y


def squeeze(m: Maker, x: Value | None = None) -> Value:
    x = m.input((1, m.between(1, 5), 1, m.between(1, 5)))
    y = m.like(x, (x.shape[1], x.shape[3]))
    m.model.operator("SQUEEZE", [x.index], [y.index], squeeze_dims=(0, 2))
    return y


def pad(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    numbers = [[m.pick([0, 0, 1, 2, 3]), m.pick([0, 0, 1, 2])] for _ in x.shape]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, numbers, strict=True)])
    m.model.operator("PAD", [x.index, m.constant(numbers)], [y.index])
    return y


def pad_v2(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    numbers = [[m.pick([0, 0, 1, 2, 3]), m.pick([0, 0, 1, 2])] for _ in x.shape]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, numbers, strict=True)])
    value = m.model.tensor((1,), "int8", scale=x.scale, zero_point=x.zero_point, data=m.int8((1,)))
    m.model.operator("PADV2", [x.index, m.constant(numbers), value], [y.index])
    return y


def concatenation(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    axis = m.between(0, len(x.shape) - 1)
    parts = [x]
    for _ in range(m.between(0, 4)):
        shape = tuple(m.between(1, 4) if d == axis else n for d, n in enumerate(x.shape))
        part = m.like(x, shape)
        m.inputs.append(part)
        parts.append(part)
    if m.chance(0.2):
        parts.append(x)
    total = sum(part.shape[axis] for part in parts)
    y = m.like(x, [total if d == axis else n for d, n in enumerate(x.shape)])
    signed = axis - len(x.shape) if m.chance(0.3) else axis
    m.model.operator("CONCATENATION", [part.index for part in parts], [y.index], axis=signed)
    return y


def split(m: Maker, x: Value | None = None) -> Value:
    shape = list(m.shape())
    axis, count = m.between(0, len(shape) - 1), m.between(1, 4)
    part = shape[axis]
    shape[axis] = part * count
    x = m.input(shape)
    parts = [m.like(x, [part if d == axis else n for d, n in enumerate(shape)]) for _ in range(count)]
    signed = axis - len(shape) if m.chance(0.3) else axis
    m.model.operator("SPLIT", [m.constant([signed]), x.index], [p.index for p in parts], num_splits=count)
    m.outputs += parts[1:]
    return parts[0]


def split_v(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    axis = m.between(0, len(x.shape) - 1)
    first = m.between(1, x.shape[axis])
    sizes = [first, x.shape[axis] - first] if first < x.shape[axis] else [first]
    parts = [m.like(x, [size if d == axis else n for d, n in enumerate(x.shape)]) for size in sizes]
    inputs = [x.index, m.constant(sizes), m.constant([axis])]
    m.model.operator("SPLIT_V", inputs, [p.index for p in parts], num_splits=len(parts))
    m.outputs += parts[1:]
    return parts[0]


def transpose(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None else m.input(m.shape(m.between(2, 5), 5))
    order = [int(d) for d in m.random.permutation(len(x.shape))]
    y = m.like(x, [x.shape[d] for d in order])
    m.model.operator("TRANSPOSE", [x.index, m.constant(order)], [y.index])
    return y


def transpose_float(m: Maker, x: Value | None = None) -> Value:
    """float32 elements, quantized afterwards."""
    source = m.input(m.shape(m.between(2, 4), 5), "float32")
    order = [int(d) for d in m.random.permutation(len(source.shape))]
    turned = m.typed([source.shape[d] for d in order], "float32")
    m.model.operator("TRANSPOSE", [source.index, m.constant(order)], [turned.index])
    return function(m, turned, "QUANTIZE")


def strided_slice(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None and len(x.shape) <= 4 else m.input(m.shape(m.between(1, 4), 8))
    begin, end, by, shape = [], [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    for d, n in enumerate(x.shape):
        if m.chance(0.2) and len(x.shape) > 1 and (shape or d + 1 < len(x.shape)):
            index = m.between(-n, n - 1)
            begin.append(index)
            end.append(index + 1)
            by.append(1)
            masks["shrink_axis_mask"] |= 1 << d
            continue
        while True:
            first, last, step = m.between(-n - 2, n + 1), m.between(-n - 2, n + 1), m.pick([1, 1, 2, 3, -1, -2])
            masked = m.chance(0.3), m.chance(0.3)
            taken = range(n)[None if masked[0] else first : None if masked[1] else last : step]
            if taken:
                break
        begin.append(first)
        end.append(last)
        by.append(step)
        shape.append(len(taken))
        masks["begin_mask"] |= masked[0] << d
        masks["end_mask"] |= masked[1] << d
    y = m.like(x, shape)
    inputs = [x.index, *(m.constant(numbers) for numbers in (begin, end, by))]
    m.model.operator("STRIDED_SLICE", inputs, [y.index], **masks)
    return y
