"""Writes small .tflite models for tests, from the schema that comes with TensorFlow Lite Micro.

    model = ModelBuilder()
    x = model.tensor((1, 8, 8, 3), scale=0.1, zero_point=-3)
    w = model.tensor((4, 3, 3, 3), scale=[0.01, 0.02, 0.01, 0.03], data=weights)      # per channel, axis 0
    b = model.tensor((4,), "int32", scale=[0.001, 0.002, 0.001, 0.003], data=biases)
    y = model.tensor((1, 8, 8, 4), scale=0.2)
    model.operator("CONV_2D", [x, w, b], [y], padding="SAME", stride_w=1, stride_h=1, fused_activation_function="RELU")
    path.write_bytes(model.build([x], [y]))

Options carry the names of edgekd.compiler.graph.Operator.options. The builder checks nothing: tests of damaged or
contradictory models need it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

# Operators whose options table is not named after the operator itself.
_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "SVDF": "SVDFOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "RSQRT": None,
    "SELECT_V2": "SelectV2Options",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "PRELU": None,
    "ELU": None,
    "MIRROR_PAD": "MirrorPadOptions",
    "REVERSE_V2": "ReverseV2Options",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "PADV2": "PadV2Options",
    "SPLIT_V": "SplitVOptions",
    "RELU": None,
    "RELU6": None,
    "RELU_N1_TO_1": None,
    "LOGISTIC": None,
    "TANH": None,
}
_ENUMERATIONS = {
    "padding": "Padding",
    "mode": "MirrorPadMode",
    "quantized_bias_type": "TensorType",
    "fused_activation_function": "ActivationFunctionType",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
}
_IDENTIFIER = b"TFL3"


class ModelBuilder:
    """A model, built tensor by tensor and operator by operator."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[str] = []
        self._subgraphs: list[Any] = []  # those after the first
        self._buffers: list[Any] = [schema.BufferT()]  # buffer 0 is the empty one, by convention
        self._buffers[0].data = None

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] = 0,
        axis: int = 0,
        data: Any = None,
        name: str | None = None,
        shape_signature: Sequence[int] | None = None,
        variable: bool = False,
    ) -> int:
        """Add a tensor and return its index. data: makes it a constant. One zero point serves all scales.

        variable: it keeps its values from one inference to the next, as the state of SVDF does.
        """
        tensor = schema.TensorT()
        tensor.name = (name if name is not None else f"tensor_{len(self._tensors)}").encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        tensor.shapeSignature = None if shape_signature is None else np.array(shape_signature, np.int32)
        tensor.buffer = 0
        tensor.isVariable = variable
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantization = schema.QuantizationParametersT()
            quantization.scale = scales
            quantization.zeroPoint = np.broadcast_to(np.asarray(zero_point, np.int64), scales.shape).copy()
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.asarray(data, np.dtype(dtype)).tobytes(), np.uint8)
            tensor.buffer = len(self._buffers)
            self._buffers.append(buffer)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def operator(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        """Add an operator. inputs: tensor indices, -1 for one left out. options: names as in the schema."""
        if name not in self._codes:
            self._codes.append(name)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(name)
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array(outputs, np.int32)
        operator.builtinOptionsType = 0
        operator.builtinOptions = None
        kind = options_name(name)
        if kind is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = getattr(schema, kind + "T")()
        for key, value in options.items():
            field = _camel(key)
            if not hasattr(operator.builtinOptions, field):
                raise TypeError(f"{kind} has no {key}")
            if key in _ENUMERATIONS and isinstance(value, str):
                value = getattr(getattr(schema, _ENUMERATIONS[key]), value)
            if isinstance(value, str):
                value = value.encode()
            if isinstance(value, tuple | list):
                value = np.array(value, np.int32)
            setattr(operator.builtinOptions, field, value)
        self._operators.append(operator)

    def handle(self, name: str) -> int:
        """Add VAR_HANDLE of the resource variable `name`; returns the index of the handle."""
        handle = self.tensor((1,), "resource")
        self.operator("VAR_HANDLE", [], [handle], shared_name=name, container="")
        return handle

    def call_once(self, name: str, value: int) -> None:
        """Add CALL_ONCE of a subgraph that assigns the constant of tensor `value` to the resource variable `name`."""
        outer = self._tensors, self._operators
        constant = self._tensors[value]
        self._tensors, self._operators = [constant], []
        self.operator("ASSIGN_VARIABLE", [self.handle(name), 0], [])
        inner = schema.SubGraphT()
        inner.tensors, inner.operators = self._tensors, self._operators
        inner.inputs = inner.outputs = np.array([], np.int32)
        inner.name = name.encode()
        self._subgraphs.append(inner)
        self._tensors, self._operators = outer
        self.operator("CALL_ONCE", [], [], init_subgraph_index=len(self._subgraphs))

    def build(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The file's bytes; `inputs` and `outputs` are the graph's."""
        graph = schema.SubGraphT()
        graph.tensors = self._tensors
        graph.inputs = np.array(inputs, np.int32)
        graph.outputs = np.array(outputs, np.int32)
        graph.operators = self._operators
        graph.name = b"main"
        model = schema.ModelT()
        model.version = 3
        model.operatorCodes = [_code(name) for name in self._codes]
        model.subgraphs = [graph, *self._subgraphs]
        model.buffers = self._buffers
        model.description = b"made by a test"
        return pack(model)


def options_name(operator: str) -> str | None:
    """The schema's name of an operator's options table; None for an operator that has none."""
    return _OPTIONS.get(operator, "".join(part.capitalize() for part in operator.split("_")) + "Options")


def pack(model: Any) -> bytes:
    """A schema.ModelT as the bytes of a .tflite file."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _code(name: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = 1
    return code


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
