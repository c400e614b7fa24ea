"""Taking a board of a farm for one's own use: its lock, its labgrid place, its serial port, its reset."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgekd.device import labgrid, lock
from edgekd.device.farm import Farm, FarmBoard
from edgekd.errors import DeviceError

_PULSE_SECONDS = 0.1  # long beside any chip's least reset pulse, with a capacitor in the way


@dataclass(frozen=True)
class Seat:
    """A board that this process holds.

    url: where it is, None for an emulated one that is yet to start. serial_number: of the board, "" where nothing
    tells. restart: resets it from outside, None where there is no way; raises DeviceError when that fails.
    """

    board: FarmBoard
    url: str | None
    serial_number: str
    restart: Callable[[], None] | None


@contextlib.contextmanager
def occupied(
    farm: Farm, board: FarmBoard, *, wait: float = 0.0, waiting: Callable[[str], None] | None = None
) -> Iterator[Seat]:
    """Hold `board` as long as the context lasts.

    wait: seconds to wait for who has it now; `waiting` is told once who that is. Raises lock.BusyError when it stays in
    use, DeviceError when its place is out of reach.
    """
    with contextlib.ExitStack() as stack:
        identity = farm.identity_of(board)
        if identity is not None:
            stack.enter_context(lock.held(identity, board.name, wait=wait, waiting=waiting))
        if board.place is None:
            yield Seat(
                board, board.port, board.serial_number or _usb_serial_number(board.port), _lines(board, board.port)
            )
            return
        place = stack.enter_context(labgrid.acquired(board.place, farm.coordinator, wait=wait, waiting=waiting))
        restart = place.power_cycle if board.reset == "power" else _lines(board, place.url)
        yield Seat(board, place.url, board.serial_number or _usb_serial_number(place.url), restart)


def _lines(board: FarmBoard, url: str | None) -> Callable[[], None] | None:
    if url is None or board.reset not in ("dtr", "rts"):
        return None
    line = board.reset
    return lambda: pulse(url, line)


def pulse(url: str, line: str) -> None:
    """Assert a modem line ("dtr" or "rts") of the port for a moment. Raises DeviceError where there is none."""
    import serial

    try:
        with serial.serial_for_url(url) as port:
            for asserted in (False, True, False):
                setattr(port, line, asserted)
                time.sleep(_PULSE_SECONDS)
    except (OSError, ValueError) as error:  # pyserial's SerialException is an OSError
        raise DeviceError(f"{url}: the board cannot be reset by {line.upper()}: {error}") from None


def _usb_serial_number(port: str | None) -> str:
    """What the USB device behind a serial port of this machine calls itself."""
    if port is None or "://" in port:
        return ""
    from serial.tools import list_ports

    path = os.path.realpath(port)
    return next((found.serial_number or "" for found in list_ports.comports() if found.device == path), "")
