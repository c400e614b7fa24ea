"""What `--target` may be: the processor the kernels are chosen for."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import inf

from edgekd.errors import InputError


@dataclass(frozen=True)
class Target:
    """name: as on the command line. title: for people. kernels: packages of edgekd.compiler.isa, best first.

    flash: the headers of firmware/kernels that say where constants lie, each with how many bytes of them it is good
    for; the first that is enough is taken. largest_array: bytes of one object that the compiler takes.
    """

    name: str
    title: str
    kernels: tuple[str, ...] = ("portable",)
    flash: tuple[tuple[str, float], ...] = (("flash.h", inf),)
    largest_array: float = inf


HOST = Target("host", "this machine, or any other with a C11 compiler")

TARGETS = {
    target.name: target
    for target in (
        HOST,
        Target("cortex-m0", "Arm Cortex-M0", ("scalar", "portable")),
        Target("cortex-m0plus", "Arm Cortex-M0+", ("scalar", "portable")),
        Target("cortex-m3", "Arm Cortex-M3", ("scalar", "portable")),
        Target("cortex-m4", "Arm Cortex-M4", ("dsp", "portable")),
        Target("cortex-m7", "Arm Cortex-M7", ("dsp", "portable")),
        Target("cortex-m33", "Arm Cortex-M33", ("dsp", "portable")),
        Target("cortex-m55", "Arm Cortex-M55", ("mve", "portable")),
        Target("rv32imc", "RISC-V RV32IMC", ("riscv", "scalar", "portable")),
        # __flash reaches 64 kB, in which interrupt vectors and the framework's own constants come first.
        Target(
            "avr", "8-bit AVR", flash=(("avr/flash.h", 60 << 10), ("avr/far/flash.h", inf)), largest_array=(1 << 15) - 1
        ),
    )
}


def find_target(name: str) -> Target:
    """The target called `name`. Raises InputError with a suggestion."""
    if name in TARGETS:
        return TARGETS[name]
    near = get_close_matches(name, TARGETS, n=1)
    hint = f"did you mean {near[0]}?" if near else "known targets: " + ", ".join(TARGETS)
    raise InputError(f'there is no target "{name}"', hint)
