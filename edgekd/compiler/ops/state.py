"""Operators with a memory: SVDF, and resource variables (edgekd.compiler.variables)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import Alias, ConstantArray, Folded, KernelCall
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    constant,
    fail,
    label,
    multiplier,
    of_type,
    output,
    quantized,
    rank,
    required,
    same_type,
    shape_is,
)
from edgekd.compiler.quantize import wrap_array

_BIAS_TOLERANCE = 1e-5  # TensorFlow Lite Micro refuses more (PrepareSvdf)


def svdf(op: Operator) -> KernelCall:
    """Nakkiran et al., 2015: each filter is a dense layer on the input of now, then a filter over the last `memory`
    results, which the state keeps; int8 or int16."""
    source, feature, time, bias, state = required(op, 5)
    target = output(op)
    quantized(op, source, feature, target)
    of_type(op, state, "int8", "int16")
    quantized(op, state, time, dtype=state.dtype)
    for tensor in (source, feature, time, state, target):
        rank(op, tensor, 2)
    if not state.is_variable:
        fail(op, f"its state, {label(state)}, is no variable", CONVERT_AGAIN)
    if op.options["fused_activation_function"] not in ("NONE", "RELU"):
        fail(op, f"the fused activation {op.options['fused_activation_function']} is not supported", "use RELU or none")
    (batches, inputs), (filters, memory), filters_a_unit = source.shape, time.shape, op.options["rank"]
    if filters_a_unit < 1 or filters % filters_a_unit:
        fail(op, f"its rank is {filters_a_unit}, of {filters} filters", CONVERT_AGAIN)
    shape_is(op, feature, (filters, inputs))
    shape_is(op, state, (batches, memory * filters))
    shape_is(op, target, (batches, filters // filters_a_unit))
    feature_factor, feature_shift = multiplier(op, _ratio(source, feature, state))
    factor, shift = multiplier(op, _ratio(state, time, target))
    weights = _symmetric(op, feature, "feature weights")
    zero_point_sums = source.zero_point * weights.astype(np.int64).sum(axis=1)
    return KernelCall(
        function="edgekd_svdf_s8" if state.dtype == "int8" else "edgekd_svdf_s8_s16",
        struct="edgekd_svdf_s8",
        sources=("svdf_s8.c", "svdf_s8.h", "requantize.h"),
        inputs=(source,),
        outputs=(target, state),
        fields={
            "feature": "feature",
            "feature_bias": "feature_bias",
            "time": "time",
            "bias": "bias",
            "batches": batches,
            "inputs": inputs,
            "units": filters // filters_a_unit,
            "rank": filters_a_unit,
            "memory": memory,
            "feature_multiplier": feature_factor,
            "feature_shift": feature_shift,
            "state_zero_point": state.zero_point,
            "multiplier": factor,
            "shift": shift,
            "zero_point": target.zero_point,
        },
        constants=(
            ConstantArray("feature", weights),
            ConstantArray("feature_bias", wrap_array(-zero_point_sums), is_weight=False),
            ConstantArray("time", _symmetric(op, time, "time weights")),
            ConstantArray("bias", _bias(op, bias, state, time, target)),
        ),
        macs=batches * filters * (inputs + memory),
    )


def _ratio(a: Tensor, b: Tensor, result: Tensor) -> float:
    """a's scale * b's scale / result's scale in single precision, unlike those of most operators."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        return float(np.float32(a.scale) * np.float32(b.scale) / np.float32(result.scale))


def _symmetric(op: Operator, weights: Tensor, what: str) -> npt.NDArray[Any]:
    """TensorFlow Lite Micro takes a zero point of 0 for granted."""
    if weights.zero_point != 0:
        fail(op, f"its {what}, {label(weights)}, have a zero point other than 0", CONVERT_INT8)
    return constant(op, weights, what)


def _bias(op: Operator, bias: Tensor, state: Tensor, time: Tensor, target: Tensor) -> npt.NDArray[Any]:
    of_type(op, bias, "int32")
    values = constant(op, bias, "biases")
    if values.size != target.shape[1]:
        fail(op, f"its bias, {label(bias)}, has {values.size} numbers for {target.shape[1]} units", CONVERT_AGAIN)
    scale = 0.0 if bias.quantization is None else float(bias.quantization.scale[0])
    if abs(scale - float(np.float32(state.scale) * np.float32(time.scale))) >= _BIAS_TOLERANCE:
        fail(op, f"the scale of its bias, {label(bias)}, is not state scale * time weight scale", CONVERT_INT8)
    return values.reshape(-1)


def nothing(op: Operator) -> Folded:
    """VAR_HANDLE and CALL_ONCE: the compiler has done what they say."""
    return Folded()


def read_variable(op: Operator) -> Alias | KernelCall:
    (variable,) = required(op, 1)
    value = output(op)
    _same(op, variable, value)
    return _copy(variable, value) if op.options.get("copied") else Alias(variable, value)


def assign_variable(op: Operator) -> KernelCall:
    (value,) = required(op, 1)
    variable = output(op)
    _same(op, value, variable)
    return _copy(value, variable)


def _same(op: Operator, a: Tensor, b: Tensor) -> None:
    same_type(op, a, b)
    shape_is(op, b, a.shape)


def _copy(source: Tensor, target: Tensor) -> KernelCall:
    """All bytes in one run."""
    return KernelCall(
        function="edgekd_copy",
        struct="edgekd_copy",
        sources=("copy.c", "copy.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"shape": (1,) * 5, "stride": (0,) * 5, "start": 0, "run": source.nbytes},
    )
