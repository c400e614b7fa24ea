"""What is measured: .tflite files that are given, or the MLPerf Tiny networks with seeded weights; and files derived
from them for a compiler that does not take them as they are."""

from __future__ import annotations

import copy
import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from edgekd.compiler import compile_model
from edgekd.errors import InputError

_CALIBRATION_SAMPLES = 32
_OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


@dataclass(frozen=True)
class Model:
    """name: of the file, without its suffix. macs: multiply-accumulates of one inference."""

    name: str
    path: Path
    macs: int

    @property
    def facts(self) -> dict[str, Any]:
        """What identifies the file in a record."""
        data = self.path.read_bytes()
        return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "macs": self.macs}


def load(paths: Sequence[Path]) -> list[Model]:
    """Models by file, folders meaning all their .tflite files. Raises InputError for a file edgekd cannot compile."""
    files = [file for path in paths for file in (sorted(path.glob("*.tflite")) if path.is_dir() else [path])]
    if not files:
        raise InputError(f"no .tflite file in {', '.join(map(str, paths))}")
    names = [file.stem for file in files]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two models are called {', '.join(sorted(twice))}", "rename one: rows go by this name")
    return [Model(file.stem, file, _macs(file)) for file in files]


def build(folder: Path) -> list[Model]:
    """The four networks of edgekd.models with seeded random weights, converted into `folder`.

    Their sizes and instructions are those of any weights; accuracies would mean nothing.
    """
    import torch

    from edgekd.convert.api import convert_all
    from edgekd.models.mlperf_tiny import BENCHMARKS

    random = np.random.default_rng(0)
    networks, samples = {}, {}
    for name, benchmark in BENCHMARKS.items():
        torch.manual_seed(0)
        path = folder / f"{name}.tflite"
        networks[path] = benchmark.build()
        samples[path] = random.normal(size=(_CALIBRATION_SAMPLES, *benchmark.input_shape)).astype(np.float32)
    convert_all(networks, samples)
    return [Model(path.stem, path, _macs(path)) for path in networks]


def derive(data: bytes) -> tuple[bytes, list[str]]:
    """A .tflite file changed so that bakenn 1.0.0 takes it, and what was changed.

    It refuses a batch of unknown size in a shape signature, a RESHAPE without options, FULLY_CONNECTED over more than
    two dimensions, and SOFTMAX. None of the changes touches an operator that stays.
    """
    model = schema.ModelT.InitFromPackedBuf(bytearray(data), 0)
    graph = model.subgraphs[0]
    changes = []
    if model.signatureDefs or any(_is_dynamic(tensor) for tensor in graph.tensors):
        model.signatureDefs = None
        for tensor in graph.tensors:
            tensor.shapeSignature = None
        changes.append("shape signatures removed")
    bare = [op for op in graph.operators if _name(model, op) == "RESHAPE" and op.builtinOptions is None]
    for operator in bare:
        _set_new_shape(operator, graph.tensors[operator.outputs[0]].shape)
    if bare:
        changes.append("RESHAPE's options filled in")
    deep = [op for op in graph.operators if _name(model, op) == "FULLY_CONNECTED" and _rank(graph, op) > 2]
    for operator in deep:
        _flatten_input(model, graph, operator)
    if deep:
        changes.append("a RESHAPE put before FULLY_CONNECTED")
    if len(graph.operators) > 1 and _name(model, graph.operators[-1]) == "SOFTMAX":
        softmax = graph.operators.pop()
        graph.outputs = np.array([softmax.inputs[0]], np.int32)
        changes.append("the SOFTMAX at the end removed")
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output()), changes


def _flatten_input(model: Any, graph: Any, operator: Any) -> None:
    """Put a RESHAPE to (rows, columns of the weights) before a FULLY_CONNECTED."""
    source = graph.tensors[operator.inputs[0]]
    columns = int(graph.tensors[operator.inputs[1]].shape[1])
    flat = copy.copy(source)
    flat.name, flat.shape = source.name + b"_flat", np.array([np.prod(source.shape) // columns, columns], np.int32)
    reshape = schema.OperatorT()
    reshape.opcodeIndex = len(model.operatorCodes)
    reshape.inputs = np.array([operator.inputs[0]], np.int32)
    reshape.outputs = np.array([len(graph.tensors)], np.int32)
    _set_new_shape(reshape, flat.shape)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    code.version = 1
    model.operatorCodes.append(code)
    graph.operators.insert(graph.operators.index(operator), reshape)
    operator.inputs = np.array([len(graph.tensors), *operator.inputs[1:]], np.int32)
    graph.tensors.append(flat)


def _set_new_shape(reshape: Any, shape: Any) -> None:
    reshape.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    reshape.builtinOptions = schema.ReshapeOptionsT()
    reshape.builtinOptions.newShape = shape


def _rank(graph: Any, operator: Any) -> int:
    return len(graph.tensors[operator.inputs[0]].shape)


def _is_dynamic(tensor: Any) -> bool:
    return tensor.shapeSignature is not None and -1 in tensor.shapeSignature


def _name(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    return str(_OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)])


def _macs(path: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return compile_model(path, Path(folder), target="host", name="c_" + re.sub(r"\W", "_", path.stem)).macs
