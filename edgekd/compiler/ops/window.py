"""The geometry of a window that slides over an image, as convolutions and pooling share it."""

from __future__ import annotations

from dataclasses import dataclass

from edgekd.compiler.graph import Operator, Tensor
from edgekd.compiler.lowered import FieldValue
from edgekd.compiler.ops.checks import fail, rank, shape_is

SOURCES = ("window.c", "window.h")
_MAX_REACH = 1 << 30  # kernels work out positions in 32 bits


@dataclass(frozen=True)
class _Axis:
    """One direction. padding: in front of the image; behind it, whatever the last window needs."""

    extent: int
    taps: int
    stride: int
    dilation: int
    output: int
    padding: int

    @property
    def leaves_image(self) -> bool:
        reach = (self.output - 1) * self.stride - self.padding + (self.taps - 1) * self.dilation
        return self.padding > 0 or reach >= self.extent


@dataclass(frozen=True)
class Window:
    """A window over `source`, which gives `target`."""

    y: _Axis
    x: _Axis
    batches: int
    channels: int

    @property
    def leaves_image(self) -> bool:
        """Some window holds padding."""
        return self.y.leaves_image or self.x.leaves_image

    @property
    def taps(self) -> int:
        return self.y.taps * self.x.taps

    @property
    def pixels(self) -> int:
        """Of the output, all batches."""
        return self.batches * self.y.output * self.x.output

    @property
    def is_pointwise(self) -> bool:
        """Output pixels are input pixels, one by one."""
        return self.taps == 1 and self.y.stride == self.x.stride == 1

    def fields(self) -> dict[str, FieldValue]:
        """The field `window` of a kernel's struct."""
        y, x = self.y, self.x
        values: dict[str, int] = {
            "batches": self.batches,
            "input_height": y.extent,
            "input_width": x.extent,
            "input_channels": self.channels,
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
        }
        return {f"window.{name}": value for name, value in values.items()}


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
    y = _axis(op, source.shape[1], height, options["stride_h"], dilation_y)
    x = _axis(op, source.shape[2], width, options["stride_w"], dilation_x)
    shape_is(op, target, (source.shape[0], y.output, x.output, channels))
    return Window(y, x, source.shape[0], source.shape[3])


def _axis(op: Operator, extent: int, taps: int, stride: int, dilation: int) -> _Axis:
    if min(taps, stride, dilation) < 1:
        fail(op, f"a window of {taps} taps with stride {stride} and dilation {dilation}")
    reach = (taps - 1) * dilation + 1
    if extent + stride + reach > _MAX_REACH:
        fail(op, f"a window of {reach} over an image of {extent} is too large")
    covered = 1 if op.options["padding"] == "SAME" else reach
    output = (extent + stride - covered) // stride
    if output < 1:
        fail(op, f"a window of {reach} does not fit in an image of {extent}", "use padding SAME, or a larger input")
    padding = max((output - 1) * stride + reach - extent, 0) // 2
    return _Axis(extent, taps, stride, dilation, output, padding)
