"""Answers kept as they come, so that an evaluation that was interrupted goes on where it was.

A journal is a text file that only grows. Each line is one JSON object that ends with the CRC-32 of what stands before
it in the line:

    {"kind":"journal","version":1,"model_sha256":…,"data_sha256":…,"samples":1000,"output_bytes":[10],"crc32":"…"}
    {"kind":"session","session":0,"board":"mps2-an386","engine":"aot","build_id":…,"port":"emulated","crc32":"…"}
    {"kind":"answer","session":0,"index":0,"ticks":32208,"outputs":["gICAf4CAgICAgA=="],"crc32":"…"}
    {"kind":"end","session":0,"stack_bytes":348,"arena_bytes":3192,"link":{…},"crc32":"…"}

A session is one board at work; several may be open at once, and answers come in any order. A line that a crash cut
short, or that was damaged, fails its checksum and is passed over: its sample is missing again and is measured again.

A line is handed to the operating system whole, before the next sample is counted as answered, so a process that is
killed loses nothing. It is on disk (fsync) with the first line that comes a second later, and when the journal is
closed: that much is what a power cut may cost.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import threading
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from edgekd.errors import DeviceError, InputError
from edgekd.toml_schema import Strict

_SYNC_SECONDS = 1.0
_CHECK = b',"crc32":"%08x"}'
_CHECK_BYTES = len(_CHECK % 0)
_Count = Annotated[int, Field(ge=0)]
_LinkFigure = Annotated[float, Field(allow_inf_nan=False)]


class Subject(Strict):
    """What a journal's answers are answers to.

    data_sha256: of the inputs, see `data_digest`. samples: how many there are. output_bytes: of each output tensor.
    """

    model_sha256: str
    data_sha256: str
    samples: _Count
    output_bytes: tuple[_Count, ...]


class Source(Strict):
    """Who answers: names of the kind of board and engine, the firmware's build id, the port or "emulated".

    name: of the board in its farm.
    """

    board: str
    engine: str
    build_id: str
    port: str
    name: str = ""


class Ending(Strict):
    """What a board said at the end of a session. stack_bytes: of an inference, None when it could not be asked. baud:
    of its line, None where that has no rate. refused_baud: tried before, and did not work."""

    stack_bytes: int | None
    arena_bytes: int
    link: dict[str, int | _LinkFigure]
    baud: int | None = None
    refused_baud: int | None = None


@dataclass(frozen=True)
class Answer:
    """To one sample. session: whose it is. ticks: of that board's counter. outputs: the bytes of each tensor."""

    session: int
    index: int
    ticks: int
    outputs: tuple[bytes, ...]


class _Head(Subject):
    kind: Literal["journal"] = "journal"
    version: Literal[1] = 1


class _SessionLine(Source):
    kind: Literal["session"] = "session"
    session: _Count


class _AnswerLine(Strict):
    kind: Literal["answer"] = "answer"
    session: _Count
    index: _Count
    ticks: _Count
    outputs: tuple[bytes, ...]

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")  # RFC 4648, section 5


class _EndLine(Ending):
    kind: Literal["end"] = "end"
    session: _Count


_Line = _Head | _SessionLine | _AnswerLine | _EndLine
_LINES: TypeAdapter[_Line] = TypeAdapter(Annotated[_Line, Field(discriminator="kind")])


