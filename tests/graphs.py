"""Small random .tflite models that cover every supported operator, for comparing an engine with the oracle.

    for graph in sample_graphs():            # a few dozen, the same every time
        path.write_bytes(graph.data)
        run(path, graph.samples(4))

Every operator has one function below: it takes a `Maker` and a value to work on (or makes its own input) and appends
the operator with random shapes, scales, zero points and options, edges among them, that TensorFlow Lite Micro accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tflite_builder import ModelBuilder

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Value:
    """A tensor of the model being made. scale 0: not quantized."""

    index: int
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, eq=False)
class RandomGraph:
    """A model and what its inputs take. inputs: (shape, type) of each."""

    name: str
    data: bytes
    inputs: tuple[tuple[tuple[int, ...], str], ...]

    def samples(self, count: int) -> list[list[Array]]:
        """Random inputs, the first ones at the types' limits."""
        random = np.random.default_rng(len(self.data))
        return [[_numbers(random, shape, dtype, n) for shape, dtype in self.inputs] for n in range(count)]


def _numbers(random: np.random.Generator, shape: tuple[int, ...], dtype: str, sample: int) -> Array:
    if dtype == "float32":
        values = random.normal(0, 10.0 ** random.integers(-3, 3), shape).astype(np.float32)
        return values if sample else np.round(values * 16) / 16  # halves of a scale are among these
    limits = np.iinfo(dtype)
    if sample == 0:
        return random.choice(np.array([limits.min, limits.max, 0], dtype), shape)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


