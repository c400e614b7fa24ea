"""A board that this process holds, and the model on it: built, put there only when it is not there yet, checked."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.device.client import Device, connect
from edgekd.device.emulator import Emulator, tools_of
from edgekd.device.farm import Farm, FarmBoard
from edgekd.device.lock import BusyError
from edgekd.device.occupy import Seat, occupied
from edgekd.errors import DeviceError, InputError, ToolError
from edgekd.evaluate.under_test import BoardUnderTest
from edgekd.firmware import Deployment, deploy_cached
from edgekd.firmware.board import BAUDS, BoardProfile, load_board
from edgekd.firmware.build import upload
from edgekd.firmware.folder import locked

_SECONDS_BETWEEN_LOOKS = 0.5


class MissingToolsError(ToolError):
    """Programs or packages that building for a board, or emulating it, needs and that are not here."""


class HeldBoard:
    """A board, and the model it runs now. Made by `hold`.

    profile: what is known of its kind. seat: where it is. baud: see `hold`. running: the model on it, None before the
    first. flashed: how often a model was put there; starting an emulated board is not counted.
    """

    def __init__(self, seat: Seat, profile: BoardProfile, baud: int | None = None) -> None:
        self.seat = seat
        self.profile = profile
        self.baud = baud
        self.running: BoardUnderTest | None = None
        self.flashed = 0
        self._open = contextlib.ExitStack()

    @property
    def name(self) -> str:
        """Of the board: the farm's for it, or its profile's."""
        return self.seat.board.name

    @property
    def provenance(self) -> dict[str, str]:
        """Which board this is, and what it runs."""
        facts = {"board": self.name, "profile": self.profile.name, "port": self.seat.url or "emulated"}
        if self.seat.serial_number:
            facts["serial_number"] = self.seat.serial_number
        return {**facts, **(self.running.provenance if self.running else {}), "board": self.name}

    def deployed(
        self,
        model: Path,
        *,
        engine: str = "aot",
        elf: Path | None = None,
        deployment: Deployment | None = None,
        flash: bool = True,
    ) -> BoardUnderTest:
        """The board with `model` on it: as it is when it runs that and answers, else flashed or emulated anew.

        elf, deployment: an image to emulate, or a build that was made already. flash: may a real board be given another
        firmware? One that cannot be, or may not, must run the model. What ran before on this board cannot be used
        any more. Raises MissingToolsError, InputError for a model that cannot be compiled or does not fit, DeviceError
        when the board does not answer or runs another model.
        """
        graph = read_tflite(model)
        if self.running and (self.running.graph.sha256, self.running.engine) == (graph.sha256, engine):
            try:
                self.running.device.stats()
            except DeviceError:
                self.close("it gave no answer; ask deployed(MODEL) for the board again")
            else:
                return self.running
        flash = flash and self.seat.url is not None and self.profile.can_upload
        build = deployment is None and elf is None and (self.seat.url is None or flash)
        _require_tools(self.profile, build=build, emulate=self.seat.url is None)
        if build:
            deployment = deploy_cached(model, self.profile, engine=engine)
        self.close(f"{model.name} was asked for; ask deployed(MODEL) for the board again")
        try:
            device = self._device(model, graph, engine, elf, deployment, flash)
            refused = choose_rate(device, self.baud, self.profile.serial.max_baud, self.seat.url or self.name)
        except BaseException:
            self._open.close()
            raise
        self.running = BoardUnderTest(
            model, graph, self.profile, device, engine, self.seat.url, deployment, self.name, refused
        )
        return self.running

    def close(self, why: str = "the board was given back") -> None:
        """End the link, and an emulated board. why: what is said to who asks it after that."""
        if self.running is not None:
            self.running.device = _gone(f"{self.name} does not run {self.running.model.name} any more: {why}")
            self.running = None
        self._open.close()

    def _device(
        self,
        model: Path,
        graph: Graph,
        engine: str,
        elf: Path | None,
        deployment: Deployment | None,
        flash: bool,
    ) -> Device:
        url = self.seat.url
        if url is None:
            image = deployment.elf if deployment else elf
            assert image is not None
            device = self._connect(self._open.enter_context(Emulator(self.profile, image)).url)
        elif flash:
            assert deployment is not None
            device = self._flashed(url, deployment)
        else:
            device = self._connect_or_restart(url)
        if device.info.model_sha256 != graph.sha256:
            raise DeviceError(
                f"{url or self.name}: the board runs another model (SHA-256 {device.info.model_sha256[:16]}…) than "
                f"{model} ({graph.sha256[:16]}…)",
                f"flash it first: edgekd deploy {model} --board {self.profile.name} --port {url}",
            )
        if deployment is None and device.info.input_bytes != tuple(tensor.nbytes for tensor in graph.inputs):
            raise DeviceError(
                f"{url or self.name}: the board runs {model} in firmware that was made for edgekd diff",
                f"flash it anew: edgekd deploy {model} --board {self.profile.name} --port {url}",
            )
        return device

    def _flashed(self, url: str, deployment: Deployment) -> Device:
        """The board at `url` with this build on it: flashed unless it says that it runs it."""
        with contextlib.suppress(DeviceError):  # an empty board, or other firmware: the upload will tell more
            device = self._connect(url)
            if device.info.build_id == deployment.build_id:
                return device
            self._open.close()
        with locked(deployment.project.folder):
            upload(deployment.project, url)
        self.flashed += 1
        device = self._connect_or_restart(url)
        if device.info.build_id != deployment.build_id:
            raise DeviceError(
                f"{url}: the board was given build {deployment.build_id} and still runs {device.info.build_id}",
                "does the upload reach this board, and not another one?",
            )
        return device

    def _connect_or_restart(self, url: str) -> Device:
        try:
            return self._connect(url)
        except DeviceError:
            if self.seat.restart is None:
                raise
        self.seat.restart()
        return self._connect(url)

    def _connect(self, url: str) -> Device:
        return self._open.enter_context(connect(url, baud=self.profile.serial.baud))


def choose_rate(device: Device, asked: int | None, highest: int | None, name: str) -> int | None:
    """Run the line at the rate that was asked for, else try the highest. name: of the port, for messages.

    Returns the rate that was tried in vain, the line then being as before; None where none was. Raises DeviceError when
    the line does not run at the rate asked for.
    """
    wanted = asked or highest
    if wanted is None or device.baud == wanted:
        return None
    if device.baud is None and asked is None:
        return None
    if device.raise_baud(wanted):
        return None
    if asked is None:
        return wanted
    raise DeviceError(
        f"{name}: the line does not run at {asked} baud",
        "this way to the board has no rate" if device.baud is None else f"it does at {device.baud}",
    )


@contextlib.contextmanager
def hold(
    farm: Farm,
    board: FarmBoard,
    profile: BoardProfile | None = None,
    *,
    baud: int | None = None,
    wait: float = 0.0,
    waiting: Callable[[str], None] | None = None,
) -> Iterator[HeldBoard]:
    """A board of a farm, for this process alone as long as the context lasts. See device.occupy.occupied.

    baud: bits a second that its line is to run at, or DeviceError; None: the profile's serial.max_baud, if that works.
    """
    profile = profile or load_board(board.profile)
    require_reachable(profile, None if board.emulated else "somewhere")
    with occupied(farm, board, wait=wait, waiting=waiting) as seat:
        held = HeldBoard(seat, profile, baud)
        try:
            yield held
        finally:
            held.close()


@contextlib.contextmanager
def hold_any(
    farm: Farm, profile: str | None = None, *, wait: float = 0.0, waiting: Callable[[str], None] | None = None
) -> Iterator[HeldBoard]:
    """The first board of a farm that is free and within reach, of one profile or any.

    wait: seconds to wait while all are in use; `waiting` is told once by whom, and of each board out of reach. Raises
    DeviceError when the time is over, or no board is within reach.
    """
    boards = farm.matching(profile)
    profiles = {board.profile: load_board(board.profile) for board in boards}  # a bad one is said before anything
    until = time.monotonic() + wait
    told = False
    while True:
        busy: list[str] = []
        lost: list[DeviceError] = []
        for board in boards:
            with contextlib.ExitStack() as stack:
                try:
                    held = stack.enter_context(hold(farm, board, profiles[board.profile]))
                except BusyError as error:
                    busy.append(error.message)
                    continue
                except DeviceError as error:
                    lost.append(error)
                    continue
                yield held
                return
        if not busy:
            raise lost[0]
        if time.monotonic() >= until:
            raise DeviceError("no board is free", *busy, f"waited {wait:g} s")
        if waiting and not told:
            waiting("; ".join(["waiting for a board", *busy, *(error.message for error in lost)]))
            told = True
        time.sleep(min(_SECONDS_BETWEEN_LOOKS, max(0.0, until - time.monotonic())))


def single_board(profile: BoardProfile, port: str | None, named: str | None = None) -> Farm:
    """A farm of one: the board at `port`, or an emulated one. named: how the profile was asked for, a path perhaps."""
    board = FarmBoard(name=profile.name, profile=named or profile.name, port=port, emulated=port is None)
    return Farm((board,))


@contextlib.contextmanager
def board_under_test(
    model: Path,
    board: str | Path | BoardProfile,
    *,
    engine: str = "aot",
    port: str | None = None,
    elf: Path | None = None,
    deployment: Deployment | None = None,
    flash: bool = False,
    baud: int | None = None,
) -> Iterator[BoardUnderTest]:
    """A board that runs `model`: the one at `port`, or an emulated one, started and ended here.

    port: a pyserial URL. baud: of its line, see `hold`. The rest as in HeldBoard.deployed, which says what is raised;
    lock.BusyError besides.
    """
    require_rate(baud, port)
    profile = board if isinstance(board, BoardProfile) else load_board(board)
    farm = single_board(profile, port)
    with hold(farm, farm.boards[0], profile, baud=baud) as held:
        yield held.deployed(model, engine=engine, elf=elf, deployment=deployment, flash=flash)


def require_reachable(board: BoardProfile, port: str | None) -> None:
    """Raises InputError for a board that can neither be emulated nor has a port."""
    if port is None and board.emulator is None:
        raise InputError(f"board {board.name} cannot be emulated", "name its serial port: --port PORT")


def require_rate(baud: int | None, port: str | None) -> None:
    """Raises InputError for a rate that no line has, or where there is no line."""
    if baud is None:
        return
    if port is None:
        raise InputError(f"{baud} baud: an emulated board has no line to set a rate of", "name a port, or no rate")
    if baud not in BAUDS:
        raise InputError(f"{baud} baud: no line runs at that", f"from {BAUDS.start} to {BAUDS.stop - 1}")


def _require_tools(board: BoardProfile, *, build: bool, emulate: bool) -> None:
    programs = [board.toolchain.compiler] if build and board.toolchain else []
    programs += tools_of(board) if emulate else ()
    packages = ["platformio", "SCons"] if build else []
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingToolsError(
            f"board {board.name} needs what is not here: {', '.join(missing)}", "edgekd doctor says how to get it"
        )


def _gone(words: str) -> Any:
    """Stands where a Device was, and says why it is not there any more."""

    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise DeviceError(words)

    return Gone()
