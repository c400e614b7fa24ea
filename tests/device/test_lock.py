"""A lock a board, across processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgekd.device import lock
from edgekd.device.lock import BusyError, held, holder_of, identity
from edgekd.errors import ToolError

HOLDER = """
import sys
from edgekd.device.lock import held
with held(sys.argv[1], "bench-1"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "folder", lambda: tmp_path / "locks")


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a process that holds the named board until a line comes."""
    started = []
    folder = str(tmp_path / "locks")
    where = f"from pathlib import Path; from edgekd.device import lock; lock.folder = lambda: Path({folder!r})"

    def hold(board: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", where + HOLDER, board], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


Hold = Callable[[str], "subprocess.Popen[str]"]


def test_a_board_in_use_is_refused_with_the_name_of_its_user(other_process: Hold) -> None:
    process = other_process("/dev/ttyACM0")
    with pytest.raises(BusyError) as refused, held("/dev/ttyACM0", "bench-1"):
        pass
    assert f"bench-1 is in use by {lock._user()}, process {process.pid}, since" in str(refused.value)
    assert holder_of("/dev/ttyACM0") == refused.value.holder
    with held("/dev/ttyACM1", "bench-2"):
        pass  # another board is free


def test_waiting_says_for_whom_and_ends_when_the_board_is_free(other_process: Hold) -> None:
    process = other_process("board")
    said = []

    def let_go(words: str) -> None:
        said.append(words)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    with held("board", "bench-1", wait=20, waiting=let_go):
        assert holder_of("board") is not None
    assert len(said) == 1 and f"process {process.pid}" in said[0]
    assert holder_of("board") is None


def test_waiting_has_an_end(other_process: Hold) -> None:
    other_process("board")
    started = time.monotonic()
    with pytest.raises(BusyError, match=r"waited 0\.5 s"), held("board", "bench-1", wait=0.5):
        pass
    assert time.monotonic() - started >= 0.5


def test_a_killed_holder_holds_nothing(other_process: Hold) -> None:
    process = other_process("board")
    process.kill()
    process.wait()
    with held("board", "bench-1"):
        pass


def test_the_same_process_is_refused_too() -> None:
    with held("board", "bench-1"), pytest.raises(BusyError, match="this process"), held("board", "bench-1"):
        pass


def test_names_of_one_board_are_one_board(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to("/dev/null")
    assert identity(str(tmp_path / "by-id")) == identity("/dev/null") == "/dev/null"
    assert identity("rfc2217://LAB:4001?ign_set_control") == identity("socket://lab:4001") == "lab:4001"
    assert identity("rfc2217://lab:4002") != identity("rfc2217://lab:4001")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"user": 1}', '{"user":"\\u001b[2J","pid":1,"since":"","command":""}']
)
def test_what_others_write_into_a_lock_is_not_trusted(text: str, other_process: Hold) -> None:
    other_process("board")
    next(lock.folder().glob("*.lock")).write_text(text)
    holder = holder_of("board")
    assert holder is not None and "\x1b" not in holder


def test_neither_a_link_nor_a_pipe_is_taken_for_a_lock(tmp_path: Path) -> None:
    with held("board", "bench-1"):
        path = next(lock.folder().glob("*.lock"))
    path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.symlink_to(victim)
    with pytest.raises(ToolError, match="cannot be locked"), held("board", "bench-1"):
        pass
    assert victim.read_text() == "precious"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ToolError, match="not a file"), held("board", "bench-1"):
        pass


def test_all_users_of_the_machine_share_it() -> None:
    with held("board", "bench-1"):
        assert lock.folder().stat().st_mode & 0o7777 == 0o1777
        assert next(lock.folder().glob("*.lock")).stat().st_mode & 0o777 == 0o666
