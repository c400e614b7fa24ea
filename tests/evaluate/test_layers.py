from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.errors import InputError, ToolError
from edgekd.evaluate.api import bench_model
from edgekd.evaluate.image import CodeImage
from edgekd.evaluate.layers import Traced, check_against_timer
from edgekd.evaluate.tracer import Executed
from edgekd.firmware.board import load_board

BOARD = load_board("mps2-an386")


@pytest.mark.parametrize(
    ("board", "port", "reason"),
    [
        ("mps2-an386", "/dev/ttyACM0", "not on the board at a port"),
        ("nucleo_f446re", None, "QEMU, which does not emulate it"),
        ("nucleo_f446re", "/dev/ttyACM0", "not on the board at a port"),
    ],
)
def test_layers_of_a_real_board_are_refused_before_anything_is_built(
    board: str, port: str | None, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=reason):
        bench_model(tmp_path / "absent.tflite", board, port=port, layers=True)


def traced(instructions: int) -> Traced:
    return Traced([Executed(0, 0, 1, 0), Executed(1, 2, instructions - 1, 0)], image=None)  # type: ignore[arg-type]


def test_a_count_that_the_board_s_timer_does_not_confirm_is_an_error() -> None:
    assert BOARD.emulator is not None and BOARD.emulator.instructions_per_tick == 40
    check_against_timer(traced(4000), 100, BOARD)
    check_against_timer(traced(3970), 100, BOARD)
    for instructions in (4200, 3800):
        with pytest.raises(ToolError, match=r"counted \d,\d00 instructions, and the board's timer 100 ticks of 40"):
            check_against_timer(traced(instructions), 100, BOARD)


def test_what_is_no_image_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "image.elf"
    path.write_bytes(b"no ELF file")
    with pytest.raises(ToolError, match=r"image.elf: is not an ELF file"):
        CodeImage(path)
