"""The file of a farm: what it says, and what is said of one with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.device.farm import load_farm
from edgekd.errors import InputError

INVALID = sorted((Path(__file__).resolve().parent.parent / "farms").glob("invalid_*.toml"))
GOOD = """\
[[board]]
name    = "left"
profile = "netduinoplus2"
port    = "/dev/ttyUSB0"
reset   = "dtr"
serial_number = "066DFF"

[[board]]
name    = "far"
profile = "./mine.toml"
place   = "edgekd-7"
reset   = "power"

[[board]]
name     = "virtual"
profile  = "mps2-an386"
emulated = true

[labgrid]
coordinator = "lab.example:20408"
"""


def test_a_farm_lists_boards_and_the_way_to_each(tmp_path: Path) -> None:
    path = tmp_path / "farm.toml"
    path.write_text(GOOD)
    farm = load_farm(path)
    assert [board.name for board in farm.boards] == ["left", "far", "virtual"]
    assert [board.name for board in farm.matching("mps2-an386")] == ["virtual"]
    assert farm.matching(None) == list(farm.boards)
    assert farm.boards[1].profile == str(tmp_path / "mine.toml")  # beside the farm's file
    assert farm.coordinator == "lab.example:20408"
    identities = {farm.identity_of(board) for board in farm.boards}
    assert len(identities) == 3 and "/dev/ttyUSB0" in identities


def test_an_emulated_board_is_another_one_in_another_farm(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(GOOD)
    a, b, a_again = (load_farm(tmp_path / name) for name in ("a.toml", "b.toml", "../" + tmp_path.name + "/a.toml"))
    assert a.identity_of(a.boards[2]) == a_again.identity_of(a_again.boards[2]) != b.identity_of(b.boards[2])


def test_a_profile_no_board_has_is_named_beside_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "farm.toml"
    path.write_text(GOOD)
    with pytest.raises(InputError, match="no board has the profile microbit") as caught:
        load_farm(path).matching("microbit")
    assert "mps2-an386, netduinoplus2" in str(caught.value)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_farm_is_answered_with_what_its_first_lines_say(path: Path) -> None:
    wanted = [line.removeprefix("# ") for line in path.read_text().splitlines() if line.startswith("# ")]
    with pytest.raises(InputError) as caught:
        load_farm(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\x1b" not in said
    assert wanted[0] in said
