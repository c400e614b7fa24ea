"""The portable kernels, right in firmware/kernels: they take every layer, and the others are compared with them."""

from __future__ import annotations

from edgekd.compiler.isa.common import (
    WINDOW_SOURCES,
    Kernels,
    scaling_fields,
    sum_constants,
    window_fields,
    window_rows,
)
from edgekd.compiler.layers import Add, Convolution, Dense, Depthwise, Mean, Mul, Pool
from edgekd.compiler.lowered import ConstantArray, KernelCall, Run

_DENSE_SOURCES = ("dense_s8.c", "dense_s8.h", "requantize.h")


def dense(layer: Dense) -> KernelCall:
    return KernelCall(
        function="edgekd_fully_connected_s8",
        struct="edgekd_fully_connected_s8",
        sources=("fully_connected_s8.c", "fully_connected_s8.h", *_DENSE_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            "dense.weights": "weights",
            "dense.depth": layer.depth,
            **{f"dense.{name}": value for name, value in scaling_fields(layer.scaling).items()},
            "outputs": layer.outputs,
        },
        constants=(ConstantArray("weights", layer.weights), *sum_constants(layer)),
        macs=layer.macs,
        run=Run(layer.rows),
    )


def convolution(layer: Convolution) -> KernelCall:
    window = layer.window
    return KernelCall(
        function="edgekd_conv_2d_s8",
        struct="edgekd_conv_2d_s8",
        sources=("conv_2d_s8.c", "conv_2d_s8.h", *_DENSE_SOURCES, *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            "dense.weights": "weights",
            "dense.depth": layer.depth,
            **{f"dense.{name}": value for name, value in scaling_fields(layer.scaling).items()},
            "groups": layer.groups,
            "outputs": layer.outputs,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(ConstantArray("weights", layer.weights), *sum_constants(layer)),
        scratch_bytes=layer.depth,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def depthwise(layer: Depthwise) -> KernelCall:
    window = layer.window
    name = "edgekd_depthwise_conv_2d_s8"
    return KernelCall(
        function=name,
        struct=name,
        sources=("depthwise_conv_2d_s8.c", "depthwise_conv_2d_s8.h", "requantize.h", *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            **window_fields(window),
            "weights": "weights",
            **scaling_fields(layer.scaling),
            "depth_multiplier": layer.depth_multiplier,
            "input_zero_point": layer.source.zero_point,
        },
        constants=(ConstantArray("weights", layer.weights), *sum_constants(layer)),
        scratch_bytes=window.taps * window.channels,
        macs=layer.macs,
        images=window.images,
        rows=window_rows(window),
    )


def pool(layer: Pool) -> KernelCall:
    return KernelCall(
        function=f"edgekd_{layer.kind}_pool_2d_s8",
        struct="edgekd_pool_2d_s8",
        sources=(f"{layer.kind}_pool_2d_s8.c", "pool_2d_s8.h", "requantize.h", *WINDOW_SOURCES),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={**window_fields(layer.window), "lowest": layer.lowest, "highest": layer.highest},
        images=layer.window.images,
        rows=window_rows(layer.window),
    )


def add(layer: Add) -> KernelCall:
    return KernelCall(
        function="edgekd_add_s8",
        struct="edgekd_add_s8",
        sources=("add_s8.c", "add_s8.h", "broadcast.h", "requantize.h"),
        inputs=(layer.a, layer.b),
        outputs=(layer.target,),
        fields=layer.fields,
        run=Run(layer.target.elements, buffered=1),
    )


def mul(layer: Mul) -> KernelCall:
    if layer.rows > 1:
        return KernelCall(
            function="edgekd_mul_broadcast_s8",
            struct="edgekd_mul_broadcast_s8",
            sources=("mul_s8.c", "mul_s8.h", "broadcast.h", "requantize.h"),
            inputs=(layer.a, layer.b),
            outputs=(layer.target,),
            fields={**layer.walk, **{f"mul.{name}": value for name, value in layer.fields.items()}},
            in_place=((0, 0),),
        )
    return KernelCall(
        function="edgekd_mul_s8",
        struct="edgekd_mul_s8",
        sources=("mul_s8.c", "mul_s8.h", "broadcast.h", "requantize.h"),
        inputs=(layer.a, layer.b),
        outputs=(layer.target,),
        fields=layer.fields,
        run=Run(layer.target.elements, buffered=1),
    )


def mean(layer: Mean) -> KernelCall:
    return KernelCall(
        function="edgekd_mean_s8",
        struct="edgekd_mean_s8",
        sources=("mean_s8.c", "mean_s8.h", "mean_walk.h", "requantize.h"),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields=layer.fields,
    )


KERNELS: Kernels = {
    Dense: dense,
    Convolution: convolution,
    Depthwise: depthwise,
    Pool: pool,
    Add: add,
    Mul: mul,
    Mean: mean,
}
