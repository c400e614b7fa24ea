"""Board profiles: those that ship are complete, and a wrong one is answered with line, cause and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from board_variants import changed

from edgekd import paths
from edgekd.compiler.targets import TARGETS
from edgekd.errors import InputError
from edgekd.firmware.board import board_path, list_boards, load_board

INVALID = sorted((Path(__file__).resolve().parent.parent / "boards").glob("invalid_*.toml"))
SHIPPED = {board.name: board for board in list_boards()}


def test_every_shipped_profile_is_named_like_its_file() -> None:
    assert list(SHIPPED) == [path.stem for path in sorted(paths.shipped("boards").glob("*.toml"))]
    assert {"mps2-an386", "netduinoplus2", "nucleo_f446re"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_board_is_a_target_of_the_compiler(name: str) -> None:
    assert SHIPPED[name].cpu.core in TARGETS


@pytest.mark.parametrize(
    ("core", "features", "flags"),
    [
        ("cortex-m0", (), "-mcpu=cortex-m0 -mthumb -mfloat-abi=soft"),
        ("cortex-m4", ("dsp", "fpu-sp"), "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"),
        ("cortex-m7", ("dsp", "fpu-dp"), "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16"),
        ("cortex-m33", (), "-mcpu=cortex-m33+nodsp -mthumb -mfloat-abi=soft"),
        ("cortex-m33", ("dsp", "fpu-sp"), "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16"),
        ("cortex-m55", ("dsp",), "-mcpu=cortex-m55+nofp+nomve -mthumb -mfloat-abi=soft"),
        ("cortex-m55", ("dsp", "mve"), "-mcpu=cortex-m55+nofp -mthumb -mfloat-abi=hard -mfpu=auto"),
        ("cortex-m55", ("dsp", "fpu-dp", "mve"), "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard -mfpu=auto"),
    ],
)
def test_the_compiler_is_told_what_the_core_has_and_no_more(core: str, features: tuple[str, ...], flags: str) -> None:
    board = changed(SHIPPED["mps2-an386"], cpu={"core": core, "features": features})
    assert " ".join(board.machine_flags) == flags


@pytest.mark.parametrize("name", SHIPPED)
def test_a_timer_on_the_cores_clock_agrees_with_it(name: str) -> None:
    board = SHIPPED[name]
    if board.timer.cycles_per_tick is not None:
        assert board.timer.tick_hz * board.timer.cycles_per_tick == board.cpu.clock_hz


def test_sizes_are_bytes_in_binary_units() -> None:
    assert SHIPPED["netduinoplus2"].memory.flash == 1 << 20
    assert SHIPPED["netduinoplus2"].memory.ram == 128 << 10


def test_a_profile_of_ones_own_goes_by_its_path(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(board_path("mps2-an386").read_text().replace('"mps2-an386"\ntitle', '"mine"\ntitle'))
    assert load_board(mine).name == "mine"
    assert load_board(str(mine)).cpu == SHIPPED["mps2-an386"].cpu


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mps2-an368", "did you mean mps2-an386?"),
        ("esp32", "boards: " + ", ".join(SHIPPED)),
        ("./none.toml", "./none.toml: no such board"),
        ("boards/", "no such board"),
        ("", 'no board is called ""'),
    ],
)
def test_a_board_that_is_not_there(name: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_board(name)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_profile_is_answered_with_what_its_first_lines_say(path: Path) -> None:
    expected = [line.removeprefix("# says: ") for line in path.read_text().splitlines() if line.startswith("# says: ")]
    assert expected
    with pytest.raises(InputError) as caught:
        load_board(path)
    message = str(caught.value)
    for said in expected:
        assert said in message
    assert str(path) in message


def test_an_error_names_the_line(tmp_path: Path) -> None:
    text = board_path("mps2-an386").read_text().replace("115_200", "7")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.startswith("baud"))
    path = tmp_path / "slow.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"slow\.toml, line {line}: serial\.baud"):
        load_board(path)
