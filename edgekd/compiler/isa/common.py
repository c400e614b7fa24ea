"""What kernels of several instruction sets have in common: parts of their parameter structs and how they walk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgekd.compiler.layers import Mean, Mul, Scaling, Sums, Window
from edgekd.compiler.lowered import ConstantArray, FieldValue, KernelCall, Rows, Run

# By type of layer: what makes its call, or None for a layer the kernel does not take.
Kernels = Mapping[type, Callable[[Any], KernelCall | None]]

_MEAN_CHANNELS = 4  # of a pass
WINDOW_SOURCES = ("window.c", "window.h")


def window_fields(window: Window) -> dict[str, FieldValue]:
    """The field `window` of a kernel's struct (firmware/kernels/window.h). Buffers hold whole images; the planner
    changes input_rows and output_rows where one is a ring of rows."""
    y, x = window.y, window.x
    values: dict[str, int] = {
        "input_height": y.extent,
        "input_width": x.extent,
        "input_channels": window.channels,
        "output_height": y.output,
        "output_width": x.output,
        "height": y.taps,
        "width": x.taps,
        "stride_y": y.stride,
        "stride_x": x.stride,
        "dilation_y": y.dilation,
        "dilation_x": x.dilation,
        "pad_top": y.padding,
        "pad_left": x.padding,
        "input_rows": y.extent,
        "output_rows": y.output,
    }
    return {f"window.{name}": value for name, value in values.items()}


def window_rows(window: Window) -> Rows:
    """Which input rows an output row reads."""
    return Rows(window.y.output, window.y.stride, window.y.reach, window.y.padding, window.y.extent)


def sum_constants(layer: Sums) -> tuple[ConstantArray, ...]:
    """bias, multiplier and shift as the portable kernels have them."""
    return (
        ConstantArray("bias", layer.bias, is_weight=layer.bias_is_weight),
        ConstantArray("multiplier", layer.scaling.multiplier, is_weight=False),
        ConstantArray("shift", layer.scaling.shift, is_weight=False),
    )


def scaling_fields(scaling: Scaling) -> dict[str, FieldValue]:
    """The fields that go with `sum_constants`."""
    return {
        "bias": "bias",
        "multiplier": "multiplier",
        "shift": "shift",
        "per_channel": int(scaling.per_channel),
        "zero_point": scaling.zero_point,
        "lowest": scaling.lowest,
        "highest": scaling.highest,
    }


def mul_call(
    layer: Mul, kernel: str, struct: str, sources: tuple[str, ...], fields: Mapping[str, FieldValue], buffered: int = 1
) -> KernelCall:
    """A call of edgekd_mul_<kernel>, or of edgekd_mul_rows_<kernel>, whose struct has the fields as `mul`.

    buffered: elements read before the first result is written.
    """
    operands = (layer.a, layer.b)
    if layer.rows == 1:
        run = Run(layer.target.elements, buffered)
        return KernelCall(f"edgekd_mul_{kernel}", struct, sources, operands, (layer.target,), dict(fields), run=run)
    return KernelCall(
        function=f"edgekd_mul_rows_{kernel}",
        struct=f"edgekd_mul_rows_{kernel}",
        sources=sources,
        inputs=operands,
        outputs=(layer.target,),
        fields={
            **{f"mul.{name}": value for name, value in fields.items()},
            "rows": layer.rows,
            "count": layer.b.elements,
        },
        in_place=((0, 0),),
    )


def mean_call(layer: Mean, folder: str, headers: tuple[str, ...] = ()) -> KernelCall | None:
    """A call of edgekd_mean_pixels_s8_<folder> (firmware/kernels/mean_pixels_s8.h), None for fewer than four channels.

    headers: what its source includes beside requantize.h.
    """
    if layer.channels < _MEAN_CHANNELS:
        return None
    kernel = f"mean_pixels_s8_{folder}"
    return KernelCall(
        function=f"edgekd_{kernel}",
        struct="edgekd_mean_pixels_s8",
        sources=(f"{folder}/{kernel}.c", f"{folder}/{kernel}.h", "mean_pixels_s8.h", "requantize.h", *headers),
        inputs=(layer.source,),
        outputs=(layer.target,),
        fields={
            "images": layer.images,
            "pixels": layer.pixels,
            "channels": layer.channels,
            **{name: layer.fields[name] for name in ("offset", "multiplier", "shift", "zero_point")},
        },
    )
