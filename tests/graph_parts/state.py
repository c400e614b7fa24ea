"""Operators with a memory: SVDF and resource variables."""

from __future__ import annotations

import numpy as np

from graph_parts.maker import Maker, Value


def svdf(m: Maker, x: Value | None = None) -> Value:
    batches, inputs, units, rank, memory = m.pick([1, 1, 2]), *(m.between(1, n) for n in (12, 6, 3, 9))
    kind = m.pick(["int8", "int16"])
    x = m.input((batches, inputs))
    scales = m.scale(0.002, 0.02), m.scale(0.002, 0.02), m.scale(0.01, 0.1)  # feature, time, state
    limits = np.iinfo(kind)
    zero_point = m.pick([0, m.between(-20, 20)]) if kind == "int8" else 0
    filters = units * rank
    feature = m.model.tensor((filters, inputs), scale=scales[0], data=m.int8((filters, inputs)))
    weights = m.random.integers(limits.min + 1, limits.max, (filters, memory), endpoint=True)
    time = m.model.tensor((filters, memory), kind, scale=scales[1], data=weights)
    bias = m.random.integers(-20_000, 20_000, units)
    product = float(np.float32(scales[1]) * np.float32(scales[2]))
    biases = m.model.tensor((units,), "int32", scale=product, data=bias)
    state = m.model.tensor((batches, memory * filters), kind, scale=scales[2], zero_point=zero_point, variable=True)
    y = m.value((batches, units), float(np.float32(product * 50 * memory**0.5 * (1 if kind == "int8" else 200))))
    options = {"rank": rank, "fused_activation_function": m.pick(["NONE", "RELU"])}
    m.model.operator("SVDF", [x.index, feature, time, biases, state], [y.index], **options)
    return y


def variable(m: Maker, x: Value | None = None) -> Value:
    """The last few inputs: read, put behind the new one, cut and assigned; what was read is used before or after."""
    channels, kept = m.between(1, 5), m.between(1, 4)
    x = m.input((1, 1, channels))
    old, both, new = (m.like(x, (1, n, channels)) for n in (kept, kept + 1, kept))
    name = f"{m.part} {x.index}"
    if m.chance(0.5):
        data = m.int8(old.shape)
        first = m.model.tensor(old.shape, scale=x.scale, zero_point=x.zero_point, data=data)
        m.model.call_once(name, first)
    handle = m.model.handle(name)
    m.model.operator("READ_VARIABLE", [handle], [old.index])
    m.model.operator("CONCATENATION", [old.index, x.index], [both.index], axis=1)
    m.model.operator("SLICE", [both.index, m.constant([0, 1, 0]), m.constant(new.shape)], [new.index])
    m.model.operator("ASSIGN_VARIABLE", [handle, new.index], [])
    if m.chance(0.5):
        return both
    if m.chance(0.5):  # what it held before
        m.outputs.append(old)
        return both
    again, y = m.like(x, new.shape), m.value(new.shape, float(np.float32(x.scale * 2)))
    m.model.operator("READ_VARIABLE", [handle], [again.index])
    m.model.operator("ADD", [old.index, again.index], [y.index])
    return y
