"""Bytes that arrive faster than the firmware takes them wait for it, however many there are."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

from edgekd.device.emulator import Emulator
from edgekd.device.link import Link
from edgekd.device.protocol import Kind, Status
from edgekd.device.transport import Transport, open_transport
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import list_boards, load_board

# One board of each platform port with a ring of ours: what may lose a byte is its UART.
BOARDS = {board.build.platform_port: board.name for board in list_boards() if board.emulator and board.is_bare_metal}
RING = Path(__file__).resolve().parents[2] / "firmware/ports/ring.h"


def slow_model(ram: int) -> bytes:
    """One convolution of 32 million multiplications: the board is busy for a tenth of a second. Of 8 million where
    there is little RAM."""
    side = 32 if ram >= 64 << 10 else 16
    chance = np.random.default_rng(0)
    model = ModelBuilder()
    x = model.tensor((1, side, side, 16), scale=0.05, zero_point=-5)
    weights = model.tensor((16, 11, 11, 16), scale=0.01, data=chance.integers(-127, 128, (16, 11, 11, 16)))
    bias = model.tensor((16,), "int32", scale=0.0005, data=chance.integers(-500, 500, 16))
    y = model.tensor((1, side, side, 16), scale=0.05, zero_point=3)
    model.operator("CONV_2D", [x, weights, bias], [y], stride_w=1, stride_h=1, padding="SAME")
    return model.build([x], [y])


@dataclass
class Talkative:
    """A transport that sends each of `later` after what it is told to write, `pause` seconds apart."""

    line: Transport
    later: tuple[bytes, ...] = ()
    pause: float = 0.0

    def write(self, data: bytes) -> None:
        self.line.write(data)
        for more in self.later:
            time.sleep(self.pause)
            self.line.write(more)

    def read(self, seconds: float) -> bytes:
        return self.line.read(seconds)

    def close(self) -> None:
        self.line.close()


@pytest.mark.emulated
@pytest.mark.parametrize("name", BOARDS.values())
def test_a_busy_board_whose_ring_is_filled_to_the_brim_takes_one_byte_more(name: str, tmp_path: Path) -> None:
    """The ring fills up while the model runs. Zeros are empty frames, which mean nothing."""
    match = re.search(r"#define EDGEKD_RING_BYTES (\d+)u", RING.read_text())
    assert match is not None
    capacity = int(match[1]) - 1
    board = load_board(name)
    path = tmp_path / "slow.tflite"
    path.write_bytes(slow_model(board.memory.ram))
    with Emulator(board, deploy_cached(path, board).elf) as emulator:
        host = Talkative(open_transport(emulator.url, board.serial.baud))
        link = Link(host, name=name, baud=board.serial.baud, timeout=10)
        link.greet()
        started = time.monotonic()
        link.exchange("alone", Kind.INFER, wait=10)
        host.pause = (time.monotonic() - started) / 5
        for first in (capacity - 1, capacity, capacity + 1, 3 * capacity):
            host.later = (bytes(first), bytes(1), bytes(capacity))
            answer = link.exchange(f"{first} bytes more", Kind.INFER, wait=10)
            assert answer.status == Status.DONE
        assert link.stats.damaged == 0
        link.close()
