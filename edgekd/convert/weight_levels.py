"""Weights of fewer than 8 bits in an int8 .tflite."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_SIGNIFICANT_BITS = 16  # of a learned scale, see edgekd/distill/quantizers.py


def narrowed(model: bytes, levels: int) -> bytes:
    """The model with weights in steps from -levels to levels, stored as int8.

    TensorFlow gives the largest weight of each channel step 127. Of weights that are whole steps of its `levels`-th
    part, that step times levels / 127, rounded, is the whole number again; so is the bias, which is a whole number of
    steps of input scale times weight scale.
    """
    import flatbuffers
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    content = schema.ModelT.InitFromPackedBuf(model, 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    graph = content.subgraphs[0]
    done: set[int] = set()
    for operator in graph.operators:
        code = content.operatorCodes[operator.opcodeIndex]
        if names[max(code.builtinCode, code.deprecatedBuiltinCode)] not in _WEIGHTED or operator.inputs[1] in done:
            continue
        source, weights = (graph.tensors[index] for index in operator.inputs[:2])
        _narrow(weights, content.buffers, np.int8, levels)
        scale = np.asarray(weights.quantization.scale, np.float64) * 127 / levels
        weights.quantization.scale = _significant(scale)
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            bias = graph.tensors[operator.inputs[2]]
            _narrow(bias, content.buffers, np.int32, levels)
            bias.quantization.scale = np.float32(source.quantization.scale[0]) * weights.quantization.scale
        done.add(operator.inputs[1])
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _narrow(tensor: Any, buffers: Any, kind: Any, levels: int) -> None:
    buffer = buffers[tensor.buffer]
    steps = np.frombuffer(bytes(buffer.data), kind)
    buffer.data = np.frombuffer(np.rint(steps * (levels / 127)).astype(kind).tobytes(), np.uint8)


def _significant(scale: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    mantissa, exponent = np.frexp(scale)
    places = 2.0**_SIGNIFICANT_BITS
    return np.ldexp(np.rint(mantissa * places) / places, exponent).astype(np.float32)
