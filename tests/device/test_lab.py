"""Boards far away: behind ser2net, behind a labgrid place. All of it on the loopback interface."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import serial.rfc2217
from host_board import board_on_terminal, restartable_on_terminal
from lab import Labgrid, labgrid, power_port, ser2net

from edgekd.device import lock
from edgekd.device.client import connect
from edgekd.device.farm import Farm, FarmBoard
from edgekd.device.lock import BusyError
from edgekd.device.occupy import occupied, pulse
from edgekd.errors import DeviceError

pytestmark = pytest.mark.cc

A, B = bytes(range(100)), b"\x01\x02\x03"
VALUES = bytes((a + B[i % 3]) % 256 for i, a in enumerate(A))


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "folder", lambda: tmp_path / "locks")


def test_a_serial_port_behind_ser2net_is_as_good_as_a_local_one(toy_board: Path, tmp_path: Path) -> None:
    with board_on_terminal(toy_board) as path, ser2net(f"serialdev,{path},115200n81,local", tmp_path) as url:
        farm = Farm((FarmBoard(name="far", profile="toy", port=url),))
        for _ in range(2):  # one after the other
            with occupied(farm, farm.boards[0]) as seat, connect(str(seat.url)) as device:
                assert device.infer([A, B]).outputs[0] == VALUES


@pytest.fixture(scope="module")
def place(toy_board: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labgrid]:
    """A place "bench" with a board behind ser2net and a power switch that restarts it; "dark" has neither."""
    cwd = tmp_path_factory.mktemp("lab")
    with contextlib.ExitStack() as stack:
        restart, path = stack.enter_context(restartable_on_terminal(toy_board))
        url = stack.enter_context(ser2net(f"serialdev,{path},115200n81,local", cwd))
        power = stack.enter_context(power_port(lambda on: restart() if on else None))
        port = {"host": "127.0.0.1", "port": urlsplit(url).port, "speed": 115_200, "protocol": "rfc2217"}
        other = {"host": "127.0.0.1", "pdu": "none", "index": 1}
        resources = {
            "bench-1": {"NetworkSerialPort": port, "NetworkPowerPort": power},
            "dark-1": {"PDUDaemonPort": other},
        }
        lab = stack.enter_context(labgrid(resources, cwd))
        lab.create("bench", "bench-1")
        lab.create("dark", "dark-1")
        yield lab


def farm_of(lab: Labgrid, place: str = "bench") -> Farm:
    board = FarmBoard(name="far", profile="toy", place=place, reset="power")
    return Farm((board,), coordinator=lab.coordinator)


def test_a_board_at_a_labgrid_place_runs_and_is_reset_by_its_power_switch(place: Labgrid) -> None:
    farm = farm_of(place)
    with occupied(farm, farm.boards[0]) as seat:
        assert "bench" in place.client("who").stdout
        with connect(str(seat.url)) as device:
            assert device.infer([A, B]).outputs[0] == VALUES
            before = device.info.boot_nonce
        assert seat.restart is not None
        seat.restart()
        with connect(str(seat.url)) as device:
            assert device.info.boot_nonce != before
            assert device.infer([A, B]).outputs[0] == VALUES
    assert "bench" not in place.client("who").stdout  # given back


def test_a_place_somebody_else_holds_is_named_with_its_holder(place: Labgrid) -> None:
    farm, lab = farm_of(place), place
    assert lab.client("-p", "bench", "acquire", user="eve").returncode == 0
    try:
        with pytest.raises(BusyError, match=r"place bench is in use by \S+/eve \(labgrid\)"):
            _occupy(farm)
        said: list[str] = []

        def let_go(words: str) -> None:
            said.append(words)
            assert lab.client("-p", "bench", "release", user="eve").returncode == 0

        with occupied(farm, farm.boards[0], wait=30, waiting=let_go):
            assert len(said) == 1 and "/eve (labgrid)" in said[0]
    finally:
        lab.client("-p", "bench", "release", user="eve")


def test_a_place_its_user_holds_already_is_used_and_stays_held(place: Labgrid) -> None:
    farm, lab = farm_of(place), place
    assert lab.client("-p", "bench", "acquire").returncode == 0
    with occupied(farm, farm.boards[0]) as seat, connect(str(seat.url)) as device:
        assert device.info.engine == "toy"
    assert "bench" in lab.client("who").stdout
    assert lab.client("-p", "bench", "release").returncode == 0


def test_what_labgrid_has_not_is_said_in_a_sentence(place: Labgrid) -> None:
    with pytest.raises(DeviceError, match="matches nothing"):
        _occupy(farm_of(place, "nowhere"))
    with pytest.raises(DeviceError, match="labgrid gives no serial port"):
        _occupy(farm_of(place, "dark"))
    assert "dark" not in place.client("who").stdout
    board = FarmBoard(name="far", profile="toy", place="bench")
    with pytest.raises(DeviceError, match=r"labgrid says: .*coordinator"):
        _occupy(Farm((board,), coordinator="127.0.0.1:1"))


def _occupy(farm: Farm) -> None:
    with occupied(farm, farm.boards[0]):
        pass


class _Lines:
    """The port behind a serial server: remembers how its modem lines were set."""

    def __init__(self) -> None:
        self.set: list[tuple[str, bool]] = []
        self.baudrate, self.bytesize, self.parity, self.stopbits = 9600, 8, "N", 1
        self.cts = self.dsr = self.ri = self.cd = self.rtscts = self.xonxoff = self.break_condition = False

    rts = property(lambda self: False, lambda self, on: self.set.append(("rts", on)))
    dtr = property(lambda self: False, lambda self, on: self.set.append(("dtr", on)))

    def reset_input_buffer(self) -> None: ...
    def reset_output_buffer(self) -> None: ...


class _Connection:
    def __init__(self, host: socket.socket) -> None:
        self.write = host.sendall


@pytest.mark.parametrize("line", ["dtr", "rts"])
def test_a_modem_line_is_pulsed_over_the_network(line: str) -> None:
    lines = _Lines()

    def serve(listener: socket.socket) -> None:
        host, _ = listener.accept()
        manager = serial.rfc2217.PortManager(lines, _Connection(host))
        with contextlib.suppress(OSError):
            while data := host.recv(4096):
                list(manager.filter(data))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        farm = Farm(
            (FarmBoard(name="far", profile="toy", port=f"rfc2217://127.0.0.1:{listener.getsockname()[1]}", reset=line),)
        )
        with occupied(farm, farm.boards[0]) as seat:
            assert seat.restart is not None
            seat.restart()
    assert [on for name, on in lines.set if name == line][-3:] == [False, True, False]


def test_a_port_without_modem_lines_says_so(toy_board: Path) -> None:
    with board_on_terminal(toy_board) as path, pytest.raises(DeviceError, match="cannot be reset by DTR"):
        pulse(path, "dtr")
