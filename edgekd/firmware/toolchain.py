"""Cross compilers by core: their names, flags, and where they come from."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Toolchain:
    """GCC and binutils for a family of cores.

    prefix: of the programs' names. debian: packages of compiler and C library. link_flags: beside those of the core.
    title: the family, for people.
    """

    prefix: str
    title: str
    debian: str
    link_flags: tuple[str, ...] = ()

    @property
    def compiler(self) -> str:
        """The C compiler's name on PATH."""
        return f"{self.prefix}gcc"

    def version(self) -> str:
        """The compiler's own name and version; "" when it is missing, which building then says."""
        return _version(self.compiler)


ARM = Toolchain("arm-none-eabi-", "Cortex-M", "gcc-arm-none-eabi libnewlib-arm-none-eabi", ("--specs=nano.specs",))
RISCV = Toolchain("riscv64-unknown-elf-", "RISC-V", "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf")
# With room for all that an address can name: what the chip has is held against the image, which then tells its size.
AVR = Toolchain(
    "avr-",
    "AVR",
    "gcc-avr avr-libc arduino-core-avr",
    ("-Wl,--defsym=__DATA_REGION_LENGTH__=0xfe00", "-Wl,--defsym=__TEXT_REGION_LENGTH__=0x100000"),
)


def toolchain_of(core: str) -> Toolchain:
    """The toolchain for a core of a board profile."""
    return {"rv32imc": RISCV, "avr": AVR}.get(core, ARM)


@cache
def _version(compiler: str) -> str:
    path = shutil.which(compiler)
    if path is None:
        return ""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0]
