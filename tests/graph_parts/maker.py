"""A .tflite model in the making: tensors with random shapes, scales and zero points."""

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
    if dtype == "bool":
        return random.integers(0, 1, shape, np.uint8, endpoint=True).astype(bool)
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
        self.activations = "int8"  # or "int16": the type of inputs and values that are not told theirs

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
        if self.activations == "int16":
            return 0
        return int(self.pick([-128, 127, 0, self.between(-128, 127), self.between(-128, 127)]))

    def int8(self, shape: Sequence[int]) -> Array:
        return self.random.integers(-128, 127, tuple(shape), np.int8, endpoint=True)

    def shape(self, rank: int | None = None, largest: int = 6) -> tuple[int, ...]:
        return tuple(self.between(1, largest) for _ in range(self.between(1, 4) if rank is None else rank))

    def channels(self, few: int = 10) -> int:
        """1 to `few`, now and then so many that a kernel's widest block goes in more than once."""
        return self.between(few, 5 * few) if self.chance(0.15) else self.between(1, few)

    def image_shape(self) -> tuple[int, ...]:
        return (self.pick([1, 1, 1, 2]), self.between(1, 10), self.between(1, 10), self.channels())

    def input(self, shape: Sequence[int], dtype: str | None = None) -> Value:
        dtype = dtype or self.activations
        value = self._value(shape, dtype, *self._quantization(dtype))
        self.inputs.append(value)
        return value

    def value(self, shape: Sequence[int], scale: float | None = None, zero_point: int | None = None) -> Value:
        """A tensor an operator will write."""
        return self._value(
            shape,
            self.activations,
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
        """A constant with scale and zero point."""
        scale, zero_point = self._quantization(self.activations)
        limits = np.iinfo(self.activations)
        data = self.random.integers(limits.min, limits.max, tuple(shape), self.activations, endpoint=True)
        index = self.model.tensor(shape, self.activations, scale=scale, zero_point=zero_point, data=data)
        return Value(index, tuple(shape), self.activations, scale, zero_point)

    def activation(self) -> str:
        return str(self.pick(["NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1"]))

    def build(self, name: str) -> RandomGraph:
        data = self.model.build([v.index for v in self.inputs], [v.index for v in self.outputs])
        return RandomGraph(name, data, tuple((v.shape, v.dtype) for v in self.inputs))

    def _quantization(self, dtype: str) -> tuple[float, int]:
        if dtype in ("float32", "int32", "bool"):
            return 0.0, 0
        if dtype == "uint8":
            return self.scale(), self.between(0, 255)
        return self.scale(), 0 if dtype == "int16" else self.zero_point()

    def _value(self, shape: Sequence[int], dtype: str, scale: float, zero_point: int) -> Value:
        index = self.model.tensor(shape, dtype, scale=scale or None, zero_point=zero_point, name=self.part)
        return Value(index, tuple(shape), dtype, scale, zero_point)


Operator = Callable[[Maker, Value | None], Value]


def image(m: Maker, x: Value | None) -> Value:
    return x if x is not None and len(x.shape) == 4 else m.input(m.image_shape())


def anything(m: Maker, x: Value | None) -> Value:
    return x if x is not None else m.input(m.shape())
