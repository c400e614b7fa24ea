"""Bytes that arrive faster than the firmware takes them wait for it, however many there are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

from edgekd.device.client import Device
from edgekd.device.emulator import Emulator
from edgekd.device.link import Link
from edgekd.device.transport import Transport, open_transport
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import list_boards, load_board

# One board of each platform port with a ring of ours: what may lose a byte is its UART.
BOARDS = {board.build.platform_port: board.name for board in list_boards() if board.emulator and board.is_bare_metal}


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
    """A transport that sends each of `later`, `pause` seconds apart, once `after` bytes were written."""

    line: Transport
    written: int = 0
    after: int = 0
    later: tuple[bytes, ...] = ()
    pause: float = 0.0

    def write(self, data: bytes) -> None:
        self.line.write(data)
        self.written += len(data)
        if self.later and self.written == self.after:
            for more in self.later:
                time.sleep(self.pause)
                self.line.write(more)

    def read(self, seconds: float) -> bytes:
        return self.line.read(seconds)

    @property
    def has_rate(self) -> bool:
        return self.line.has_rate

    def set_baud(self, rate: int) -> bool:
        return self.line.set_baud(rate)

    def close(self) -> None:
        self.line.close()


@pytest.mark.emulated
@pytest.mark.parametrize("name", BOARDS.values())
def test_a_busy_board_whose_buffer_is_filled_to_the_brim_takes_one_byte_more(name: str, tmp_path: Path) -> None:
    """The buffer fills up while the model runs. Zeros are empty frames, which mean nothing."""
    board = load_board(name)
    path = tmp_path / "slow.tflite"
    path.write_bytes(slow_model(board.memory.ram))
    with Emulator(board, deploy_cached(path, board).elf) as emulator:
        host = Talkative(open_transport(emulator.url, board.serial.baud))
        with Device(Link(host, name=name, baud=board.serial.baud, timeout=10)) as device:
            # A greeting may reach a board that is still starting, and is then heard from its middle on.
            damaged_by_the_start = device.stats().damaged_frames
            sample = [bytes(size) for size in device.info.input_bytes]
            assert device.info.receive_bytes == board.serial.receive_bytes - 1
            before, started = host.written, time.monotonic()
            expected = device.infer(sample)
            host.pause = (time.monotonic() - started) / 5
            length = host.written - before
            for first in (-1, 0, 1, 2 * device.info.receive_bytes):
                host.later = (bytes(device.info.receive_bytes + first), bytes(1), bytes(device.info.receive_bytes))
                host.after = host.written + length
                assert device.infer(sample).outputs == expected.outputs
                assert host.written == host.after
            host.later = ()
            assert device.link.damaged == 0 and device.stats().damaged_frames == damaged_by_the_start