def data_digest(columns: Iterable[npt.NDArray[Any]]) -> str:
    """SHA-256 over inputs as the model takes them. columns: for each input tensor an array, samples first."""
    digest = hashlib.sha256()
    for column in columns:
        digest.update(f"{column.dtype.str} {list(column.shape)}\n".encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


class Journal(AbstractContextManager["Journal"]):
    """The answers to a test set's samples, in memory and, where it has a path, on disk. Several threads may use it.

        with Journal(subject, path) as journal:
            session = journal.join(source)
            for index in journal.missing():
                journal.add(session, index, ticks, outputs)

    sessions: sources by number. endings: of the sessions that ended, by number. kept: answers that were there already.
    damaged_lines: found in the file and passed over.
    Raises InputError when the file is another one's journal, no journal, or in use, DeviceError in `add`.
    """

    def __init__(self, subject: Subject, path: Path | None = None) -> None:
        self.subject = subject
        self.path = path
        self.sessions: dict[int, Source] = {}
        self.endings: dict[int, Ending] = {}
        self.damaged_lines = 0
        self._answers: dict[int, Answer] = {}
        self._next_session = 0
        self._lock = threading.RLock()
        self._file: int | None = None
        self._unsynced_since: float | None = None
        if path is not None:
            self._open(path)
        self.kept = len(self._answers)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Everything is on disk after it."""
        with self._lock:
            if self._file is not None:
                self._sync()
                os.close(self._file)
                self._file = None

    def missing(self) -> list[int]:
        """Indices of the samples without an answer, ascending."""
        with self._lock:
            return [index for index in range(self.subject.samples) if index not in self._answers]

    @property
    def answered(self) -> int:
        """How many samples have an answer."""
        return len(self._answers)

    def join(self, source: Source) -> int:
        """Begin a session. Raises InputError as `require_same_build`."""
        with self._lock:
            self.require_same_build(source)
            session = self._next_session
            self._write(_SessionLine(session=session, **source.model_dump()))
            self.sessions[session] = source
            self._next_session += 1
            return session

    def require_same_build(self, source: Source) -> None:
        """Raises InputError when answers of the same board, but of another build, are there."""
        with self._lock:
            for other in self.sessions.values():
                if other.board == source.board and (other.build_id, other.engine) != (source.build_id, source.engine):
                    raise InputError(
                        f"{self._name}: holds answers of another firmware on {source.board} ({other.engine}, build "
                        f"{other.build_id}) than runs there now ({source.engine}, build {source.build_id})",
                        _OTHER_FILE,
                    )

    def add(self, session: int, index: int, ticks: int, outputs: Sequence[bytes]) -> None:
        """Keep an answer. One that is there already stays; DeviceError when the new one has other outputs."""
        answer = Answer(session, index, ticks, tuple(outputs))
        with self._lock:
            self._check(answer)
            earlier = self._answers.get(index)
            if earlier is None:
                self._write(_AnswerLine(session=session, index=index, ticks=ticks, outputs=answer.outputs))
                self._answers[index] = answer
            elif earlier.outputs != answer.outputs:
                raise DeviceError(
                    f"{self._name}: sample {index} was answered twice and differently, by {self._who(earlier)} and by "
                    f"{self._who(answer)}",
                    "one of them is wrong: edgekd eval on each says whose answers differ from TensorFlow Lite Micro's",
                )

    def end(self, session: int, ending: Ending) -> None:
        """Keep what the board says at the end of its session."""
        with self._lock:
            self._write(_EndLine(session=session, **ending.model_dump()))
            self.endings[session] = ending

    def answers(self) -> list[Answer]:
        """All of them, by index. Raises DeviceError while some are missing."""
        with self._lock:
            missing = self.missing()
            if missing:
                raise DeviceError(f"{self._name}: {len(missing)} of {self.subject.samples} samples have no answer")
            return [self._answers[index] for index in range(self.subject.samples)]

    @property
    def _name(self) -> str:
        return str(self.path or "journal")

    def _who(self, answer: Answer) -> str:
        source = self.sessions[answer.session]
        return f"{source.name or source.board} at {source.port}"

    def _check(self, answer: Answer) -> None:
        if answer.session not in self.sessions:
            raise ValueError(f"no session {answer.session} was begun")
        if answer.index >= self.subject.samples:
            raise ValueError(f"sample {answer.index} of {self.subject.samples}")
        sizes = tuple(map(len, answer.outputs))
        if sizes != self.subject.output_bytes:
            raise DeviceError(
                f"{self._who(answer)}: answered sample {answer.index} with {list(sizes)} bytes, the model's outputs "
                f"have {list(self.subject.output_bytes)}"
            )

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}", "choose another file: --journal FILE") from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise InputError(f"{path}: is no regular file", "choose another file: --journal FILE")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file = file
            content = path.read_bytes()
            self._read(content)
            if not content:
                self._sync()
                _sync_folder(path.parent)
        except BlockingIOError:
            os.close(file)
            raise InputError(f"{path}: is in use by another evaluation", "wait for it, or name another file") from None
        except BaseException:
            os.close(file)
            self._file = None
            raise

    def _read(self, content: bytes) -> None:
        """Take in what the file holds, and leave it ready for the next line."""
        head = _checked(_Head(**self.subject.model_dump()))
        if head.startswith(content):  # a new file, or one whose very first line was cut short
            self._append(head[len(content) :])
            return
        first, *lines = content.removesuffix(b"\n").split(b"\n")
        self._check_head(_parsed(first))
        for line in lines:
            self._take(_parsed(line))
        if not content.endswith(b"\n"):
            self._append(b"\n")

    def _check_head(self, head: _Line | None) -> None:
        if not isinstance(head, _Head):
            raise InputError(f"{self._name}: is no journal of answers, or its first line is damaged", _OTHER_FILE)
        ours = self.subject
        for what, theirs, mine in (
            ("another model", head.model_sha256, ours.model_sha256),
            ("other data", head.data_sha256, ours.data_sha256),
        ):
            if theirs != mine:
                raise InputError(
                    f"{self._name}: holds answers of {what} (SHA-256 {theirs[:16]}…) than is evaluated now "
                    f"({mine[:16]}…)",
                    _OTHER_FILE,
                )
        if Subject(**head.model_dump(exclude={"kind", "version"})) != ours:
            raise InputError(f"{self._name}: its first line does not fit the model and data it names", _OTHER_FILE)

    def _take(self, line: _Line | None) -> None:
        """One line of the file; None for a damaged one. So are answers whose session was lost with a damaged line."""
        if line is None or isinstance(line, _Head):
            self.damaged_lines += 1
            return
        known = line.session in self.sessions
        self._next_session = max(self._next_session, line.session + 1)
        if isinstance(line, _SessionLine):
            self.sessions[line.session] = Source(**line.model_dump(exclude={"kind", "session"}))
        elif not known:
            self.damaged_lines += 1
        elif isinstance(line, _EndLine):
            self.endings[line.session] = Ending(**line.model_dump(exclude={"kind", "session"}))
        else:
            self._take_answer(Answer(line.session, line.index, line.ticks, line.outputs))

    def _take_answer(self, answer: Answer) -> None:
        try:
            self._check(answer)
        except (ValueError, DeviceError) as error:
            raise InputError(f"{self._name}: {error}", _OTHER_FILE) from None
        self._answers.setdefault(answer.index, answer)

    def _write(self, line: _Line) -> None:
        if self.path is None:
            return
        self._append(_checked(line))
        if self._unsynced_since is not None and time.monotonic() - self._unsynced_since >= _SYNC_SECONDS:
            self._sync()

    def _append(self, data: bytes) -> None:
        if self._file is None:
            raise ValueError(f"{self._name} is closed")
        if self._unsynced_since is None:
            self._unsynced_since = time.monotonic()
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror}", "make room, then run the same command again") from None

    def _sync(self) -> None:
        if self._file is not None and self._unsynced_since is not None:
            os.fsync(self._file)
            self._unsynced_since = None


_OTHER_FILE = "name another file with --journal, or delete this one to measure anew"


def _checked(line: _Line) -> bytes:
    """The line as bytes, checksum and newline included."""
    body = line.model_dump_json().encode().removesuffix(b"}")
    return body + _CHECK % zlib.crc32(body) + b"\n"


def _parsed(line: bytes) -> _Line | None:
    """What is in a line; None when it is damaged."""
    body, check = line[:-_CHECK_BYTES], line[-_CHECK_BYTES:]
    if check != _CHECK % zlib.crc32(body):
        return None
    try:
        return _LINES.validate_json(body + b"}")
    except ValidationError:
        return None


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut, too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
