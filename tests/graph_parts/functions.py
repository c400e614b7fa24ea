"""Functions of one number, and changes of type."""

from __future__ import annotations

from typing import Any

import numpy as np

from graph_parts.maker import Maker, Value, anything


def function(m: Maker, x: Value | None, name: str, y: Value | None = None, **options: Any) -> Value:
    x = anything(m, x)
    y = y if y is not None else m.value(x.shape)
    m.model.operator(name, [x.index], [y.index], **options)
    return y


def relu(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    return function(m, x, "RELU", m.like(x, x.shape) if m.chance(0.3) else None)


def relu6(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    return function(m, x, "RELU6", m.like(x, x.shape))


def leaky_relu(m: Maker, x: Value | None = None) -> Value:
    return function(m, x, "LEAKY_RELU", alpha=float(m.pick([0.01, 0.2, 0.3, 1.5, -0.5])))


def absolute(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    y = m.like(x, x.shape) if m.chance(0.3) else m.value(x.shape, float(np.float32(x.scale * m.pick([0.5, 1.0, 2.0]))))
    return function(m, x, "ABS", y)


def rsqrt(m: Maker, x: Value | None = None) -> Value:
    """Of numbers from 0 on."""
    x = m.typed(m.shape(), "int8", m.scale(), -128)
    m.inputs.append(x)
    largest = 1 / x.scale**0.5
    return function(m, x, "RSQRT", m.value(x.shape, float(np.float32(largest / m.pick([255, 100, 30, 1000])))))


def elu(m: Maker, x: Value | None = None) -> Value:
    return function(m, x, "ELU")


def logistic(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    return function(m, x, "LOGISTIC", m.value(x.shape, 1 / 256, -128))


def tanh(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    return function(m, x, "TANH", m.value(x.shape, 1 / 128, 0))


def hard_swish(m: Maker, x: Value | None = None) -> Value:
    x = anything(m, x)
    return function(m, x, "HARD_SWISH", m.value(x.shape, float(np.float32(x.scale * m.pick([0.1, 0.5, 1.0])))))


def softmax(m: Maker, x: Value | None = None) -> Value:
    """Rows of 512 and more equal values stop TensorFlow Lite Micro, so what has longer rows stays as it is."""
    x = anything(m, x)
    if x.shape and x.shape[-1] >= 512:
        return x
    y = m.value(x.shape, 1 / 256, -128)
    return function(m, x, "SOFTMAX", y, beta=float(m.pick([1.0, 1.0, 0.3, 7.0])))


def softmax_16(m: Maker, x: Value | None = None) -> Value:
    """int8 to int16, and on to float, which is an output of its own."""
    x = anything(m, x)
    y = function(m, x, "SOFTMAX", m.typed(x.shape, "int16", 1 / 65536, -32768), beta=1.0)
    real = m.typed(x.shape, "float32")
    m.outputs.append(real)
    m.model.operator("DEQUANTIZE", [y.index], [real.index])
    return x


def quantize(m: Maker, x: Value | None = None) -> Value:
    return function(m, x, "QUANTIZE")


def quantize_float(m: Maker, x: Value | None = None) -> Value:
    source = m.input(m.shape(), "float32")
    return function(m, source, "QUANTIZE", m.value(source.shape, m.pick([None, 0.125, 0.25, 1.0])))


def quantize_uint8(m: Maker, x: Value | None = None) -> Value:
    """uint8 to int8, and int8 back to uint8, which is an output of its own."""
    source = m.input(m.shape(), "uint8")
    same = m.chance(0.5)
    y = m.value(source.shape, *((source.scale, source.zero_point - 128) if same else ()))
    m.model.operator("QUANTIZE", [source.index], [y.index])
    back = m.typed(source.shape, "uint8", y.scale if m.chance(0.5) else m.scale(), y.zero_point + 128)
    m.outputs.append(back)
    m.model.operator("QUANTIZE", [y.index], [back.index])
    return y


def dequantize(m: Maker, x: Value | None = None) -> Value:
    """To float, which is an output of its own."""
    x = m.input(m.shape(), m.pick(["uint8", "int8"])) if x is None else x
    y = m.typed(x.shape, "float32")
    m.model.operator("DEQUANTIZE", [x.index], [y.index])
    m.outputs.append(y)
    return x if x.dtype == "int8" else m.input(m.shape())
