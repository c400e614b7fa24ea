"""Reads a .tflite file into a Graph, believing nothing: what comes out is complete and consistent.

Every damage a file can have ends in an InputError that names the file and the place, in time linear in its size.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from tflite_micro.tensorflow.lite.micro.python.schema_py_generated import BuiltinOperator, TensorType

from edgekd.compiler import flatbuffer, variables
from edgekd.compiler.flatbuffer import DamagedError, Table
from edgekd.compiler.graph import DType, Graph, Operator, Quantization, Tensor
from edgekd.compiler.options import read_options
from edgekd.errors import InputError

_MAX_FILE = 64 << 20  # no microcontroller has as much flash
_MAX_COUNT = 16_384  # of tensors and buffers
_MAX_OPERATORS = 4096
_MAX_REUSE = 64  # bytes of constants all operators read, as a multiple of the file: weights may be shared
_SMALL = 1 << 20  # bytes of constants that are no trouble in any case
_MAX_RANK = 8
_MAX_OPERANDS = 1024  # inputs or outputs of one operator
_MAX_TENSOR_BYTES = (1 << 31) - 1  # kernels count in 32 bits
_SCHEMA_VERSION = 3


def _names(enumeration: Any) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_OPERATOR_NAMES = _names(BuiltinOperator)
_TYPE_NAMES = _names(TensorType)
_CONTROL_FLOW = {"CALL", "IF", "WHILE", "STABLEHLO_WHILE", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE"}
_WITHOUT_OUTPUT = {"VAR_HANDLE", "CALL_ONCE"}
_WITH_STATE = {"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}  # they change an input, a variable


def read_tflite(path: Path) -> Graph:
    """The model in the file `path`. Raises InputError that names the file and what is wrong with it."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file", "give the path of a .tflite model")
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", "give the path of a .tflite model") from None
    return parse_tflite(data, str(path))


def parse_tflite(data: bytes, name: str) -> Graph:
    """The model in the bytes of a .tflite file; `name` is what messages call it. Raises InputError."""
    if len(data) > _MAX_FILE:
        raise InputError(f"{name}: larger than {_MAX_FILE >> 20} MiB, too large for any microcontroller")
    try:
        return _Reader(data).graph()
    except DamagedError as error:
        raise InputError(
            f"{name}: not a .tflite model edgekd can compile: {error}",
            "if the file was copied or downloaded, compare its size and checksum; otherwise convert the model again",
        ) from None


