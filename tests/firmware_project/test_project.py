"""Generated projects: complete, readable by PlatformIO, the same for the same inputs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from board_variants import changed

from edgekd.errors import InputError, ToolError
from edgekd.firmware.board import list_boards, load_board
from edgekd.firmware.project import Project, make_project

BOARDS = [board.name for board in list_boards()]
API = Path(__file__).resolve().parent / "arduino"
TOOLCHAIN = "arm-none-eabi-"


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", BOARDS)
def test_platformio_reads_the_project(name: str, model: Path, tmp_path: Path) -> None:
    from platformio.project.config import ProjectConfig

    project = make_project(model, load_board(name), tmp_path)
    config = ProjectConfig(str(tmp_path / "platformio.ini"))
    config.validate()
    assert not config.warnings
    assert config.envs() == [name]
    platform = project.board.build.platformio
    assert config.get(f"env:{name}", "platform") == platform.platform
    assert config.get(f"env:{name}", "board") == platform.board
    assert config.get(f"env:{name}", "framework") == ([platform.framework] if platform.framework else [])
    assert config.get(f"env:{name}", "monitor_speed") == project.board.serial.baud
    assert config.get(f"env:{name}", "lib_archive") is False


@pytest.mark.parametrize("name", BOARDS)
def test_every_part_is_there_and_says_what_it_is(name: str, model: Path, tmp_path: Path) -> None:
    project = make_project(model, load_board(name), tmp_path)
    assert project.compiled is not None
    for file in ("lib/model/model.h", "lib/engine/engine.c", "lib/runtime/server.c", "lib/port/port.h", "README.md"):
        assert (tmp_path / file).is_file()
    assert project.build_id in (tmp_path / "include" / "edgekd_config.h").read_text()
    assert project.compiled.sha256 in (tmp_path / "README.md").read_text()
    for manifest in tmp_path.glob("lib/*/library.json"):
        assert json.loads(manifest.read_text())["name"] == manifest.parent.name


def test_the_readme_has_what_the_board_can_do(tmp_path: Path) -> None:
    readmes = {}
    for name in BOARDS:
        make_project(None, load_board(name), tmp_path / name)
        readmes[name] = (tmp_path / name / "README.md").read_text()
    assert {name: "## Upload" in text for name, text in readmes.items()} == {
        name: load_board(name).can_upload for name in BOARDS
    }
    assert "dfu-util --alt 0" in readmes["netduinoplus2"]
    assert "-machine mps2-an386" in readmes["mps2-an386"]
    assert "QEMU" not in readmes["nucleo_f446re"]


def test_bare_metal_needs_nothing_from_outside(tmp_path: Path) -> None:
    make_project(None, load_board("netduinoplus2"), tmp_path)
    facts = json.loads((tmp_path / "boards" / "netduinoplus2.json").read_text())
    assert facts["upload"]["maximum_ram_size"] == 128 * 1024
    assert "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" in facts["build"]["machine_flags"]
    assert (tmp_path / "platforms" / "edgekd" / "platform.json").is_file()
    assert "RAM (rwx)  : ORIGIN = 0x20000000, LENGTH = 131072" in (tmp_path / "linker.ld").read_text()


def test_the_same_inputs_give_the_same_project(model: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        make_project(model, load_board("mps2-an386"), tmp_path / folder)
    assert texts(tmp_path / "a") == texts(tmp_path / "b")


def test_the_build_id_changes_with_everything_the_image_is_made_of(model: Path, tmp_path: Path) -> None:
    board = load_board("netduinoplus2")
    variants = {
        "as it is": (model, board),
        "no model": (None, board),
        "clock": (model, changed(board, cpu={"clock_hz": 84_000_000})),
        "baud": (model, changed(board, serial={"baud": 57_600})),
        "flags": (model, changed(board, build={"flags": ("-O3",)})),
        "stack": (model, changed(board, memory={"stack": 8192})),
    }
    ids = {name: make_project(path, it, tmp_path / name).build_id for name, (path, it) in variants.items()}
    assert len(set(ids.values())) == len(variants), ids


def test_a_boards_own_optimization_replaces_edgekds(tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    make_project(None, board, tmp_path / "a")
    make_project(None, changed(board, build={"flags": ("-Os",)}), tmp_path / "b")
    assert "-O2" in (tmp_path / "a" / "platformio.ini").read_text()
    own = (tmp_path / "b" / "platformio.ini").read_text()
    assert "-Os" in own and "-O2" not in own and "build_unflags" not in own


def test_options_of_the_profile_become_macros(tmp_path: Path) -> None:
    make_project(None, load_board("netduinoplus2"), tmp_path)
    config = (tmp_path / "include" / "edgekd_config.h").read_text()
    assert "#define EDGEKD_PORT_USART 6\n" in config
    assert "#define EDGEKD_PORT_HSE_HZ 25000000\n" in config


@pytest.mark.parametrize("stem", ["-rf *", "a'b\"c", "ünï|code`x`", "main", "x" * 200])
def test_no_name_of_a_model_reaches_the_build(stem: str, model: Path, tmp_path: Path) -> None:
    odd = tmp_path / f"{stem}.tflite"
    shutil.copy(model, odd)
    project = make_project(odd, load_board("mps2-an386"), tmp_path / "project")
    assert {path.name for path in (project.folder / "lib" / "model").glob("model*")} == {
        "model.c", "model.h", "model_weights.c", "model_weights.h",
    }  # fmt: skip


def test_an_unknown_engine_and_one_that_needs_the_registry(model: Path, tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    with pytest.raises(InputError, match='no engine is called "aott"'):
        make_project(model, board, tmp_path / "p", "aott")
    with pytest.raises(ToolError, match=r"engine tflm .* cannot be deployed yet"):
        make_project(model, board, tmp_path / "p", "tflm")
    assert not (tmp_path / "p").exists()


def objects_of(project: Project, out: Path) -> list[Path]:
    """Compile every source of the project by hand, as its libraries ask for."""
    out.mkdir()
    includes = [f"-I{folder}" for folder in [API, project.folder / "include", *sorted(project.folder.glob("lib/*"))]]
    strict = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
    objects = []
    for source in sorted([*project.folder.glob("lib/*/*.c*"), *project.folder.glob("src/*.c*")]):
        tool, standard = ("g++", "-std=gnu++14") if source.suffix == ".cpp" else ("gcc", "-std=c11")
        compiler = TOOLCHAIN + tool
        objects.append(out / f"{source.parent.name}-{source.name}.o")
        command = [compiler, *project.board.machine_flags, standard, "-O2", *strict, *includes]
        subprocess.run([*command, "-c", str(source), "-o", str(objects[-1])], check=True)
    return objects


@pytest.mark.cross
def test_the_arduino_project_compiles_and_wants_only_what_arduino_has(model: Path, tmp_path: Path) -> None:
    project = make_project(model, load_board("nucleo_f446re"), tmp_path / "project")
    objects = objects_of(project, tmp_path / "objects")
    together = tmp_path / "together.o"
    link = [TOOLCHAIN + "ld", "-r", "-o", str(together), *map(str, objects)]
    subprocess.run(link, check=True)

    def symbols(*options: str) -> set[str]:
        tool = [TOOLCHAIN + "nm", "--demangle", *options, str(together)]
        lines = subprocess.run(tool, check=True, capture_output=True, text=True).stdout.splitlines()
        return {line.split(maxsplit=1)[1] if line.startswith(" ") else line.split(maxsplit=2)[2] for line in lines}

    arduino = {
        "Serial", "HardwareSerial::begin(unsigned long)", "HardwareSerial::flush()", "HardwareSerial::read()",
        "HardwareSerial::write(unsigned char const*, unsigned int)", "micros", "yield", "NVIC_SystemReset",
    }  # fmt: skip
    libc = {"sbrk", "_estack", "memcpy", "memset", "memcmp", "memmove", "strlen"}
    missing = symbols("--undefined-only") - arduino - libc
    assert missing <= {name for name in missing if name.startswith("__aeabi_")}
    assert {"setup()", "loop()"} <= symbols("--defined-only")


@pytest.mark.cross
@pytest.mark.parametrize("usart", [1, 2, 3, 6])
@pytest.mark.parametrize("hse", [{}, {"hse_hz": 8_000_000}], ids=["internal oscillator", "crystal"])
def test_every_option_of_the_stm32f4_port_compiles(usart: int, hse: dict[str, int], tmp_path: Path) -> None:
    board = changed(load_board("netduinoplus2"), build={"options": {"usart": usart, **hse}})
    assert objects_of(make_project(None, board, tmp_path / "project"), tmp_path / "objects")


@pytest.mark.cross
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mps2-an386", "must have uart, uart_hz and uart_interrupt"),
        ("mps3-an547", "must have uart, uart_hz and uart_interrupt"),
        ("microbit", "must have tx_pin and rx_pin"),
        ("netduinoplus2", "build.options.usart of the board profile must be 1, 2, 3 or 6"),
    ],
)
def test_a_port_without_its_options_says_which(
    name: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    board = changed(load_board(name), build={"options": {}})
    with pytest.raises(subprocess.CalledProcessError):
        objects_of(make_project(None, board, tmp_path / "project"), tmp_path / "objects")
    assert said in capfd.readouterr().err
