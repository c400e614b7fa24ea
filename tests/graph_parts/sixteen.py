"""Operators with 16-bit activations."""

from __future__ import annotations

import numpy as np

from graph_parts import elementwise, movement, reduction, windowed
from graph_parts.functions import function
from graph_parts.maker import Maker, Operator, Value


def _wide(part: Operator) -> Operator:
    """`part` with inputs and outputs of int16, followed by a QUANTIZE to int8."""

    def wide(m: Maker, x: Value | None = None) -> Value:
        m.activations = "int16"
        try:
            y = part(m, None)
        finally:
            m.activations = "int8"
        m.outputs.append(y)
        return function(m, y, "QUANTIZE", m.value(y.shape, float(np.float32(y.scale * 256))))

    return wide


def _scaled(m: Maker, middle: float) -> Value:
    """An input of a scale around `middle`, or the power of two next to it."""
    x = m.input(m.shape())
    exact = m.chance(0.4)
    scale = 2.0 ** round(np.log2(middle)) if exact else middle * float(np.exp(m.random.uniform(-3, 3)))
    y = m.value(x.shape, float(np.float32(scale)))
    m.model.operator("QUANTIZE", [x.index], [y.index])
    return y


def _logistic(m: Maker, x: Value | None) -> Value:
    x = _scaled(m, 2**-12)
    return function(m, x, "LOGISTIC", m.value(x.shape, 2**-15))


def _tanh(m: Maker, x: Value | None) -> Value:
    x = _scaled(m, m.pick([2**-12, 2**-11]))
    return function(m, x, "TANH", m.value(x.shape, 2**-15))


def _softmax(m: Maker, x: Value | None) -> Value:
    x = _scaled(m, 2**-11)
    return function(m, x, "SOFTMAX", m.value(x.shape, 2**-15), beta=float(m.pick([1.0, 1.0, 0.3, 7.0])))


def _relu(m: Maker, x: Value | None) -> Value:
    x = m.input(m.shape())
    return function(m, x, "RELU", m.value(x.shape, float(np.float32(x.scale * m.pick([0.3, 1.0, 2.0])))))


def _relu6(m: Maker, x: Value | None) -> Value:
    x = _scaled(m, 0.02)
    return function(m, x, "RELU6", m.like(x, x.shape))


def _leaky_relu(m: Maker, x: Value | None) -> Value:
    x = m.input(m.shape())
    y = m.value(x.shape, float(np.float32(x.scale * m.pick([0.3, 1.0, 2.0]))))
    return function(m, x, "LEAKY_RELU", y, alpha=float(m.pick([0.01, 0.2, 0.3, 1.5, -0.5])))


def _widened(m: Maker, x: Value | None) -> Value:
    """int8 to int16, and one scale of int16 to another."""
    source = m.input(m.shape(), "int8")
    y = m.value(source.shape, float(np.float32(source.scale / m.pick([1, 100, 256]))))
    m.model.operator("QUANTIZE", [source.index], [y.index])
    return function(m, y, "QUANTIZE", m.value(y.shape, float(np.float32(y.scale * m.pick([0.7, 1.0, 1.3])))))


def _from_float(m: Maker, x: Value | None) -> Value:
    source = m.input(m.shape(), "float32")
    return function(m, source, "QUANTIZE", m.value(source.shape, m.pick([None, 2**-12, 0.125])))


OPERATORS: dict[str, Operator] = {
    "ADD int16": _wide(elementwise.add),
    "AVERAGE_POOL_2D int16": _wide(windowed.average_pool_2d),
    "CONV_2D int16": _wide(windowed.conv_2d),
    "DEPTHWISE_CONV_2D int16": _wide(windowed.depthwise_conv_2d),
    "FULLY_CONNECTED int16": _wide(windowed.fully_connected),
    "LEAKY_RELU int16": _wide(_leaky_relu),
    "LOGISTIC int16": _wide(_logistic),
    "MAX_POOL_2D int16": _wide(windowed.max_pool_2d),
    "MEAN int16": _wide(reduction.mean),
    "MUL int16": _wide(elementwise.mul),
    "PAD int16": _wide(movement.pad),
    "QUANTIZE int16": _wide(_widened),
    "QUANTIZE float to int16": _wide(_from_float),
    "RELU int16": _wide(_relu),
    "RELU6 int16": _wide(_relu6),
    "SOFTMAX of int16": _wide(_softmax),
    "SQUARED_DIFFERENCE int16": _wide(elementwise.squared_difference),
    "SUB int16": _wide(elementwise.sub),
    "SUM int16": _wide(reduction.reduce_sum),
    "TANH int16": _wide(_tanh),
}
