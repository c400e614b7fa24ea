"""Weights, biases and output factors of convolutions and dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Scaling
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    CONVERT_INT8,
    constant,
    fail,
    label,
    limits,
    multiplier,
    of_type,
)
from edgekd.compiler.quantize import wrap_array


def check_weights(op: Operator, weights: Tensor, axis: int) -> npt.NDArray[Any]:
    """The values of int8 weights, symmetric, quantized as one or along `axis`."""
    of_type(op, weights, "int8")
    if weights.quantization is None:
        fail(op, f"its weights, {label(weights)}, have no scale", CONVERT_INT8)
    if weights.quantization.per_channel and (
        weights.quantization.axis != axis or len(weights.quantization.scale) != weights.shape[axis]
    ):
        fail(op, f"its weights, {label(weights)}, must be quantized along dimension {axis}", CONVERT_AGAIN)
    if np.any(weights.quantization.zero_point != 0):
        fail(op, f"its weights, {label(weights)}, have a zero point other than 0", CONVERT_INT8)
    return constant(op, weights, "weights")


def per_channel_factors(op: Operator, source: Tensor, weights: Tensor, target: Tensor) -> list[float]:
    """input scale * weight scale / output scale, each product and quotient in double precision
    (PopulateConvolutionQuantizationParams)."""
    assert weights.quantization is not None
    scales = weights.quantization.scale.astype(np.float64)
    return [source.scale * float(scale) / target.scale for scale in scales]


def scaling(op: Operator, target: Tensor, factors: list[float]) -> Scaling:
    """How sums become `target`. factors: one for each channel, or one."""
    pairs = [multiplier(op, factor) for factor in factors]
    return Scaling(
        multiplier=np.array([pair[0] for pair in pairs], np.int32),
        shift=np.array([pair[1] for pair in pairs], np.int8),
        zero_point=target.zero_point,
        **limits(op, target),
    )


def folded_bias(
    op: Operator, source: Tensor, values: npt.NDArray[Any], bias: Tensor | None, channel_axis: int
) -> npt.NDArray[np.int32]:
    """The bias with the input's zero point folded in: sum(w * (x - z)) = sum(w * x) - z * sum(w), modulo 2**32.

    values: int8 weights. channel_axis: their dimension of output channels.
    """
    channels = values.shape[channel_axis]
    sums = values.astype(np.int64).sum(axis=tuple(d for d in range(values.ndim) if d != channel_axis))
    return wrap_array(bias_values(op, bias, channels) - source.zero_point * sums)


def bias_values(op: Operator, bias: Tensor | None, channels: int) -> npt.NDArray[np.int64]:
    """The bias as int64, zeros when left out."""
    if bias is None:
        return np.zeros(channels, np.int64)
    of_type(op, bias, "int32")
    values = constant(op, bias, "biases")
    if values.size != channels:
        fail(op, f"its bias, {label(bias)}, has {values.size} numbers for {channels} channels", CONVERT_AGAIN)
    return values.reshape(-1).astype(np.int64)
