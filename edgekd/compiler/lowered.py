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
    own data (weights, biases) rather than as derived tables.
    """

    name: str
    values: npt.NDArray[Any]
    is_weight: bool = True

    @property
    def nbytes(self) -> int:
        return int(np.asarray(self.values).nbytes)


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One C call: `function(&parameters, inputs..., outputs..., scratch)`.

    The emitter writes `static const struct <struct> <layer> = { .<field> = <value>, … };` and the call. Inputs are
    `const <type> *`, outputs `<type> *`, in the order given; constant tensors are not inputs here but arrays named
    by a field. `scratch` is passed last, as `void *` aligned to 4 bytes, only when scratch_bytes > 0.

    function: C function of firmware/kernels, "edgekd_conv_2d_s8". struct: its parameter struct without the word
    `struct`, or None when the call takes no parameters. sources: files of firmware/kernels it needs, headers
    included ("conv_2d_s8.c", …). in_place: pairs (output position, input position) that may share memory exactly
    (same start), the kernel being right when they do. macs: multiply-accumulates of one inference.
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
    inputs_as_array: bool = False
    outputs_as_array: bool = False


@dataclass(frozen=True, eq=False)
class Alias:
    """An operator that moves no bytes (RESHAPE): the output is the input under another shape."""

    input: Tensor
    output: Tensor


Lowered = KernelCall | Alias