class Maker:
    """A model in the making, with a random generator."""

    def __init__(self) -> None:
        self.model = ModelBuilder()
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []

    def begin(self, part: str, seed: int) -> None:
        """From here on tensors are named after `part`, and randomness comes from `seed`."""
        self.part = f"{part}, seed {seed}"
        self.random = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high, endpoint=True))

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[self.between(0, len(choices) - 1)]

    def scale(self, low: float = 0.003, high: float = 0.3) -> float:
        if self.chance(0.1):
            low, high = 1e-4, 50.0
        return float(np.float32(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def zero_point(self) -> int:
        return int(self.pick([-128, 127, 0, self.between(-128, 127), self.between(-128, 127)]))

    def int8(self, shape: Sequence[int]) -> Array:
        return self.random.integers(-128, 127, tuple(shape), np.int8, endpoint=True)

    def shape(self, rank: int | None = None, largest: int = 6) -> tuple[int, ...]:
        return tuple(self.between(1, largest) for _ in range(self.between(1, 4) if rank is None else rank))

    def image(self) -> tuple[int, ...]:
        return (self.pick([1, 1, 1, 2]), self.between(1, 10), self.between(1, 10), self.between(1, 10))

    def input(self, shape: Sequence[int], dtype: str = "int8") -> Value:
        value = self._value(shape, dtype, *self._quantization(dtype))
        self.inputs.append(value)
        return value

    def value(self, shape: Sequence[int], scale: float | None = None, zero_point: int | None = None) -> Value:
        """An int8 tensor an operator will write."""
        return self._value(
            shape,
            "int8",
            self.scale() if scale is None else scale,
            self.zero_point() if zero_point is None else zero_point,
        )

    def typed(self, shape: Sequence[int], dtype: str, scale: float = 0.0, zero_point: int = 0) -> Value:
        return self._value(shape, dtype, scale, zero_point)

    def like(self, source: Value, shape: Sequence[int]) -> Value:
        """A tensor of the same type, scale and zero point."""
        return self._value(shape, source.dtype, source.scale, source.zero_point)

    def constant(self, values: Any, dtype: str = "int32") -> int:
        array = np.asarray(values, dtype)
        return self.model.tensor(array.shape, dtype, data=array)

    def constant_value(self, shape: Sequence[int]) -> Value:
        """An int8 constant with scale and zero point."""
        scale, zero_point = self._quantization("int8")
        data = self.int8(shape)
        index = self.model.tensor(shape, "int8", scale=scale, zero_point=zero_point, data=data)
        return Value(index, tuple(shape), "int8", scale, zero_point)

    def activation(self) -> str:
        return str(self.pick(["NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1"]))

    def build(self, name: str) -> RandomGraph:
        data = self.model.build([v.index for v in self.inputs], [v.index for v in self.outputs])
        return RandomGraph(name, data, tuple((v.shape, v.dtype) for v in self.inputs))

    def _quantization(self, dtype: str) -> tuple[float, int]:
        if dtype == "float32":
            return 0.0, 0
        if dtype == "uint8":
            return self.scale(), self.between(0, 255)
        return self.scale(), 0 if dtype == "int16" else self.zero_point()

    def _value(self, shape: Sequence[int], dtype: str, scale: float, zero_point: int) -> Value:
        index = self.model.tensor(shape, dtype, scale=scale or None, zero_point=zero_point, name=self.part)
        return Value(index, tuple(shape), dtype, scale, zero_point)


Operator = Callable[[Maker, Value | None], Value]


def _image(m: Maker, x: Value | None) -> Value:
    return x if x is not None and len(x.shape) == 4 else m.input(m.image())


def _any(m: Maker, x: Value | None) -> Value:
    return x if x is not None else m.input(m.shape())


# --- operators with weights ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Windowed:
    height: int
    width: int
    options: dict[str, Any]
    output: tuple[int, int]


def _windowed(m: Maker, x: Value, *, dilated: bool) -> _Windowed:
    """A window that fits: taps, strides, dilations, padding, and the output's height and width."""
    while True:
        taps = m.between(1, 5), m.between(1, 5)
        stride = m.between(1, 3), m.between(1, 3)
        dilation = (m.pick([1, 1, 2, 3]), m.pick([1, 1, 2, 3])) if dilated else (1, 1)
        padding = m.pick(["SAME", "VALID"])
        reach = [(t - 1) * d + 1 for t, d in zip(taps, dilation, strict=True)]
        covered = [1, 1] if padding == "SAME" else reach
        output = [(n + s - c) // s for n, s, c in zip(x.shape[1:3], stride, covered, strict=True)]
        if min(output) >= 1:
            break
    options = {"padding": padding, "stride_h": stride[0], "stride_w": stride[1]}
    if dilated:
        options |= {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}
    return _Windowed(taps[0], taps[1], options, (output[0], output[1]))


def _weights(m: Maker, x: Value, shape: Sequence[int], channels: int, axis: int, depth: int) -> tuple[list[int], float]:
    """Weights and perhaps a bias, and a scale of the output that spreads the results."""
    per_channel = channels > 1 and m.chance(0.6)
    scales = [m.scale(0.001, 0.05) for _ in range(channels if per_channel else 1)]
    largest = m.pick([1, *[127] * 7])  # with small ones the factor to the output's scale is above 1
    values = m.int8(shape) if largest == 127 else m.random.integers(-largest, largest, shape, np.int8, endpoint=True)
    weights = m.model.tensor(shape, "int8", scale=scales, axis=axis, data=values)
    spread = x.scale * max(scales) * largest * 0.6 * depth**0.5 * 75
    output_scale = float(np.float32(spread / m.pick([40, 100, 300])))
    if m.chance(0.25):
        return [weights], output_scale
    most = m.pick([largest, 30_000, 2**31 - 1] if m.chance(0.1) else [largest, 100 * largest])
    bias = m.random.integers(-most, most, channels, np.int32)
    bias_scales = [float(np.float32(x.scale) * np.float32(s)) for s in scales]
    return [weights, m.model.tensor((channels,), "int32", scale=bias_scales, data=bias)], output_scale


def conv_2d(m: Maker, x: Value | None = None) -> Value:
    x = _image(m, x)
    w = _windowed(m, x, dilated=True)
    if m.chance(0.25):
        w = _Windowed(1, 1, w.options | {"stride_h": 1, "stride_w": 1}, (x.shape[1], x.shape[2]))
    groups = m.pick([g for g in range(1, x.shape[3] + 1) if x.shape[3] % g == 0]) if m.chance(0.2) else 1
    outputs = groups * m.between(1, 9 if groups == 1 else 3)
    shape = (outputs, w.height, w.width, x.shape[3] // groups)
    parameters, scale = _weights(m, x, shape, outputs, 0, int(np.prod(shape[1:])))
    y = m.value((x.shape[0], *w.output, outputs), scale)
    m.model.operator(
        "CONV_2D", [x.index, *parameters], [y.index], fused_activation_function=m.activation(), **w.options
    )
    return y


def depthwise_conv_2d(m: Maker, x: Value | None = None) -> Value:
    x = _image(m, x)
    w = _windowed(m, x, dilated=True)
    times = m.pick([1, 1, 1, 2, 3])
    outputs = x.shape[3] * times
    parameters, scale = _weights(m, x, (1, w.height, w.width, outputs), outputs, 3, w.height * w.width)
    y = m.value((x.shape[0], *w.output, outputs), scale)
    m.model.operator(
        "DEPTHWISE_CONV_2D",
        [x.index, *parameters],
        [y.index],
        depth_multiplier=times,
        fused_activation_function=m.activation(),
        **w.options,
    )
    return y


def fully_connected(m: Maker, x: Value | None = None) -> Value:
    x = x if x is not None and len(x.shape) >= 2 else m.input(m.shape(m.between(2, 4)))
    keep = m.chance(0.4)
    flatten = not keep and m.chance(0.5)
    depth = int(np.prod(x.shape[1:])) if flatten else x.shape[-1]
    rows = int(np.prod(x.shape)) // depth
    outputs = m.between(1, 11)
    parameters, scale = _weights(m, x, (outputs, depth), outputs, 0, depth)
    y = m.value((*x.shape[:-1], outputs) if keep else (rows, outputs), scale)
    m.model.operator(
        "FULLY_CONNECTED",
        [x.index, *parameters],
        [y.index],
        keep_num_dims=keep,
        fused_activation_function=m.activation(),
    )
    return y


# --- two operands -----------------------------------------------------------------------------------------------------


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


# --- pooling and reduction --------------------------------------------------------------------------------------------


def _pool(m: Maker, x: Value | None, name: str) -> Value:
    x = _image(m, x)
    w = _windowed(m, x, dilated=False)
    y = m.like(x, (x.shape[0], *w.output, x.shape[3]))
    m.model.operator(
        name,
        [x.index],
        [y.index],
        filter_height=w.height,
        filter_width=w.width,
        fused_activation_function=m.activation(),
        **w.options,
    )
    return y


def average_pool_2d(m: Maker, x: Value | None = None) -> Value:
    return _pool(m, x, "AVERAGE_POOL_2D")


def max_pool_2d(m: Maker, x: Value | None = None) -> Value:
    return _pool(m, x, "MAX_POOL_2D")


def _reduce(m: Maker, x: Value | None, name: str) -> Value:
    x = x if x is not None else m.input(m.image() if m.chance(0.5) else m.shape(m.between(2, 5), 4))
    rank = len(x.shape)
    if rank == 4 and m.chance(0.5):
        axes = [1, 2]
    else:
        axes = [int(a) for a in m.random.choice(rank, m.between(1, rank), replace=False)]
    keep = m.chance(0.5) or len(axes) == rank
    shape = [1 if d in axes else n for d, n in enumerate(x.shape) if keep or d not in axes]
    count = int(np.prod([x.shape[a] for a in axes]))
    natural = x.scale if name == "MEAN" else x.scale * count**0.5
    y = m.like(x, shape) if m.chance(0.3) else m.value(shape, float(np.float32(natural * m.pick([0.2, 0.7, 1.5]))))
    signed = [a - rank if m.chance(0.3) else a for a in axes]
    m.model.operator(name, [x.index, m.constant(signed)], [y.index], keep_dims=keep)
    return y


def mean(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "MEAN")


def reduce_sum(m: Maker, x: Value | None = None) -> Value:
    return _reduce(m, x, "SUM")


# --- functions of one number ------------------------------------------------------------------------------------------


def _function(m: Maker, x: Value | None, name: str, y: Value | None = None, **options: Any) -> Value:
    x = _any(m, x)
    y = y if y is not None else m.value(x.shape)
    m.model.operator(name, [x.index], [y.index], **options)
    return y


def relu(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    return _function(m, x, "RELU", m.like(x, x.shape) if m.chance(0.3) else None)


def relu6(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    return _function(m, x, "RELU6", m.like(x, x.shape))


def leaky_relu(m: Maker, x: Value | None = None) -> Value:
    return _function(m, x, "LEAKY_RELU", alpha=float(m.pick([0.01, 0.2, 0.3, 1.5, -0.5])))


def logistic(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    return _function(m, x, "LOGISTIC", m.value(x.shape, 1 / 256, -128))


def tanh(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    return _function(m, x, "TANH", m.value(x.shape, 1 / 128, 0))


def hard_swish(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    return _function(m, x, "HARD_SWISH", m.value(x.shape, float(np.float32(x.scale * m.pick([0.1, 0.5, 1.0])))))


def softmax(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    y = m.value(x.shape, 1 / 256, -128)
    return _function(m, x, "SOFTMAX", y, beta=float(m.pick([1.0, 1.0, 0.3, 7.0])))


def softmax_16(m: Maker, x: Value | None = None) -> Value:
    """int8 to int16, and on to float, which is an output of its own."""
    x = _any(m, x)
    y = _function(m, x, "SOFTMAX", m.typed(x.shape, "int16", 1 / 65536, -32768), beta=1.0)
    real = m.typed(x.shape, "float32")
    m.outputs.append(real)
    m.model.operator("DEQUANTIZE", [y.index], [real.index])
    return x


# --- types ------------------------------------------------------------------------------------------------------------


def quantize(m: Maker, x: Value | None = None) -> Value:
    return _function(m, x, "QUANTIZE")


def quantize_float(m: Maker, x: Value | None = None) -> Value:
    source = m.input(m.shape(), "float32")
    return _function(m, source, "QUANTIZE", m.value(source.shape, m.pick([None, 0.125, 0.25, 1.0])))


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


# --- movement ---------------------------------------------------------------------------------------------------------


def reshape(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
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
    x = _any(m, x)
    numbers = [[m.pick([0, 0, 1, 2, 3]), m.pick([0, 0, 1, 2])] for _ in x.shape]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, numbers, strict=True)])
    m.model.operator("PAD", [x.index, m.constant(numbers)], [y.index])
    return y


def pad_v2(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
    numbers = [[m.pick([0, 0, 1, 2, 3]), m.pick([0, 0, 1, 2])] for _ in x.shape]
    y = m.like(x, [n + a + b for n, (a, b) in zip(x.shape, numbers, strict=True)])
    value = m.model.tensor((1,), "int8", scale=x.scale, zero_point=x.zero_point, data=m.int8((1,)))
    m.model.operator("PADV2", [x.index, m.constant(numbers), value], [y.index])
    return y


def concatenation(m: Maker, x: Value | None = None) -> Value:
    x = _any(m, x)
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
    x = _any(m, x)
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
    return _function(m, turned, "QUANTIZE")


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


OPERATORS: dict[str, Operator] = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "CONCATENATION": concatenation,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEQUANTIZE": dequantize,
    "EXPAND_DIMS": expand_dims,
    "FULLY_CONNECTED": fully_connected,
    "HARD_SWISH": hard_swish,
    "LEAKY_RELU": leaky_relu,
    "LOGISTIC": logistic,
    "MAX_POOL_2D": max_pool_2d,
    "MEAN": mean,
    "MUL": mul,
    "PAD": pad,
    "PADV2": pad_v2,
    "QUANTIZE": quantize,
    "QUANTIZE float": quantize_float,
    "QUANTIZE uint8": quantize_uint8,
    "RELU": relu,
    "RELU6": relu6,
    "RESHAPE": reshape,
    "SOFTMAX": softmax,
    "SOFTMAX int16": softmax_16,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "STRIDED_SLICE": strided_slice,
    "SUB": sub,
    "SUM": reduce_sum,
    "TANH": tanh,
    "TRANSPOSE": transpose,
    "TRANSPOSE float": transpose_float,
}
# Chains are made of these: they take any int8 value and give one back.
_LINKS = (conv_2d, depthwise_conv_2d, fully_connected, add, mul, average_pool_2d, max_pool_2d, relu, pad, concatenation)
_LINKS += (reshape, transpose, strided_slice, logistic, quantize, mean, softmax, sub)


def chain(m: Maker, length: int) -> Value:
    """Several operators one after the other, now and then two branches that meet."""
    x = m.input(m.image())
    for _ in range(length):
        link = m.pick(_LINKS)
        if m.chance(0.2):
            other = m.value(x.shape, float(np.float32(x.scale * 2)))
            m.model.operator("QUANTIZE", [x.index], [other.index])
            y = m.value(x.shape, float(np.float32(x.scale * 3)))
            m.model.operator("ADD", [x.index, other.index], [y.index], fused_activation_function="NONE")
            x = y
        x = link(m, x)
    return x


def random_graph(parts: Sequence[tuple[str, int]]) -> RandomGraph:
    """One model of independent parts: a name of OPERATORS, or "chain", and a seed each. Tensors bear their names."""
    m = Maker()
    for part, seed in parts:
        m.begin(part, seed)
        value = chain(m, m.between(2, 6)) if part == "chain" else OPERATORS[part](m, None)
        if all(value.index != v.index for v in m.inputs):
            m.outputs.append(value)
    return m.build(" + ".join(f"{part} {seed}" for part, seed in parts[:5]))


def sample_graphs() -> list[RandomGraph]:
    """Every operator twice and some chains, each a model of its own; the same ones every time."""
    graphs = [random_graph([(name, seed)]) for name in OPERATORS for seed in (1, 2)]
    return graphs + [random_graph([("chain", seed)]) for seed in range(8)]
