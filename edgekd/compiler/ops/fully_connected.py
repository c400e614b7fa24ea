"""FULLY_CONNECTED, and the dense kernel that 1x1 convolutions share with it."""

from __future__ import annotations

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    fail,
    label,
    limits,
    operands,
    output,
    quantized,
    rank,
)
from edgekd.compiler.ops.weights import Weights, check_weights, per_channel_factors, prepare

DENSE_SOURCES = ("dense_s8.c", "dense_s8.h", "requantize.h")
_BIAS_TOLERANCE = 0.02  # of an output step: TensorFlow Lite Micro refuses more (GetQuantizedConvolutionMultipler)


def fully_connected(op: Operator) -> KernelCall:
    """Weights [outputs, depth]; every `depth` consecutive inputs make one row of outputs."""
    source, weights, bias = operands(op, 2, 3)
    assert source is not None and weights is not None
    target = output(op)
    if op.options["weights_format"] != "DEFAULT":
        fail(op, f"weights in the format {op.options['weights_format']}", "convert without shuffled weights")
    quantized(op, source, target)
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
    dense = prepare(op, source, target, values, bias, channel_axis=0, factors=factors, prefix="dense.")
    return dense_call(op, source, target, dense, rows=rows, depth=depth, outputs=outputs)


def dense_call(
    op: Operator, source: Tensor, target: Tensor, dense: Weights, *, rows: int, depth: int, outputs: int
) -> KernelCall:
    """`rows` rows of `depth` inputs each become `outputs` outputs."""
    return KernelCall(
        function="edgekd_fully_connected_s8",
        struct="edgekd_fully_connected_s8",
        sources=("fully_connected_s8.c", "fully_connected_s8.h", *DENSE_SOURCES),
        inputs=(source,),
        outputs=(target,),
        fields={
            **dense.fields,
            "dense.depth": depth,
            **{f"dense.{name}": value for name, value in limits(op, target).items()},
            "rows": rows,
            "outputs": outputs,
        },
        constants=dense.constants,
        macs=rows * depth * outputs,
    )


def _shared_factor(op: Operator, source: Tensor, weights: Tensor, bias: Tensor | None, target: Tensor) -> float:
    """input scale * weight scale / output scale, all in double precision (GetQuantizedConvolutionMultipler)."""
    product = source.scale * weights.scale
    if bias is not None:
        bias_scale = 0.0 if bias.quantization is None else float(bias.quantization.scale[0])
        if abs(product - bias_scale) / target.scale > _BIAS_TOLERANCE:
            fail(op, f"the scale of its bias, {label(bias)}, is not input scale * weight scale", CONVERT_INT8)
    return product / target.scale
