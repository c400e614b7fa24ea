"""The emulator's life: it ends when we do, however that happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.errors import InputError, ToolError
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

BOARD = load_board("mps2-an386")


@pytest.fixture
def elf(edgekd_model: Path) -> Path:
    return deploy_cached(edgekd_model, BOARD).elf


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


def pid_of(emulator: Emulator) -> int:
    assert emulator._process is not None
    return emulator._process.pid


@pytest.mark.emulated
def test_any_number_of_hosts_connect_in_turn_and_the_end_is_the_end(elf: Path) -> None:
    with Emulator(BOARD, elf) as emulator:
        pid = pid_of(emulator)
        nonces = []
        for _ in range(3):
            with connect(emulator.url) as device:
                nonces.append(device.info.boot_nonce)
        assert len(set(nonces)) == 1
        assert is_running(pid)
    assert ends(pid)


@pytest.mark.emulated
def test_two_boards_run_side_by_side(elf: Path) -> None:
    with Emulator(BOARD, elf) as one, Emulator(BOARD, elf) as other:
        assert one.url != other.url
        with connect(one.url) as first, connect(other.url) as second:
            assert first.info.boot_nonce != second.info.boot_nonce


# A shell's background jobs, and what they start, ignore SIGINT.
OWNER = """
import signal, sys, time
from pathlib import Path
from edgekd.device.emulator import Emulator
from edgekd.firmware.board import load_board
signal.signal(signal.SIGINT, signal.default_int_handler)
with Emulator(load_board("mps2-an386"), Path(sys.argv[1])) as emulator:
    print(emulator._process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.emulated
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_the_emulator_does_not_outlive_its_owner(elf: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", OWNER, str(elf)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        os.kill(owner.pid, how)
        assert ends(pid)


@pytest.mark.emulated
def test_what_qemu_says_against_an_image_is_shown(tmp_path: Path) -> None:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(b"\x7fELF, but not really")
    machine = BOARD.model_copy(update={"emulator": BOARD.emulator.model_copy(update={"machine": "mps2-an999"})})  # type: ignore[union-attr]
    with pytest.raises(ToolError) as caught, Emulator(machine, elf) as emulator, connect(emulator.url, timeout=5):
        pass
    assert "qemu-system-arm ended by itself (exit code 1)" in str(caught.value)
    assert "unsupported machine type" in str(caught.value)


def test_a_missing_emulator_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = tmp_path / "firmware.elf"
    elf.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install qemu-system-arm"), Emulator(BOARD, elf):
        pass


def test_a_board_without_an_emulator_needs_a_port(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nucleo_f446re cannot be emulated"):
        Emulator(load_board("nucleo_f446re"), tmp_path)


def test_an_image_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.elf: no such image"):
        Emulator(BOARD, tmp_path / "none.elf")
