"""A .tflite model as plain data: what the reader makes and every later step of the compiler takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

DType = Literal["int8", "uint8", "int16", "int32", "int64", "float32", "bool", "resource"]


@dataclass(frozen=True, eq=False)
class Quantization:
    """real = scale * (quantized - zero_point), one pair for the tensor or one for each slice along `axis`.

    scale: float32, shape (1,) or (channels,), every value finite and > 0.
    zero_point: int64, same shape, within the tensor's type.
    axis: the dimension the pairs run along; 0 when there is one pair.
    """

    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        return len(self.scale) > 1


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of the graph. shape: every dimension known, batch first, channels last (NHWC)."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: npt.NDArray[Any] | None = None  # of a constant: `shape` and `dtype`, read-only
    initial: npt.NDArray[Any] | None = None  # of a variable: what it holds before the first inference

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements * np.dtype(self.dtype).itemsize

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def is_variable(self) -> bool:
        """Keeps its values from one inference to the next."""
        return self.initial is not None

    @property
    def scale(self) -> float:
        """The only scale, as the float32 value the file holds."""
        assert self.quantization is not None and not self.quantization.per_channel, self.name
        return float(self.quantization.scale[0])

    @property
    def zero_point(self) -> int:
        """The only zero point."""
        assert self.quantization is not None and not self.quantization.per_channel, self.name
        return int(self.quantization.zero_point[0])


@dataclass(frozen=True, eq=False)
class Operator:
    """One operator. name: as in the schema ("CONV_2D").

    options: its builtin options under the schema's own names ("stride_w", "fused_activation_function"), defaults
    filled in. Numbers are int, float or bool, enumerations are their names ("SAME", "RELU6"), vectors are tuples.
    Only operators the reader knows options of have any.
    """

    index: int
    name: str
    inputs: tuple[Tensor | None, ...]  # None: an optional input left out
    outputs: tuple[Tensor, ...]
    options: Mapping[str, Any]

    @property
    def where(self) -> str:
        """For messages: "operator 3 (CONV_2D)"."""
        return f"operator {self.index} ({self.name})"


@dataclass(frozen=True, eq=False)
class Graph:
    """A checked model: operators in execution order, every index resolved, every constant of the right size."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    sha256: str  # of the file's bytes, lower-case hex
    file_bytes: int

    @property
    def variables(self) -> tuple[Tensor, ...]:
        """What is kept from one inference to the next: none in a model without state."""
        return tuple(tensor for tensor in self.tensors if tensor.is_variable)
