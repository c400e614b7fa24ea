"""Two operands: ADD, SUB, MUL."""

from __future__ import annotations

import numpy as np

from graph_parts.maker import Maker, Value


def _other_operand(m: Maker, x: Value) -> Value:
    """Something `x` can be combined with: its own shape, or one that is broadcast; an input or a constant."""
    shape = list(x.shape)
    if m.chance(0.5):
        shape = [1 if m.chance(0.4) else n for n in shape]
        shape = shape[m.between(0, len(shape) - 1) if m.chance(0.4) else 0 :]
    return m.constant_value(shape) if m.chance(0.3) else m.input(shape)


def _binary(m: Maker, x: Value | None, name: str) -> Value:
    if x is None:
        x = m.input(tuple(n if m.chance(0.8) else 1 for n in m.shape(m.between(1, 5), 4)))
    other = x if m.chance(0.1) else _other_operand(m, x)
    a, b = (other, x) if m.chance(0.3) else (x, other)
    rank = max(len(a.shape), len(b.shape))
    shapes = [(1,) * (rank - len(v.shape)) + v.shape for v in (a, b)]
    shape = tuple(max(pair) for pair in zip(*shapes, strict=True))
    natural = a.scale * b.scale * 60 if name == "MUL" else a.scale + b.scale
    y = m.value(shape, float(np.float32(natural * m.pick([0.001, 0.3, 0.3, 1.0, 1.0, 3.0, 100.0]))))
    m.model.operator(name, [a.index, b.index], [y.index], fused_activation_function=m.activation())
    return y


def add(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "ADD")


def sub(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "SUB")


def mul(m: Maker, x: Value | None = None) -> Value:
    return _binary(m, x, "MUL")
