"""Two operands: ADD, SUB, MUL, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM, PRELU, BATCH_MATMUL."""

from __future__ import annotations

import numpy as np

from graph_parts.maker import Maker, Value


def other_operand(m: Maker, x: Value) -> Value:
    """Something `x` can be combined with: its own shape, or one that is broadcast; an input or a constant."""
    shape = list(x.shape)
    if m.chance(0.5):
        shape = [1 if m.chance(0.4) else n for n in shape]
        shape = shape[m.between(0, len(shape) - 1) if m.chance(0.4) else 0 :]
    return m.constant_value(shape) if m.chance(0.3) else m.input(shape)


def _operand(m: Maker, x: Value | None) -> Value:
    return x if x is not None else m.input(tuple(n if m.chance(0.8) else 1 for n in m.shape(m.between(1, 5), 4)))


def broadcast(a: Value, b: Value) -> tuple[int, ...]:
    """The shape two operands have together."""
    rank = max(len(a.shape), len(b.shape))
    shapes = [(1,) * (rank - len(v.shape)) + v.shape for v in (a, b)]
    return tuple(max(pair) for pair in zip(*shapes, strict=True))


def _binary(m: Maker, x: Value | None, name: str) -> Value:
    x = _operand(m, x)
    other = x if m.chance(0.1) else other_operand(m, x)
    a, b = (other, x) if m.chance(0.3) else (x, other)
    shape = broadcast(a, b)
    natural = a.scale * b.scale * (60 if m.activations == "int8" else 15_000) if name == "MUL" else a.scale + b.scale
    y = m.value(shape, float(np.float32(natural * m.pick([0.001, 0.3, 0.3, 1.0, 1.0, 3.0, 100.0]))))
    m.model.operator(name, [a.index, b.index], [y.index], fused_activation_function=m.activation())
    return y


def add(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "ADD")


def sub(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "SUB")


def mul(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "MUL")


def squared_difference(m: Maker, x: Value | None = None) -> Value:
    x = _operand(m, x)
    other = other_operand(m, x)
    a, b = (other, x) if m.chance(0.3) else (x, other)
    steps = 255 if m.activations == "int8" else 65535
    natural = max(a.scale, b.scale) ** 2 * steps
    y = m.value(broadcast(a, b), float(np.float32(natural * m.pick([0.01, 0.1, 0.3, 1.0, 10.0]))))
    m.model.operator("SQUARED_DIFFERENCE", [a.index, b.index], [y.index])
    return y


def batch_matmul(m: Maker, x: Value | None = None) -> Value:
    """Matrices with up to three dimensions of batches, some of them repeated, either transposed."""
    rows, depth, columns = m.between(1, 7), m.between(1, 24), m.between(1, 7)
    batches = m.shape(m.between(0, 3), 3)
    adj_x, adj_y = m.chance(0.4), m.chance(0.4)
    few = [tuple(1 if m.chance(0.3) else n for n in batches) if m.chance(0.4) else batches for _ in range(2)]
    a = m.input((*few[0], depth, rows) if adj_x else (*few[0], rows, depth))
    shape = (*few[1], columns, depth) if adj_y else (*few[1], depth, columns)
    b = m.constant_value(shape) if m.chance(0.3) else m.input(shape)
    scale = a.scale * b.scale * 75 * depth**0.5 * m.pick([0.01, 0.3, 1.0, 1.0, 3.0])
    made = tuple(max(pair) for pair in zip(*few, strict=True))
    y = m.value((*made, rows, columns), float(np.float32(scale)))
    m.model.operator("BATCH_MATMUL", [a.index, b.index], [y.index], adj_x=adj_x, adj_y=adj_y)
    return y


def _extreme(m: Maker, x: Value | None, name: str) -> Value:
    """Of numbers on one scale: a tensor, a constant or a single number."""
    dtype = "int8" if x is not None or m.chance(0.7) else "int16"
    x = x if x is not None else m.input(m.shape(m.between(1, 5), 4), dtype)
    shape = m.pick([x.shape, x.shape[-1:], (1,), ()])
    if m.chance(0.5):
        values = m.random.integers(-100, 100, shape).astype(dtype)
        index = m.model.tensor(shape, dtype, scale=x.scale, zero_point=x.zero_point, data=values)
        other = Value(index, tuple(shape), dtype, x.scale, x.zero_point)
    else:
        other = m.like(x, shape)
        m.inputs.append(other)
    a, b = (other, x) if m.chance(0.3) else (x, other)
    y = m.like(x, x.shape)
    m.model.operator(name, [a.index, b.index], [y.index])
    return y


def maximum(m: Maker, x: Value | None = None) -> Value:
    return _extreme(m, x, "MAXIMUM")


def minimum(m: Maker, x: Value | None = None) -> Value:
    return _extreme(m, x, "MINIMUM")


def prelu(m: Maker, x: Value | None = None) -> Value:
    """Slopes of each channel or just one, constant or not."""
    x = _operand(m, x)
    shape = m.pick([x.shape[-1:], (1,) * (len(x.shape) - 1) + x.shape[-1:], (1,), x.shape])
    slopes = m.constant_value(shape) if m.chance(0.8) else m.input(shape)
    y = m.value(broadcast(x, slopes), float(np.float32(x.scale * m.pick([0.3, 1.0, 2.0]))))
    m.model.operator("PRELU", [x.index, slopes.index], [y.index])
    return y
