"""RESIZE_BILINEAR."""

from __future__ import annotations

from edgekd.compiler.graph import Operator
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.ops.checks import (
    CONVERT_AGAIN,
    constant_ints,
    fail,
    output,
    quantized,
    rank,
    required,
    same_scale,
    shape_is,
)

_ONE = 1 << 10  # an input pixel, in the fixed point of positions
_MAX_EXTENT = 1 << 14  # positions of a larger image leave 32 bits


def resize_bilinear(op: Operator) -> KernelCall:
    """tensorflow/lite/kernels/internal/reference/resize_bilinear.h, ResizeBilinearInteger."""
    source, size = required(op, 2)
    target = output(op)
    quantized(op, source, target)
    same_scale(op, source, target)
    rank(op, source, 4)
    height, width = constant_ints(op, size, "size", 2)
    images, input_height, input_width, channels = source.shape
    shape_is(op, target, (images, height, width, channels))
    if op.options["align_corners"] and op.options["half_pixel_centers"]:
        fail(op, "it has align_corners and half_pixel_centers, which exclude each other", CONVERT_AGAIN)
    scale_y, offset_y = _grid(op, input_height, height)
    scale_x, offset_x = _grid(op, input_width, width)
    return KernelCall(
        function="edgekd_resize_bilinear_s8",
        struct="edgekd_resize_bilinear_s8",
        sources=("resize_bilinear_s8.c", "resize_bilinear_s8.h"),
        inputs=(source,),
        outputs=(target,),
        fields={
            "input_height": input_height,
            "input_width": input_width,
            "output_height": height,
            "output_width": width,
            "channels": channels,
            "scale_y": scale_y,
            "scale_x": scale_x,
            "offset_y": offset_y,
            "offset_x": offset_x,
        },
        images=images,
    )


def _grid(op: Operator, extent: int, outputs: int) -> tuple[int, int]:
    """Distance of output positions and the first one, in 1/1024 of an input pixel."""
    if max(extent, outputs) > _MAX_EXTENT:
        fail(op, f"it resizes {extent} pixels to {outputs}, {_MAX_EXTENT} are supported")
    spread, steps = (extent, outputs) if not op.options["align_corners"] or outputs == 1 else (extent - 1, outputs - 1)
    scale = (_ONE * spread + steps // 2) // steps
    offset = scale // 2 - _ONE // 2 if op.options["half_pixel_centers"] else 0
    if ((outputs - 1) * scale + offset) // _ONE >= extent:  # TensorFlow Lite Micro would read behind the image
        fail(op, f"resizing {extent} pixels to {outputs} leaves the image by rounding", "choose another size")
    return scale, offset
