"""Deploying: built by PlatformIO, measured, held against the board, uploaded; and every way it can fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from board_variants import changed

from edgekd.errors import InputError, ToolError
from edgekd.firmware import Deployment, deploy
from edgekd.firmware import build as build_module
from edgekd.firmware.board import load_board
from edgekd.firmware.deployment import build_empty
from edgekd.firmware.platformio import environment
from edgekd.firmware.size import image_size

BOARDS = ["mps2-an386", "netduinoplus2"]


@pytest.fixture(scope="session")
def deployments(model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Deployment]:
    out = tmp_path_factory.mktemp("deployments")
    return {name: deploy(model, load_board(name), out / name) for name in BOARDS}


@pytest.fixture(params=BOARDS)
def deployment(request: pytest.FixtureRequest, deployments: dict[str, Deployment]) -> Deployment:
    return deployments[request.param]


def sections(elf: Path) -> dict[str, int]:
    """Name -> bytes, as binutils' own `size` tells."""
    tool = ["arm-none-eabi-size", "-A", "-d", str(elf)]
    said = subprocess.run(tool, check=True, capture_output=True, text=True).stdout
    return {match[1]: int(match[2]) for match in re.finditer(r"^(\.\S+)\s+(\d+)", said, re.MULTILINE)}


@pytest.mark.emulated
def test_the_sizes_are_those_binutils_tells(deployment: Deployment) -> None:
    ours, empty = sections(deployment.elf), sections(build_empty(deployment.board))
    flash = sum(ours.get(name, 0) - empty.get(name, 0) for name in (".text", ".data", ".ARM.exidx"))
    ram = sum(ours.get(name, 0) - empty.get(name, 0) for name in (".data", ".bss"))
    sizes = deployment.sizes
    assert sizes.flash.total == flash
    assert sizes.ram.arena + sizes.ram.static == max(ram, sizes.ram.arena)
    assert sizes.image.stack == ours[".stack"]
    assert sizes.image == image_size(deployment.elf)


