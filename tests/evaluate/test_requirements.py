"""What a test may ask of a board, and the words where it asks too much."""

from __future__ import annotations

from typing import Any

import pytest

from edgekd.errors import InputError
from edgekd.evaluate.requirements import unmet
from edgekd.firmware.board import load_board


@pytest.mark.parametrize(
    ("board", "wanted", "reason"),
    [
        ("microbit", {"ram": "16k", "flash": "256K", "core": "cortex-m0"}, None),
        ("microbit", {"ram": "64k"}, "board microbit has 16,384 B of ram where 65,536 are needed"),
        ("microbit", {"ram": 16_385}, "board microbit has 16,384 B of ram where 16,385 are needed"),
        ("microbit", {"ram": "64k", "isa": "dsp"}, "… of ram where 65,536 are needed and has no dsp"),
        ("mps2-an386", {"isa": ["dsp", "fpu-sp"], "ram": "1M"}, None),
        ("mps2-an386", {"isa": ["dsp", "mve"]}, "board mps2-an386 has no mve"),
        ("mps2-an386", {"core": ("cortex-m7", "cortex-m33")}, "… has a cortex-m4, not cortex-m7 or cortex-m33"),
        ("mps2-an386", {"board": "mega2560"}, "board mps2-an386 is not mega2560"),
        ("mps2-an386", {"board": ["mega2560", "mps2-an386"], "emulated": True}, None),
        ("mps2-an386", {"emulated": False}, "board mps2-an386 is emulated"),
    ],
)
def test_a_board_does_or_it_is_said_why_not(board: str, wanted: dict[str, Any], reason: str | None) -> None:
    found = unmet(wanted, load_board(board), emulated=True)
    assert found == reason or (reason is not None and found is not None and found.endswith(reason.removeprefix("… ")))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"rams": "64k"}, "did you mean ram"),
        ({"weight": 5}, "there are: ram, flash"),
        ({"ram": "much"}, "is not a size; write bytes or K/M"),
        ({"ram": True}, "is not a size"),
        ({"emulated": "yes"}, "neither True nor False"),
        ({"isa": 3}, "neither a name nor several"),
        ({"board": []}, "neither a name nor several"),
    ],
)
def test_what_means_nothing_is_an_error_and_no_reason_to_skip(wanted: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        unmet(wanted, load_board("microbit"), emulated=True)
