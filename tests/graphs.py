"""Small random .tflite models that cover every supported operator, for comparing an engine with the oracle.

    graph = random_graph([("CONV_2D", 1), ("chain", 7)])     # the same every time
    path.write_bytes(graph.data)
    run(path, graph.samples(4))

Every operator has one function in graph_parts: it takes a `Maker` and a value to work on (or makes its own input) and
appends the operator with random shapes, scales, zero points and options, edges among them, that TensorFlow Lite Micro
accepts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from graph_parts import comparison, elementwise, functions, movement, picking, reduction, sixteen, state, windowed
from graph_parts.maker import Maker, Operator, RandomGraph, Value

OPERATORS: dict[str, Operator] = {
    "ABS": functions.absolute,
    "ADD": elementwise.add,
    "ARG_MAX": reduction.arg_max,
    "ARG_MIN": reduction.arg_min,
    "AVERAGE_POOL_2D": windowed.average_pool_2d,
    "BATCH_MATMUL": elementwise.batch_matmul,
    "BATCH_TO_SPACE_ND": picking.batch_to_space,
    "CONCATENATION": movement.concatenation,
    "CONV_2D": windowed.conv_2d,
    "DEPTHWISE_CONV_2D": windowed.depthwise_conv_2d,
    "DEPTH_TO_SPACE": picking.depth_to_space,
    "DEQUANTIZE": functions.dequantize,
    "ELU": functions.elu,
    "EXPAND_DIMS": movement.expand_dims,
    "FULLY_CONNECTED": windowed.fully_connected,
    "GATHER": picking.gather,
    "HARD_SWISH": functions.hard_swish,
    "LEAKY_RELU": functions.leaky_relu,
    "LOGISTIC": functions.logistic,
    "MAXIMUM": elementwise.maximum,
    "MAX_POOL_2D": windowed.max_pool_2d,
    "MEAN": reduction.mean,
    "MINIMUM": elementwise.minimum,
    "MIRROR_PAD": picking.mirror_pad,
    "MUL": elementwise.mul,
    "PACK": picking.pack,
    "PAD": movement.pad,
    "PAD folded": windowed.padded_convolution,
    "PADV2": movement.pad_v2,
    "PRELU": elementwise.prelu,
    "QUANTIZE": functions.quantize,
    "QUANTIZE float": functions.quantize_float,
    "QUANTIZE uint8": functions.quantize_uint8,
    "REDUCE_MAX": reduction.reduce_max,
    "REDUCE_MIN": reduction.reduce_min,
    "RELU": functions.relu,
    "RELU6": functions.relu6,
    "RESHAPE": movement.reshape,
    "RESIZE_BILINEAR": picking.resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": picking.resize_nearest_neighbor,
    "REVERSE_V2": picking.reverse,
    "RSQRT": functions.rsqrt,
    "SLICE": picking.slice_,
    "SOFTMAX": functions.softmax,
    "SOFTMAX int16": functions.softmax_16,
    "SPACE_TO_BATCH_ND": picking.space_to_batch,
    "SPACE_TO_DEPTH": picking.space_to_depth,
    "SPLIT": movement.split,
    "SPLIT_V": movement.split_v,
    "SQUARED_DIFFERENCE": elementwise.squared_difference,
    "SQUEEZE": movement.squeeze,
    "STRIDED_SLICE": movement.strided_slice,
    "SUB": elementwise.sub,
    "SUM": reduction.reduce_sum,
    "SVDF": state.svdf,
    "TANH": functions.tanh,
    "TRANSPOSE": movement.transpose,
    "TRANSPOSE float": movement.transpose_float,
    "TRANSPOSE_CONV": windowed.transpose_conv,
    "UNPACK": picking.unpack,
    "VAR_HANDLE": state.variable,
    **comparison.OPERATORS,
    **sixteen.OPERATORS,
}
# Chains are made of these: they take any int8 value and give one back.
_LINKS = (
    windowed.conv_2d,
    windowed.depthwise_conv_2d,
    windowed.padded_convolution,
    windowed.fully_connected,
    elementwise.add,
    elementwise.mul,
    windowed.average_pool_2d,
    windowed.max_pool_2d,
    functions.relu,
    movement.pad,
    movement.concatenation,
    movement.reshape,
    movement.transpose,
    movement.strided_slice,
    functions.logistic,
    functions.quantize,
    reduction.mean,
    functions.softmax,
    elementwise.sub,
    elementwise.maximum,
    elementwise.prelu,
    picking.slice_,
    picking.resize_nearest_neighbor,
    picking.mirror_pad,
)


def chain(m: Maker, length: int) -> Value:
    """Several operators one after the other, now and then two branches that meet, or nothing but convolutions."""
    x = m.input(m.image_shape())
    links = [windowed.conv_2d, windowed.depthwise_conv_2d] if m.chance(0.2) else _LINKS
    for _ in range(length):
        link = m.pick(links)
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
