"""Constants in flash: the portable kernels for AVR, where flash is an address space of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

KERNELS = Path(__file__).resolve().parents[3] / "firmware" / "kernels"
SOURCES = sorted(KERNELS.glob("*.c"))
AVR = [
    "avr-gcc",
    "-mmcu=atmega2560",
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Waddr-space-convert",
    "-Werror",
]


@pytest.mark.cross
@pytest.mark.parametrize("header", ["avr/flash.h", "avr/far/flash.h"])
def test_no_kernel_takes_a_pointer_to_flash_for_one_to_ram(header: str, tmp_path: Path) -> None:
    for file in [*SOURCES, *KERNELS.glob("*.h"), KERNELS / header]:  # as in a project: the target's flash.h, flat
        shutil.copy(file, tmp_path / file.name)
    names = [source.name for source in SOURCES]
    result = subprocess.run([*AVR, "-O2", "-c", *names], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_every_pointer_to_parameters_says_flash() -> None:
    """Without it a kernel compiles, but not the model that calls it."""
    plain = re.compile(r"const struct edgekd_\w+ \*")
    found = [path.name for path in [*SOURCES, *KERNELS.glob("*.h")] if plain.search(path.read_text())]
    assert not found
