"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN."""

from __future__ import annotations

import numpy as np

from graph_parts.maker import Maker, Value


def _reduce(m: Maker, x: Value | None, name: str) -> Value:
    x = x if x is not None else m.input(m.image_shape() if m.chance(0.5) else m.shape(m.between(2, 5), 4))
    rank = len(x.shape)
    if rank == 4 and m.chance(0.5):
        axes = [1, 2]
    else:
        axes = [int(a) for a in m.random.choice(rank, m.between(1, rank), replace=False)]
    keep = m.chance(0.5) or len(axes) == rank
    shape = [1 if d in axes else n for d, n in enumerate(x.shape) if keep or d not in axes]
    count = int(np.prod([x.shape[a] for a in axes]))
    natural = x.scale if name == "MEAN" else x.scale * count**0.5
    y = (
        m.like(x, shape)
        if "REDUCE" in name or m.chance(0.3)
        else m.value(shape, float(np.float32(natural * m.pick([0.2, 0.7, 1.5]))))
    )
    signed = [a - rank if m.chance(0.3) else a for a in axes]
    m.model.operator(name, [x.index, m.constant(signed)], [y.index], keep_dims=keep)
    return y


def mean(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "MEAN")


def reduce_sum(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "SUM")


def reduce_max(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "REDUCE_MAX")


def reduce_min(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "REDUCE_MIN")


def _arg(m: Maker, x: Value | None, name: str) -> Value:
    """Where it is, which is an output of its own."""
    x = x if x is not None else m.input(m.shape(m.between(1, 4), 5))
    axis = m.between(0, len(x.shape) - 1)
    y = m.typed((*x.shape[:axis], *x.shape[axis + 1 :]), "int32")
    signed = axis - len(x.shape) if m.chance(0.3) else axis
    m.model.operator(name, [x.index, m.constant([signed])], [y.index])
    m.outputs.append(y)
    return x


def arg_max(m: Maker, x: Value | None = None) -> Value:
    return _arg(m, x, "ARG_MAX")


def arg_min(m: Maker, x: Value | None = None) -> Value:
    return _arg(m, x, "ARG_MIN")
