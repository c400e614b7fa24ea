"""QUANTIZE, DEQUANTIZE and CAST."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops import functions_16
from edgekd.compiler.ops.checks import CONVERT_INT8, fail, label, of_type, output, quantized, required, shape_is
from edgekd.compiler.ops.lookup import requantize_8

# What CAST takes and gives, by their numbers in firmware/kernels/cast.h; float32 is only given.
_CAST = {"bool": 0, "int8": 1, "int16": 2, "int32": 3, "float32": 4}
_FROM = {"int8": "s8", "uint8": "u8", "int16": "s16"}


def quantize(op: Operator) -> KernelCall:
    """float32 to int8 or int16, or one 8-bit or 16-bit scale to another."""
    (source,) = required(op, 1)
    target = output(op)
    if "int16" in (source.dtype, target.dtype) and source.dtype != "float32":
        return functions_16.rescale(op, source, target)
    of_type(op, source, "float32", "int8", "uint8")
    of_type(op, target, "int8", "uint8", "int16")
    quantized(op, target, dtype=target.dtype)
    if source.dtype != "float32":
        quantized(op, source, dtype=source.dtype)
        if source.dtype == target.dtype == "uint8":
            fail(op, "uint8 to uint8 is not supported", CONVERT_INT8)
        return requantize_8(op, source, target)
    if target.dtype == "uint8":
        fail(op, f"{label(target)} is uint8: float32 is quantized to int8 and int16", CONVERT_INT8)
    shape_is(op, target, source.shape)
    return KernelCall(
        function=f"edgekd_quantize_f32_{_FROM[target.dtype]}",
        struct="edgekd_quantize_f32_s8",
        sources=("quantize_f32_s8.c", "quantize_f32_s8.h", "requantize.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"scale": target.scale, "zero_point": target.zero_point, "count": source.elements},
    )


def dequantize(op: Operator) -> KernelCall:
    """int8, uint8 or int16 to float32."""
    (source,) = required(op, 1)
    target = output(op)
    of_type(op, source, *_FROM)
    quantized(op, source, dtype=source.dtype)
    of_type(op, target, "float32")
    shape_is(op, target, source.shape)
    return KernelCall(
        function=f"edgekd_dequantize_{_FROM[source.dtype]}_f32",
        struct="edgekd_dequantize_f32",
        sources=("dequantize_f32.c", "dequantize_f32.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"scale": source.scale, "zero_point": source.zero_point, "count": source.elements},
    )


def cast(op: Operator) -> KernelCall:
    """Numbers as they are, whatever their scales say. From float32 TensorFlow Lite Micro's result is not defined when
    it does not fit."""
    (source,) = required(op, 1)
    target = output(op)
    of_type(op, source, *(name for name in _CAST if name != "float32"))
    of_type(op, target, *_CAST)
    shape_is(op, target, source.shape)
    return KernelCall(
        function="edgekd_cast",
        struct="edgekd_cast",
        sources=("cast.c", "cast.h"),
        inputs=(source,),
        outputs=(target,),
        fields={"from": _CAST[source.dtype], "to": _CAST[target.dtype], "count": source.elements},
    )