@pytest.mark.emulated
def test_weights_are_the_arrays_of_the_weights_file(deployment: Deployment) -> None:
    text = (deployment.project.folder / "lib" / "model" / "model_weights.h").read_text()
    arrays = re.findall(r"extern const EDGEKD_FLASH int(8|16|32)_t \w+\[(\d+)\]", text)
    assert arrays
    assert deployment.sizes.flash.weights == sum(int(bits) // 8 * int(count) for bits, count in arrays)
    assert 0 < deployment.sizes.flash.engine < 20_000


@pytest.mark.emulated
def test_ram_beside_the_tensors_is_alignment_only(deployment: Deployment) -> None:
    compiled = deployment.project.compiled
    assert compiled is not None
    assert deployment.sizes.ram.arena == compiled.ram_bytes
    assert 0 <= deployment.sizes.ram.static < 64


@pytest.mark.emulated
def test_a_second_deployment_builds_nothing(deployment: Deployment, model: Path, tmp_path: Path) -> None:
    before = deployment.elf.stat().st_mtime_ns
    again = deploy(model, deployment.board, deployment.project.folder)
    assert not again.built
    assert again.sizes == deployment.sizes
    assert deployment.elf.stat().st_mtime_ns == before


@pytest.mark.emulated
def test_a_lost_image_is_built_again_the_same(deployment: Deployment, model: Path) -> None:
    bytes_before = deployment.elf.read_bytes()
    deployment.elf.unlink()
    again = deploy(model, deployment.board, deployment.project.folder)
    assert again.built
    assert again.elf.read_bytes() == bytes_before


@pytest.mark.emulated
def test_a_person_builds_it_with_plain_pio_run_and_no_home_is_touched(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = {**environment(), "PLATFORMIO_BUILD_DIR": str(tmp_path / "build")}
    command = [sys.executable, "-m", "platformio", "run"]
    result = subprocess.run(command, cwd=deployment.project.folder, env=variables, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "build" / deployment.board.name / "firmware.elf").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["build"]
    for memory in ("RAM", "Flash"):
        assert re.search(rf"^{memory}: .*used \d+ bytes from \d+ bytes", result.stdout, re.MULTILINE)


@pytest.mark.emulated
def test_nothing_is_uploaded_to_a_board_that_is_only_emulated(deployments: dict[str, Deployment], model: Path) -> None:
    there = deployments["mps2-an386"]
    assert not deploy(model, there.board, there.project.folder, port="/dev/ttyACM9").uploaded


@pytest.mark.emulated
@pytest.mark.parametrize(("code", "uploaded"), [(0, True), (7, False)])
def test_upload_runs_the_boards_tool_on_the_image(
    code: int,
    uploaded: bool,
    deployments: dict[str, Deployment],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dfu-util").write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/said"\necho "error: no device"\nexit {code}\n')
    (tools / "dfu-util").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    board, out = deployments["netduinoplus2"].board, deployments["netduinoplus2"].project.folder
    if uploaded:
        assert deploy(model, board, out, port="/dev/ttyUSB9").uploaded
    else:
        with pytest.raises(ToolError, match="the upload to /dev/ttyUSB9 failed") as caught:
            deploy(model, board, out, port="/dev/ttyUSB9")
        assert "error: no device" in str(caught.value)
    assert "0x08000000:leave" in (tmp_path / "said").read_text()
    assert "firmware.bin" in (tmp_path / "said").read_text()


def test_a_model_whose_tensors_exceed_the_ram_is_refused_before_building(model: Path, tmp_path: Path) -> None:
    small = changed(load_board("mps2-an386"), memory={"ram": "250", "stack": "64"})
    with pytest.raises(InputError) as caught:
        deploy(model, small, tmp_path / "p")
    message = str(caught.value)
    assert re.search(r"the model alone needs \S+ kB of RAM, mps2-an386 has 0\.2 kB", message)
    assert re.search(r"largest moment: operator \d \(\w+\), .* largest tensors are (\d+x)+\d+ \S+ kB", message)
    assert not (tmp_path / "p" / ".pio").exists()


@pytest.mark.emulated
def test_what_the_linker_cannot_place_is_refused_with_the_largest_parts(
    deployments: dict[str, Deployment], model: Path, tmp_path: Path
) -> None:
    large = deployments["mps2-an386"]
    image, board = large.sizes.image, large.board
    gaps = 24  # between sections, to align the next one
    fits = changed(board, memory={"ram": image.ram + image.stack + gaps, "flash": image.flash + gaps})
    assert deploy(model, fits, tmp_path / "exact").built
    tight = changed(board, memory={"ram": image.ram + image.stack - 4, "flash": image.flash - 4})
    with pytest.raises(InputError) as caught:
        deploy(model, tight, tmp_path / "tight")
    message = str(caught.value)
    assert re.search(r"the model with its firmware needs \S+ (kB|bytes) of RAM, .*; \S+ (kB|bytes) of flash, ", message)
    assert "largest constants: operator" in message


def test_without_a_cross_compiler_the_package_is_named(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="arm-none-eabi-gcc is not on PATH") as caught:
        deploy(model, load_board("mps2-an386"), tmp_path / "p")
    assert "apt-get install gcc-arm-none-eabi" in str(caught.value)
    assert (tmp_path / "p" / "platformio.ini").is_file()


def test_without_the_registry_the_project_is_there_and_the_error_says_so(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "registry_is_reachable", lambda: False)
    with pytest.raises(ToolError, match=r"ststm32@19\.5\.0 from PlatformIO's package registry") as caught:
        deploy(model, load_board("nucleo_f446re"), tmp_path / "p", port="/dev/ttyACM0")
    assert f"the project is complete in {tmp_path / 'p'}" in str(caught.value)
    assert (tmp_path / "p" / "src" / "main.cpp").is_file()


@pytest.mark.emulated
def test_a_broken_source_is_told_with_the_compilers_words(model: Path, tmp_path: Path) -> None:
    board = changed(load_board("mps2-an386"), build={"flags": ("-Dedgekd_server_poll=3",)})
    with pytest.raises(ToolError, match="PlatformIO could not build") as caught:
        deploy(model, board, tmp_path / "p")
    assert "error:" in str(caught.value)
    assert "error:" in (tmp_path / "p" / ".edgekd-build.log").read_text()
