"""The window of an operator: its options and shapes, checked."""

from __future__ import annotations

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.layers import Axis, Window
from edgekd.compiler.ops.checks import fail, rank, shape_is

_MAX_REACH = 1 << 30  # kernels work out positions in 32 bits …
_MAX_EXTENT = (1 << 15) - 1  # … and have extents in 16 (firmware/kernels/window.h)


def window_of(
    op: Operator, source: Tensor, target: Tensor, height: int, width: int, *, channels: int, dilated: bool
) -> Window:
    """The window of `op`: height x width taps over `source`, options from the operator.

    channels: what the output must have. dilated: the operator has dilation factors. Raises InputError when the
    output's shape is not what the operator computes (tensorflow/lite/kernels/padding.h).
    """
    rank(op, source, 4)
    rank(op, target, 4)
    options = op.options
    dilation_y = options["dilation_h_factor"] if dilated else 1
    dilation_x = options["dilation_w_factor"] if dilated else 1
    top, bottom, left, right = options.get("extra_padding", (0, 0, 0, 0))  # of a PAD that was folded in
    y = _axis(op, source.shape[1], height, options["stride_h"], dilation_y, (top, bottom))
    x = _axis(op, source.shape[2], width, options["stride_w"], dilation_x, (left, right))
    if source.shape[3] > _MAX_EXTENT:
        fail(op, f"it has {source.shape[3]} input channels, at most {_MAX_EXTENT} are supported")
    shape_is(op, target, (source.shape[0], y.output, x.output, channels))
    return Window(y, x, source.shape[0], source.shape[3])


def _axis(op: Operator, image: int, taps: int, stride: int, dilation: int, extra: tuple[int, int]) -> Axis:
    extent = image + sum(extra)
    if min(taps, stride, dilation) < 1:
        fail(op, f"a window of {taps} taps with stride {stride} and dilation {dilation}")
    reach = (taps - 1) * dilation + 1
    if extent + stride + reach > _MAX_REACH:
        fail(op, f"a window of {reach} over an image of {extent} is too large")
    covered = 1 if op.options["padding"] == "SAME" else reach
    output = (extent + stride - covered) // stride
    if output < 1:
        fail(op, f"a window of {reach} does not fit in an image of {extent}", "use padding SAME, or a larger input")
    largest = max(extent, output, taps, stride, dilation)
    if largest > _MAX_EXTENT:
        fail(op, f"its window has an extent of {largest}, at most {_MAX_EXTENT} are supported", "use smaller images")
    padding = max((output - 1) * stride + reach - extent, 0) // 2
    return Axis(image, taps, stride, dilation, output, padding + extra[0])
