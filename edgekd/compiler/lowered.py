"""What an operator becomes: one call of a C kernel with constant parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Tensor

# A value of a field of the kernel's parameter struct: a number, a fixed-size array of numbers, or the name of a
# constant array (`ConstantArray.name`) whose address goes there. None is a null pointer.
FieldValue = int | float | tuple[int, ...] | str | None


@dataclass(frozen=True, eq=False)
class ConstantArray:
    """An array in flash that belongs to one kernel call.

    name: unique within the call ("weights", "bias", "multiplier"); the emitter prefixes model and layer.
    values: int8, int16, int32 or float32, flattened in C order when written. is_weight: counted as the model's
    own data (weights, biases) rather than as derived tables. table_bytes: of derived tables among weights.
    """

    name: str
    values: npt.NDArray[Any]
    is_weight: bool = True
    table_bytes: int = 0

    @property
    def nbytes(self) -> int:
        return int(np.asarray(self.values).nbytes)

    @property
    def weight_bytes(self) -> int:
        """Of these the model's own."""
        return self.nbytes - self.table_bytes if self.is_weight else 0


@dataclass(frozen=True)
class Rows:
    """A call that computes output rows first to last - 1 of one image: two more arguments, `first` and `last`.

    count: rows of the output. Output row y reads the input rows from y * stride - padding, `reach` of them, as far as
    they lie within `input_rows`. Both buffers may be rings (window.h). Within one call rows may be read and written in
    any order; what a call for row y alone reads and writes is just that.
    """

    count: int
    stride: int
    reach: int
    padding: int
    input_rows: int


@dataclass(frozen=True)
class Run:
    """A call that works from front to back on `count` units, one more argument, which the caller may cut into pieces.

    A unit is a pixel, a row of a dense layer, an element: the same share of each input and of the output, contiguous.
    buffered: how many consecutive units are read before any of their outputs is written; 0 when a unit's inputs are
    read again after its first output is there.
    """

    count: int
    buffered: int = 0


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One C call: `function(&parameters, inputs..., outputs..., scratch)`, then first, last (`rows`) or count (`run`).

    The emitter writes `static const struct <struct> <layer> = { .<field> = <value>, … };` and the call. Inputs are
    `const <type> *`, outputs `<type> *`, in the order given; constant tensors are not inputs here but arrays named
    by a field. `scratch` is passed last, as `void *` aligned to 4 bytes, only when scratch_bytes > 0.

    function: C function of firmware/kernels, "edgekd_conv_2d_s8". struct: its parameter struct without the word
    `struct`, or None when the call takes no parameters.
    sources: files of firmware/kernels it needs, headers included ("conv_2d_s8.c", "dsp/dense_s8_dsp.c", …); they end
    up in one folder.
    in_place: pairs (output position, input position) that may share memory exactly (same start), the kernel being
    right when they do (with `rows`: when it computes all of them in one call); of a `run` that follows from `buffered`.
    macs: multiply-accumulates of one inference.
    images: how many calls it takes, each with an equal share of every input and output (the batch).
    rows, run: how the call can be cut into pieces; at most one of them, and neither when it cannot.
    inputs_as_array, outputs_as_array: the inputs (outputs) are passed as one argument, an array of pointers
    (`const void *const *`; `void *const *`), because their number differs from call to call.
    """

    function: str
    struct: str | None
    sources: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    fields: dict[str, FieldValue] = field(default_factory=dict)
    constants: tuple[ConstantArray, ...] = ()
    in_place: tuple[tuple[int, int], ...] = ()
    scratch_bytes: int = 0
    macs: int = 0
    images: int = 1
    rows: Rows | None = None
    run: Run | None = None
    inputs_as_array: bool = False
    outputs_as_array: bool = False


@dataclass(frozen=True, eq=False)
class Alias:
    """An operator that moves no bytes (RESHAPE): the output is the input under another shape."""

    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class Folded:
    """An operator that is part of the one after it: its output is never there."""


Lowered = KernelCall | Alias | Folded
