"""Comparisons, booleans, SELECT_V2 and CAST."""

from __future__ import annotations

import numpy as np

from graph_parts.elementwise import broadcast
from graph_parts.maker import Maker, Operator, Value


def _small(m: Maker, shape: tuple[int, ...]) -> Value:
    """An input with a scale below 1, as comparisons want."""
    scale, zero_point = float(np.float32(np.exp(m.random.uniform(np.log(1e-4), 0)))) * 0.99, m.zero_point()
    x = m.typed(shape, "int8", scale, zero_point)
    m.inputs.append(x)
    return x


def _shape(m: Maker) -> tuple[int, ...]:
    return m.shape(m.between(1, 4), 4)


def comparison(name: str) -> Operator:
    """With one scale or two, a tensor or a single number beside it; the booleans are an output of their own."""

    def compare(m: Maker, x: Value | None = None) -> Value:
        x = _small(m, _shape(m))
        kind = m.between(0, 3)
        if kind == 0:
            data = m.int8((1,))
            index = m.model.tensor((1,), "int8", scale=x.scale, zero_point=x.zero_point, data=data)
            other = Value(index, (1,), "int8", x.scale, x.zero_point)
        elif kind == 1:
            other = m.like(x, x.shape)
            m.inputs.append(other)
        else:
            other = _small(m, tuple(1 if m.chance(0.4) else n for n in x.shape))
        a, b = (other, x) if m.chance(0.3) else (x, other)
        y = m.typed(broadcast(a, b), "bool")
        m.model.operator(name, [a.index, b.index], [y.index])
        m.outputs.append(y)
        return x

    return compare


def _condition(m: Maker, shape: tuple[int, ...]) -> Value:
    """A boolean input, or what a comparison says."""
    if m.chance(0.5):
        return m.input(shape, "bool")
    a = _small(m, shape)
    b = m.like(a, shape)
    m.inputs.append(b)
    y = m.typed(shape, "bool")
    m.model.operator("LESS", [a.index, b.index], [y.index])
    return y


def logical(name: str) -> Operator:
    def combine(m: Maker, x: Value | None = None) -> Value:
        shape = _shape(m)
        inputs = [_condition(m, shape)]
        if name != "LOGICAL_NOT":
            inputs.append(_condition(m, tuple(1 if m.chance(0.3) else n for n in shape)))
        y = m.typed(shape, "bool")
        m.model.operator(name, [v.index for v in inputs], [y.index])
        return _as_output(m, y)

    return combine


def select(m: Maker, x: Value | None = None) -> Value:
    """One operand and the condition may be repeated."""
    a = m.input(_shape(m), m.pick(["int8", "int8", "int16"]))
    same = m.chance(0.5)
    few, some = (a.shape if same else tuple(1 if m.chance(0.4) else n for n in a.shape) for _ in range(2))
    condition, b = _condition(m, few), m.like(a, some)
    m.inputs.append(b)
    operands = [b.index, a.index] if m.chance(0.3) else [a.index, b.index]
    y = m.like(a, a.shape)
    m.model.operator("SELECT_V2", [condition.index, *operands], [y.index])
    return y if y.dtype == "int8" else _as_output(m, y)


def _as_output(m: Maker, y: Value) -> Value:
    m.outputs.append(y)
    return m.input(y.shape)


def cast(m: Maker, x: Value | None = None) -> Value:
    shape = _shape(m)
    source = m.input(shape, m.pick(["bool", "int8", "int16", "int32"]))
    y = m.typed(shape, m.pick(["bool", "int8", "int16", "int32", "float32"]), 0.5)
    m.model.operator("CAST", [source.index], [y.index])
    m.outputs.append(y)
    return source if source.dtype == "int8" else m.input(shape)


OPERATORS: dict[str, Operator] = {
    "CAST": cast,
    "SELECT_V2": select,
    **{name: comparison(name) for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")},
    **{name: logical(name) for name in ("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR")},
}