class _Reader:
    """The steps of reading one file; every method raises DamagedError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._model = flatbuffer.root(data, b"TFL3")
        version = self._model.number(0, "u32", 0)
        if version != _SCHEMA_VERSION:
            raise DamagedError(f"it has schema version {version}, not {_SCHEMA_VERSION}")

    def graph(self) -> Graph:
        subgraphs = list(self._model.tables(2, "subgraph", _MAX_COUNT))
        if not subgraphs:
            raise DamagedError("it has no subgraph")
        main = subgraphs[0]
        codes = self._operator_names()
        buffers = self._buffers()
        tensors, operators = self._subgraph(main, codes, buffers)
        inputs = _select(tensors, main.array(1, "<i4", "inputs"), "the graph's inputs")
        outputs = _select(tensors, main.array(2, "<i4", "outputs"), "the graph's outputs")
        if len(subgraphs) > 1 and (calls := [op for op in operators if op.name in _CONTROL_FLOW]):
            raise DamagedError(f"{calls[0].where} calls another subgraph, which edgekd does not support")
        called = {}
        for index in {op.options["init_subgraph_index"] for op in operators if op.name == "CALL_ONCE"}:
            if not 1 <= index < len(subgraphs):
                raise DamagedError(f"CALL_ONCE calls subgraph {index}, there are {len(subgraphs)}")
            called[index] = self._subgraph(subgraphs[index], codes, buffers)[1]
        operators, tensors = variables.resolve(operators, tensors, called)
        _check_order(inputs, outputs, operators)
        self._check_reuse(operators)
        sha256 = hashlib.sha256(self._data).hexdigest()
        return Graph(tensors, operators, inputs, outputs, sha256, len(self._data))

    def _subgraph(
        self, table: Table, codes: Sequence[str], buffers: Sequence[npt.NDArray[np.uint8] | None]
    ) -> tuple[tuple[Tensor, ...], tuple[Operator, ...]]:
        tensors = tuple(self._tensor(i, t, buffers) for i, t in enumerate(table.tables(0, "tensor", _MAX_COUNT)))
        operators = enumerate(table.tables(3, "operator", _MAX_OPERATORS))
        return tensors, tuple(self._operator(i, operator, codes, tensors) for i, operator in operators)

    def _check_reuse(self, operators: Sequence[Operator]) -> None:
        """Refuse a small file that asks for much work by reading the same bytes again and again."""
        constants = (tensor for op in operators for tensor in op.inputs if tensor is not None and tensor.is_constant)
        total = sum(tensor.nbytes for tensor in constants)
        if total > max(_SMALL, _MAX_REUSE * len(self._data)):
            raise DamagedError(f"its operators read {total} bytes of constants, more than {_MAX_REUSE} times the file")

    def _operator_names(self) -> list[str]:
        names = []
        for table in self._model.tables(1, "operator code", _MAX_COUNT):
            # Codes above 127 are in the second field; older files have only the first (schema.fbs, OperatorCode).
            code = max(table.number(0, "i8", 0), table.number(3, "i32", 0))
            name = _OPERATOR_NAMES.get(code)
            if name is None:
                raise DamagedError(f"{table.what}: the schema knows no operator {code}")
            custom = re.sub(r"[^\w.-]", "_", table.string(1, "custom code"))
            names.append(f"CUSTOM {custom}" if name == "CUSTOM" else name)
        return names

    def _buffers(self) -> list[npt.NDArray[np.uint8] | None]:
        """Bytes of each buffer; None for an empty one, which belongs to no constant."""
        found: list[npt.NDArray[np.uint8] | None] = []
        for table in self._model.tables(4, "buffer", _MAX_COUNT):
            if table.number(1, "u64", 0) > 1:
                raise DamagedError(f"{table.what}: its bytes are outside the flatbuffer, which edgekd does not support")
            data = table.array(0, np.uint8, "data")
            found.append(data if data is not None and len(data) else None)
        return found

    def _tensor(self, index: int, table: Table, buffers: Sequence[npt.NDArray[np.uint8] | None]) -> Tensor:
        name = table.string(3, "name")
        what = table.what = f'{table.what} ("{printable(name)}")' if name else table.what
        shape = _shape(table)
        dtype = _dtype(table)
        if dtype == "resource":
            return Tensor(index, name, shape, dtype)
        if prod(shape) * np.dtype(dtype).itemsize > _MAX_TENSOR_BYTES:
            raise DamagedError(f"{what}: its shape {shape} needs more than 2 GiB")
        if table.table(6, f"sparsity of {what}") is not None:
            raise DamagedError(f"{what}: sparse, which edgekd does not support")
        if table.number(10, "u32", 0):
            raise DamagedError(f"{what}: its data is outside the file, which edgekd does not support")
        buffer = table.number(2, "u32", 0)
        if buffer >= max(len(buffers), 1):
            raise DamagedError(f"{what}: its buffer {buffer} does not exist")
        data = buffers[buffer] if buffers else None
        tensor = Tensor(
            index, name, shape, dtype, _quantization(table, shape, dtype), _constant(what, data, shape, dtype)
        )
        if not table.number(5, "bool", False):
            return tensor
        if tensor.is_constant:
            raise DamagedError(f"{what}: a variable that is a constant")
        return replace(tensor, initial=variables.first_values(tensor))

    def _operator(self, index: int, table: Table, codes: Sequence[str], tensors: Sequence[Tensor]) -> Operator:
        code = table.number(0, "u32", 0)
        if code >= len(codes):
            raise DamagedError(f"{table.what}: its operator code {code} does not exist")
        name = codes[code]
        what = table.what = f"{table.what} ({name})"
        inputs = _select(tensors, table.array(1, "<i4", "inputs"), f"{what}: inputs", optional=True)
        outputs = _select(tensors, table.array(2, "<i4", "outputs"), f"{what}: outputs")
        mutating = table.array(7, np.uint8, "mutating inputs")
        if mutating is not None and mutating.any() and name not in _WITH_STATE:
            raise DamagedError(f"{what}: changes its inputs, which edgekd does not support")
        try:
            options = read_options(name, table.number(3, "u8", 0), table.table(4, f"{what}: options"))
        except DamagedError as error:
            text = str(error)
            raise DamagedError(text if text.startswith(what) else f"{what}: {text}") from None
        return Operator(index, name, inputs, outputs, options)


def printable(name: str) -> str:
    """A name out of a file, short and of printable ASCII without quotes, fit for messages and comments of C."""
    clean = re.sub(r"[^A-Za-z0-9_./:;,+\- ]", "_", name).replace("//", "/_")
    return clean if len(clean) <= 80 else f"{clean[:77]}..."


def _shape(table: Table) -> tuple[int, ...]:
    values = table.array(0, "<i4", "shape")
    shape = () if values is None else tuple(int(value) for value in values[: _MAX_RANK + 1])
    if len(shape) > _MAX_RANK:
        raise DamagedError(f"{table.what}: {len(values if values is not None else ())} dimensions, above {_MAX_RANK}")
    if any(extent < 1 for extent in shape):
        raise DamagedError(f"{table.what}: its shape {shape} has a dimension below 1; convert with a fixed batch of 1")
    return shape


def _dtype(table: Table) -> DType:
    code = table.number(1, "i8", 0)
    name = _TYPE_NAMES.get(code, f"number {code}").lower()
    for dtype in get_args(DType):
        if dtype == name:
            known: DType = dtype
            return known
    raise DamagedError(f"{table.what}: its type is {name}, which edgekd does not support")


def _constant(
    what: str, data: npt.NDArray[np.uint8] | None, shape: tuple[int, ...], dtype: DType
) -> npt.NDArray[Any] | None:
    if data is None:
        return None
    wanted = prod(shape) * np.dtype(dtype).itemsize
    if len(data) != wanted:
        raise DamagedError(f"{what}: its data has {len(data)} bytes, its shape {shape} of {dtype} needs {wanted}")
    if dtype == "bool":
        data = (data != 0).view(np.uint8)
    values = data.view(np.dtype(dtype).newbyteorder("<")).reshape(shape)
    values.flags.writeable = False
    return values


def _quantization(table: Table, shape: tuple[int, ...], dtype: DType) -> Quantization | None:
    quantization = table.table(4, f"quantization of {table.what}")
    if quantization is None:
        return None
    if quantization.number(4, "u8", 0):
        raise DamagedError(f"{table.what}: custom quantization, which edgekd does not support")
    scale = quantization.array(2, "<f4", "scales")
    zero_point = quantization.array(3, "<i8", "zero points")
    if scale is None or len(scale) == 0 or dtype in ("float32", "bool"):
        return None
    if zero_point is None or len(zero_point) != len(scale):
        count = 0 if zero_point is None else len(zero_point)
        raise DamagedError(f"{table.what}: {len(scale)} scales but {count} zero points")
    axis = quantization.number(6, "i32", 0) if len(scale) > 1 else 0
    if len(scale) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scale)):
        raise DamagedError(f"{table.what}: {len(scale)} scales along axis {axis} of shape {shape}")
    if not (np.isfinite(scale) & (scale > 0)).all():
        raise DamagedError(f"{table.what}: a scale is not a positive number")
    limits = np.iinfo(dtype)
    if (zero_point < limits.min).any() or (zero_point > limits.max).any():
        raise DamagedError(f"{table.what}: a zero point is outside {dtype}")
    return Quantization(scale, zero_point, axis)


def _select(
    tensors: Sequence[Tensor], indices: npt.NDArray[Any] | None, what: str, *, optional: bool = False
) -> tuple[Any, ...]:
    """The tensors at `indices`; with `optional`, -1 gives None."""
    if indices is None:
        return ()
    if len(indices) > _MAX_OPERANDS:
        raise DamagedError(f"{what}: {len(indices)} tensors, more than {_MAX_OPERANDS}")
    found: list[Tensor | None] = []
    for index in indices.tolist():
        if index == -1 and optional:
            found.append(None)
        elif 0 <= index < len(tensors):
            found.append(tensors[index])
        else:
            raise DamagedError(f"{what}: there is no tensor {index}")
    return tuple(found)


def _check_order(inputs: Sequence[Tensor], outputs: Sequence[Tensor], operators: Sequence[Operator]) -> None:
    """Every tensor has one origin, and it comes before every use."""
    if not inputs or not outputs:
        raise DamagedError("the graph has no inputs" if not inputs else "the graph has no outputs")
    for place, touched in (
        ("the graph", (*inputs, *outputs)),
        *((operator.where, (*operator.inputs, *operator.outputs)) for operator in operators),
    ):
        if any(tensor is not None and tensor.dtype == "resource" for tensor in touched):
            raise DamagedError(f"{place} uses a resource that is no variable, which edgekd does not support")
    known: set[int] = set()
    for tensor in inputs:
        if tensor.index in known or tensor.is_constant or tensor.is_variable:
            kept = "is a variable" if tensor.is_variable else "is listed twice"
            reason = "is a constant" if tensor.is_constant else kept
            raise DamagedError(f"the graph's input {tensor.index} {reason}")
        known.add(tensor.index)
    for operator in operators:
        for source in operator.inputs:
            if source is not None and not (source.is_constant or source.is_variable or source.index in known):
                raise DamagedError(f"{operator.where}: its input, tensor {source.index}, has no value yet")
        if not operator.outputs and operator.name not in _WITHOUT_OUTPUT:
            raise DamagedError(f"{operator.where}: it has no output")
        for target in operator.outputs:
            if target.is_variable and operator.name == "ASSIGN_VARIABLE":
                continue
            if target.is_constant or target.is_variable or target.index in known:
                raise DamagedError(f"{operator.where}: its output, tensor {target.index}, has a value already")
            known.add(target.index)
    for tensor in outputs:
        if tensor.index not in known and not tensor.is_variable:
            raise DamagedError(f"the graph's output, tensor {tensor.index}, is computed by no operator")
