"""ADD and SUB of two tensors of one shape, and MUL, also of channels."""

from __future__ import annotations

from edgekd.compiler.isa.common import mul_call
from edgekd.compiler.layers import Add, Mul
from edgekd.compiler.lowered import KernelCall, Run

_LANES = 4  # elements of a pass
_HALF = (1 << 30, 0)  # multiplier and shift of the operand whose scale is the larger one


def add(layer: Add) -> KernelCall | None:
    """Fields of struct edgekd_add_s8_mve (firmware/kernels/mve/add_s8_mve.h) out of those of add_s8.h."""
    fields = layer.fields
    operands = {"a": layer.a, "b": layer.b}
    exact = next((x for x in operands if (fields[f"multiplier_{x}"], fields[f"shift_{x}"]) == _HALF), None)
    if exact is None:
        return None
    other = "b" if exact == "a" else "a"
    factor = fields[f"sign_{exact}"] << 19
    return KernelCall(
        function="edgekd_add_s8_mve",
        struct="edgekd_add_s8_mve",
        sources=("mve/add_s8_mve.c", "mve/add_s8_mve.h"),
        inputs=(operands[exact], operands[other]),
        outputs=(layer.target,),
        fields={
            "factor_a": factor,
            "offset_a": -factor * fields[f"zero_point_{exact}"],
            "offset_b": -fields[f"zero_point_{other}"] << 20,
            "multiplier_b": fields[f"multiplier_{other}"],
            "shift_b": fields[f"shift_{other}"],
            "away_b": int(fields[f"shift_{other}"] < 0),
            "sign_b": fields[f"sign_{other}"],
            "multiplier": fields["multiplier"],
            "shift": fields["shift"],
            "away": int(fields["shift"] < 0),
            "zero_point": fields["zero_point"],
            "lowest": fields["lowest"],
            "highest": fields["highest"],
        },
        run=Run(layer.target.elements, buffered=_LANES),
    )


def mul(layer: Mul) -> KernelCall | None:
    if layer.fields["shift"] > 0:
        return None
    sources = ("mve/mul_s8_mve.c", "mve/mul_s8_mve.h", "mul_s8.h", "broadcast.h")
    return mul_call(layer, "s8_mve", "edgekd_mul_s8", sources, layer.fields, _LANES)
