"""A farm: the boards of one or many hosts as one pool, listed in a TOML file.

    [[board]]
    name    = "bench-left"
    profile = "netduinoplus2"                   # of `edgekd boards`, or a path beside this file
    port    = "/dev/ttyUSB0"                    # or rfc2217://lab-3:4001, socket://lab-3:4002
    reset   = "dtr"                             # optional: how a board that hangs is restarted
    serial_number = "066DFF515055"              # optional: of the board, for reports; USB tells its own

    [[board]]
    name    = "lab-7"
    profile = "nucleo_f446re"
    place   = "edgekd-7"                        # a place of labgrid
    reset   = "power"

    [[board]]
    name     = "virtual"
    profile  = "mps2-an386"
    emulated = true

    [labgrid]
    coordinator = "lab.example:20408"           # as labgrid has it by default

This says what there is; occupy.py takes a board for one's own use.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edgekd.device.lock import identity
from edgekd.errors import InputError
from edgekd.toml_schema import Strict, load_toml

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class FarmBoard(Strict):
    """One board, and the one way to it.

    profile: of `edgekd boards`, or a path. port: a pyserial URL or a serial port of this machine. place: labgrid's name
    for where the board is. emulated: started when it is needed. reset: "dtr" and "rts" pulse that line of the port,
    for boards whose reset is coupled to it as an Arduino's is; "power" has labgrid switch the place off and on.
    """

    name: Name
    profile: Text
    port: Text | None = None
    place: Name | None = None
    emulated: bool = False
    reset: Literal["dtr", "rts", "power"] | None = None
    serial_number: Text | None = None

    @model_validator(mode="after")
    def _one_way_to_it(self) -> FarmBoard:
        if (self.port is not None) + (self.place is not None) + self.emulated != 1:
            raise ValueError("a board has one of port, place and emulated = true\nsay where this one is")
        if self.reset == "power" and self.place is None:
            raise ValueError('reset = "power" needs a place of labgrid, which knows the power switch')
        if self.reset in ("dtr", "rts") and (self.emulated or (self.port or "").startswith("socket://")):
            raise ValueError(f'reset = "{self.reset}" needs a port with modem lines: a serial port or rfc2217://')
        return self


class _Labgrid(Strict):
    coordinator: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\[\]:-]+$")] | None = None


class _File(Strict):
    board: tuple[FarmBoard, ...]
    labgrid: _Labgrid = _Labgrid()

    @model_validator(mode="after")
    def _no_board_twice(self) -> _File:
        ways = [
            identity(board.port) if board.port else f"place {board.place}" for board in self.board if not board.emulated
        ]
        if not self.board:
            raise ValueError("a farm has at least one board\nlist it as [[board]]")
        for what in ([board.name for board in self.board], ways):
            twice = [item for item, count in Counter(what).items() if count > 1]
            if twice:
                raise ValueError(f"{', '.join(twice)}: listed more than once\na board has one entry and one name")
        return self


class Farm:
    """The boards of a file, in its order. path: of the file; None for a board named on the command line.

    coordinator: of labgrid, HOST:PORT; None for labgrid's own default.
    """

    def __init__(self, boards: tuple[FarmBoard, ...], path: Path | None = None, coordinator: str | None = None) -> None:
        self.boards = boards
        self.path = path
        self.coordinator = coordinator

    def matching(self, profile: str | None) -> list[FarmBoard]:
        """The boards of one profile; all without one. Raises InputError when there are none."""
        wanted = [board for board in self.boards if profile is None or board.profile == profile]
        if not wanted:
            kinds = sorted({board.profile for board in self.boards})
            raise InputError(f"{self.path}: no board has the profile {profile}", f"there are: {', '.join(kinds)}")
        return wanted

    def identity_of(self, board: FarmBoard) -> str | None:
        """What stands for the board in lock.py, for every process that uses it. None: nobody else can reach it."""
        if self.path is None and board.emulated:
            return None
        if board.port is not None:
            return identity(board.port)
        if board.place is not None:
            return f"labgrid {self.coordinator or 'default'} {board.place}"
        return f"emulated {self.path and self.path.resolve()} {board.name}"


def load_farm(path: Path) -> Farm:
    """The farm of a TOML file. Raises InputError that lists every problem with its line."""
    file = load_toml(path, _File)
    boards = tuple(board.model_copy(update={"profile": _beside(path, board.profile)}) for board in file.board)
    return Farm(boards, path, file.labgrid.coordinator)


def _beside(path: Path, profile: str) -> str:
    """A profile's path is relative to the farm's file; a name stays a name."""
    return str(path.parent / profile) if profile.endswith(".toml") else profile
