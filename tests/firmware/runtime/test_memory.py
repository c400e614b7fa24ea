"""What the runtime takes of a board with 2 kB of RAM: no heap, little memory, a stack that does not depend on input."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from host_board import FIRMWARE

pytestmark = pytest.mark.cross

CONFIG = """
#define EDGEKD_BUILD_ID "0123456789abcdef"
#define EDGEKD_BOARD "small"
#define EDGEKD_BAUD 115200u
#define EDGEKD_PORT_TICK_HZ 1000000u
#define EDGEKD_FRAME_BYTES 64u
#define EDGEKD_RECEIVE_BYTES 64u
#define EDGEKD_RESULT_BYTES 16u
"""
RECEIVE_BUFFER = 64  # in the port or the framework
COMPILERS = {"avr": ["avr-gcc", "-mmcu=atmega328p"], "arm": ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"]}
IN_RAM = {"avr": (".data", ".bss", ".rodata"), "arm": (".data", ".bss")}  # AVR copies constants there


@pytest.fixture(scope="module", params=COMPILERS)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path]]:
    folder = tmp_path_factory.mktemp("small")
    (folder / "edgekd_config.h").write_text(CONFIG)
    includes = [f"-I{path}" for path in (folder, *(FIRMWARE / name for name in ("runtime", "ports", "engines")))]
    objects = []
    for source in sorted((FIRMWARE / "runtime").glob("*.c")):
        objects.append(folder / f"{source.stem}.o")
        command = [*COMPILERS[request.param], "-Os", "-std=c11", "-fstack-usage", *includes, "-c", str(source)]
        subprocess.run([*command, "-o", str(objects[-1])], check=True)
    return request.param, objects


def test_half_of_2_kilobytes_is_left_to_model_and_stack(compiled: tuple[str, list[Path]]) -> None:
    target, objects = compiled
    program = COMPILERS[target][0].replace("gcc", "size")
    told = subprocess.run([program, "-A", *map(str, objects)], capture_output=True, text=True, check=True).stdout
    sections = re.findall(r"^(\.\w+)\S* +(\d+) ", told, re.MULTILINE)
    ram = sum(int(size) for name, size in sections if name in IN_RAM[target])
    assert 200 < ram + RECEIVE_BUFFER < 1024


def test_there_is_no_heap(compiled: tuple[str, list[Path]]) -> None:
    target, objects = compiled
    program = COMPILERS[target][0].replace("gcc", "nm")
    told = subprocess.run([program, "-u", *map(str, objects)], capture_output=True, text=True, check=True).stdout
    wanted = set(re.findall(r"\bU (\w+)", told))
    assert "memcpy" in wanted
    assert not wanted & {"malloc", "calloc", "realloc", "free", "sbrk", "printf"}


def test_each_function_takes_a_fixed_piece_of_stack(compiled: tuple[str, list[Path]]) -> None:
    _, objects = compiled
    lines = [line.split("\t") for path in objects for line in path.with_suffix(".su").read_text().splitlines()]
    assert len(lines) > 50
    assert {kind for _, _, kind in lines} == {"static"}
    assert max(int(size) for _, size, _ in lines) < 128
