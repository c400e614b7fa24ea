"""FULLY_CONNECTED."""

from __future__ import annotations

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Dense
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import sums_16
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    fail,
    is_16,
    label,
    operands,
    output,
    quantized,
    rank,
)
from edgekd.compiler.ops.weights import check_weights, folded_bias, per_channel_factors, scaling

_BIAS_TOLERANCE = 0.02  # of an output step: TensorFlow Lite Micro refuses more (GetQuantizedConvolutionMultipler)


def fully_connected(op: Operator) -> Dense | KernelCall:
    """Weights [outputs, depth]; every `depth` consecutive inputs make one row of outputs."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    if op.options["weights_format"] != "DEFAULT":
        fail(op, f"weights in the format {op.options['weights_format']}", "convert without shuffled weights")
    quantized(op, source, target, dtype="int16" if is_16(op) else "int8")
    rank(op, weights, 2)
    values = check_weights(op, weights, axis=0)
    outputs, depth = weights.shape
    rows = source.elements // depth
    if source.elements % depth or not target.shape or target.shape[-1] != outputs or target.elements != rows * outputs:
        fail(
            op,
            f"{label(source)} of shape {list(source.shape)} times {label(weights)} of shape {list(weights.shape)} "
            f"does not give {label(target)} of shape {list(target.shape)}",
            CONVERT_AGAIN,
        )
    assert weights.quantization is not None
    if weights.quantization.per_channel:
        factors = per_channel_factors(op, source, weights, target)
    else:
        factors = [_shared_factor(op, source, weights, bias, target)]
    if is_16(op):
        return sums_16.fully_connected(op, source, values, bias, target, factors)
    return Dense(
        source=source,
        target=target,
        weights=values,
        bias=folded_bias(op, source, values, bias, channel_axis=0),
        bias_is_weight=bias is not None,
        scaling=scaling(op, target, factors),
        rows=rows,
    )


def _shared_factor(op: Operator, source: Tensor, weights: Tensor, bias: Tensor | None, target: Tensor) -> float:
    """input scale * weight scale / output scale, all in double precision (GetQuantizedConvolutionMultipler)."""
    product = source.scale * weights.scale
    if bias is not None:
        bias_scale = 0.0 if bias.quantization is None else float(bias.quantization.scale[0])
        if abs(product - bias_scale) / target.scale > _BIAS_TOLERANCE:
            fail(op, f"the scale of its bias, {label(bias)}, is not input scale * weight scale", CONVERT_INT8)
    return product / target.scale
