"""What is an AVR's own: constants in a flash that pointers of 16 bits do not reach, 8 kB of RAM, cycles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

from edgekd.compiler import compile_model
from edgekd.device.emulator import Emulator
from edgekd.errors import InputError, ToolError
from edgekd.evaluate.api import bench_model
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

BOARD = load_board("mega2560")


def dense(width: int, layers: int) -> bytes:
    """FULLY_CONNECTED layers one after the other, each with width * width weights."""
    chance = np.random.default_rng(0)
    model = ModelBuilder()
    x = last = model.tensor((1, width), scale=0.05, zero_point=3)
    for _ in range(layers):
        weights = model.tensor((width, width), scale=0.01, data=chance.integers(-127, 128, (width, width)))
        bias = model.tensor((width,), "int32", scale=0.0005, data=chance.integers(-500, 500, width))
        after = model.tensor((1, width), scale=0.3, zero_point=-7)
        model.operator("FULLY_CONNECTED", [last, weights, bias], [after])
        last = after
    return model.build([x], [last])


@pytest.mark.emulated
@pytest.mark.parametrize(("layers", "header"), [(1, "__flash"), (5, "__memx")])
def test_weights_lie_in_flash_near_or_far_and_cycles_are_counted(layers: int, header: str, tmp_path: Path) -> None:
    path = tmp_path / "dense.tflite"
    path.write_bytes(dense(128, layers))
    project = deploy_cached(path, BOARD).project.folder
    assert f"EDGEKD_FLASH {header}\n" in (project / "lib" / "model" / "flash.h").read_text()
    result = bench_model(path, BOARD, samples=2)
    assert result["bit_exact"]["equal"] == 2
    speed, macs = result["per_inference"], layers * 128 * 128
    assert speed["instructions"] is None and 10 * macs < speed["cycles"] < 200 * macs
    assert "simavr" in speed["source"]
    assert result["flash_bytes"]["weights"] > macs
    assert result["ram_bytes"]["arena"] == 256 and result["ram_bytes"]["static"] < 64


@pytest.mark.emulated
def test_an_image_beyond_the_flash_is_told_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.tflite"
    path.write_bytes(dense(176, 8))
    with pytest.raises(
        InputError, match=r"the model with its firmware needs 2\d\d\.\d kB of flash, mega2560 has 248 kB"
    ):
        deploy_cached(path, BOARD)


@pytest.mark.emulated
def test_ram_that_leaves_the_stack_too_little_is_refused(tmp_path: Path) -> None:
    model = ModelBuilder()
    a, b, total = (model.tensor((1, 3300), scale=0.05, zero_point=3) for _ in range(3))
    model.operator("ADD", [a, b], [total])
    path = tmp_path / "wide.tflite"
    path.write_bytes(model.build([a, b], [total]))
    with pytest.raises(InputError, match=r"the model with its firmware needs 8\.\d kB of RAM, mega2560 has 8 kB"):
        deploy_cached(path, BOARD)


def test_an_array_beyond_what_avr_gcc_takes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wide.tflite"
    path.write_bytes(dense(182, 1))
    with pytest.raises(InputError, match=r"operator 0 \(FULLY_CONNECTED\): weights has 33124 bytes, .* 32767"):
        compile_model(path, tmp_path / "c", target="avr")
    compile_model(path, tmp_path / "c", target="rv32imc")


def test_what_simavr_needs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = tmp_path / "firmware.elf"
    elf.touch()
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install gcc libc6-dev libsimavr-dev"), Emulator(BOARD, elf):
        pass
    with pytest.raises(InputError, match="takes no arguments"), Emulator(BOARD, elf, ("-plugin",)):
        pass


@pytest.mark.emulated
def test_what_simavr_says_against_an_image_is_shown(tmp_path: Path) -> None:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(b"no image")
    with pytest.raises(ToolError, match="simavr ended by itself") as caught, Emulator(BOARD, elf):
        pass
    assert "not an image of an AVR" in str(caught.value)
