"""One user of a board at a time, on one machine: across processes, across users, with words that say by whom.

A board's lock is a file that is locked with flock(2): the kernel lets go of it when its holder ends, however that
happens. The file's text says who holds it; it is for messages alone, and trusted for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from edgekd.errors import DeviceError, ToolError

_SECONDS_BETWEEN_LOOKS = 0.2
_MOST_TEXT = 1024  # bytes of a holder's words


class BusyError(DeviceError):
    """The board is in use by another process. holder: who that is, in words."""

    def __init__(self, name: str, holder: str, *hints: str) -> None:
        super().__init__(f"{name} is in use by {holder}", *hints)
        self.holder = holder


def identity(port: str) -> str:
    """What stands for the board at `port`, whichever way the port is named: a link in /dev, another scheme or case."""
    if "://" not in port:
        return os.path.realpath(port)
    parts = urlsplit(port)
    return f"{parts.hostname or parts.netloc}:{parts.port}" if parts.scheme in ("socket", "rfc2217") else port


@contextlib.contextmanager
def held(board: str, name: str, *, wait: float = 0.0, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the board for this process as long as the context lasts.

    board: its `identity`, the same for every program. name: what it is called in messages. wait: seconds to wait for
    another process that has it; `waiting` is then told once who that is. Raises BusyError when the time is over,
    ToolError when this machine lets nobody lock anything.
    """
    until = time.monotonic() + wait
    told = False
    with _file_of(board) as file:
        while not _locked(file):
            holder = _holder(file)
            if time.monotonic() >= until:
                hint = f"waited {wait:g} s for it" if wait else "try again when it is free"
                raise BusyError(name, holder, hint)
            if waiting and not told:
                waiting(f"waiting for {name}: in use by {holder}")
                told = True
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        _say_who(file)
        try:
            yield
        finally:
            os.ftruncate(file, 0)


def holder_of(board: str) -> str | None:
    """Who holds the board now, in words; None when nobody does."""
    with _file_of(board) as file:
        return None if _locked(file) else _holder(file)


def folder() -> Path:
    """Where the locks are: one place for all users of the machine."""
    shared = Path("/run/lock")
    return (shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())) / "edgekd"


@contextlib.contextmanager
def _file_of(board: str) -> Iterator[int]:
    try:
        file = _open(folder() / (hashlib.sha256(board.encode()).hexdigest()[:32] + ".lock"))
    except OSError as error:
        raise ToolError(
            f"{folder()}: boards cannot be locked: {error.strerror or error}", "the folder must be writable for all"
        ) from None
    try:
        yield file
    finally:
        os.close(file)


def _open(path: Path) -> int:
    """The lock file, made for all users. Nothing else is opened in its place, and none of another user is replaced."""
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir()
        path.parent.chmod(0o1777)
    # Linux refuses O_CREAT on what another user made in a folder that all may write to: create and open apart.
    with contextlib.suppress(FileExistsError):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.fchmod(file, 0o666)
        return file
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(f"{path.name} is not a file")
    return file


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _say_who(file: int) -> None:
    command = " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:]])
    text = json.dumps({"user": _user(), "pid": os.getpid(), "since": time.strftime("%H:%M"), "command": command[:200]})
    os.ftruncate(file, 0)
    os.pwrite(file, text.encode()[:_MOST_TEXT], 0)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in a container
        return str(os.getuid())


def _holder(file: int) -> str:
    """Words of the holder. Anybody may have written them: nothing but printable text gets through."""
    try:
        said = json.loads(os.pread(file, _MOST_TEXT, 0).decode("utf-8", "replace"))
        user, pid, since, command = (str(said[key])[:200] for key in ("user", "pid", "since", "command"))
    except (ValueError, KeyError, TypeError):
        return "another process"  # it has just begun, or just ended
    who = f"this process ({pid})" if pid == str(os.getpid()) else f"{user}, process {pid}"
    return "".join(c if c.isprintable() else "?" for c in f"{who}, since {since}: {command}")
