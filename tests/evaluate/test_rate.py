"""At which rate the line to a board runs: what was asked for, else the highest that works."""

from __future__ import annotations

from pathlib import Path

import pytest
from host_board import board_on_tcp, board_with_baud, build_board

from edgekd.device.client import connect
from edgekd.errors import DeviceError, InputError
from edgekd.evaluate.board import choose_rate, require_rate

SAMPLE = [b"\1" * 100, b"\2\3\4"]

compiled = pytest.mark.cc


@pytest.fixture(scope="module")
def toy_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board") / "toy")


@compiled
@pytest.mark.parametrize(
    ("asked", "highest", "rate", "refused"),
    [
        (None, None, 115_200, None),
        (None, 115_200, 115_200, None),
        (None, 460_800, 460_800, None),
        (None, 921_600, 115_200, 921_600),  # the line garbles that
        (230_400, 921_600, 230_400, None),
        (115_200, 460_800, 115_200, None),
    ],
)
def test_the_rate_asked_for_wins_and_the_highest_falls_back(
    toy_board: Path, asked: int | None, highest: int | None, rate: int, refused: int | None
) -> None:
    with board_with_baud(toy_board, fastest=460_800) as path, connect(path) as device:
        assert choose_rate(device, asked, highest, path) == refused
        assert device.baud == rate
        assert device.infer(SAMPLE).outputs[0][:3] == b"\3\4\5"


@compiled
def test_a_rate_that_was_asked_for_and_cannot_be_had_is_an_error_that_names_it(toy_board: Path) -> None:
    with board_with_baud(toy_board, fastest=460_800) as path, connect(path) as device:
        with pytest.raises(DeviceError, match="does not run at 921600 baud") as caught:
            choose_rate(device, 921_600, None, path)
        assert "at 115200" in str(caught.value)
    with board_on_tcp(toy_board) as (_, url), connect(url) as device:
        assert choose_rate(device, None, 921_600, url) is None  # a way without rates lacks nothing
        with pytest.raises(DeviceError, match="does not run at 921600 baud") as caught:
            choose_rate(device, 921_600, None, url)
        assert "no rate" in str(caught.value)


def test_a_rate_without_a_line_or_that_none_has_is_refused() -> None:
    with pytest.raises(InputError, match="9600 baud: an emulated board"):
        require_rate(9_600, None)
    for rate in (0, 299, -1, 2**40):
        with pytest.raises(InputError, match=f"{rate} baud"):
            require_rate(rate, "/dev/ttyACM0")
    require_rate(None, None)
    require_rate(115_200, "/dev/ttyACM0")
