"""A test set spread over the boards of a farm: each takes the next sample when it is ready for one.

A board that is lost on the way gives back what it has not answered, and the others take that. All of them fill one
journal (journal.py), in which every answer is a session's, and every session a board's.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edgekd import paths
from edgekd.device.farm import Farm, FarmBoard
from edgekd.device.lock import BusyError
from edgekd.errors import DeviceError, InputError, ToolError
from edgekd.evaluate.answers import Sample
from edgekd.evaluate.board import HeldBoard, hold
from edgekd.evaluate.journal import Journal
from edgekd.firmware import Deployment, deploy_cached
from edgekd.firmware.board import BoardProfile
from edgekd.progress import Progress, silent

_SECONDS_BETWEEN_TRIES = 1.0  # to take a board that is in use


@dataclass
class Share:
    """How a board of the farm got on. state: "done", "in use", "lost"; why: in words, where it is not done."""

    board: FarmBoard
    profile: BoardProfile
    state: str = "done"
    why: str = ""
    restarts: int = 0


class Work:
    """Indices of samples to be answered, taken by several boards at once.

    A board's thread reads `take(board)` while it fills the journal, and afterwards calls `settle`.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._free = deque(journal.missing())
        self._taken: dict[str, set[int]] = {}
        self._changed = threading.Condition()
        self._stopped = False

    def take(self, board: str) -> Iterator[int]:
        """The next indices, until there are none to take. Never waits: the board's answers would wait with it."""
        while True:
            with self._changed:
                if self._stopped or not self._free:
                    return
                index = self._free.popleft()
                self._taken.setdefault(board, set()).add(index)
            yield index

    def settle(self, board: str) -> None:
        """The board has stopped: what it took and did not answer is free again."""
        with self._changed:
            lacking = set(self._journal.missing())
            self._free.extendleft(sorted(self._taken.pop(board, set()) & lacking, reverse=True))
            self._changed.notify_all()

    def more(self) -> bool:
        """Whether there is something to take; waits while others still may give something back."""
        with self._changed:
            while not self._stopped and not self._free and self._taken:
                self._changed.wait()
            return bool(self._free) and not self._stopped

    def may_need_help(self, seconds: float) -> bool:
        """Whether samples are left, taken by others or not; looks again when that changes, or after `seconds`."""
        with self._changed:
            if self._stopped or not (self._free or self._taken):
                return False
            self._changed.wait(seconds)
            return not self._stopped and bool(self._free or self._taken)

    def stop(self) -> None:
        """Nobody takes anything any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def spread(
    journal: Journal,
    inputs: Sequence[Sample],
    model: Path,
    farm: Farm,
    shares: Sequence[Share],
    builds: Mapping[str, Deployment],
    *,
    wait: float = 0.0,
    progress: Progress = silent,
) -> None:
    """Have the boards of `shares` answer what the journal lacks; each share says afterwards how its board got on.

    builds: by name of profile, for boards that can be given one. wait: seconds to wait for a board that is in use.
    progress is called by one thread at a time. Raises DeviceError when samples stay without an answer, InputError for
    a board whose answers cannot stand beside those of the journal.
    """
    work = Work(journal)
    one_at_a_time = threading.Lock()

    def tell(done: float, total: float, text: str) -> None:
        with one_at_a_time:
            progress(done, total, text)

    def use(share: Share) -> None:
        try:
            with _held_in_time(
                farm, share, work, wait, lambda words: tell(journal.answered, len(inputs), words)
            ) as held:
                _work_through(work, share, held, journal, inputs, model, builds.get(share.profile.name), tell)
        except BusyError as error:
            share.state, share.why = "in use", error.message
        except (DeviceError, ToolError) as error:
            share.state, share.why = "lost", error.message
        except BaseException:
            work.stop()
            raise
        finally:
            work.settle(share.board.name)

    if not journal.missing():
        return
    with ThreadPoolExecutor(max_workers=len(shares), thread_name_prefix="board") as pool:
        try:
            for future in [pool.submit(use, share) for share in shares]:
                future.result()
        finally:
            work.stop()
    missing = len(journal.missing())
    if missing:
        raise DeviceError(
            f"{missing} of {len(inputs)} samples have no answer: no board is left",
            *(f"{share.board.name}: {share.why}" for share in shares if share.why),
            "the answers so far are kept: run the same command again to go on",
        )


@contextlib.contextmanager
def _held_in_time(
    farm: Farm, share: Share, work: Work, wait: float, waiting: Callable[[str], None]
) -> Iterator[HeldBoard]:
    """The board, as soon as it is free: within `wait` seconds, and only while there is work for it."""
    until = time.monotonic() + wait
    told = False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                held = stack.enter_context(hold(farm, share.board, share.profile))
                break
            except BusyError as error:
                if time.monotonic() >= until or not work.may_need_help(_SECONDS_BETWEEN_TRIES):
                    raise
                if not told:
                    waiting(f"waiting: {error.message}")
                    told = True
        yield held


def _work_through(
    work: Work,
    share: Share,
    held: HeldBoard,
    journal: Journal,
    inputs: Sequence[Sample],
    model: Path,
    build: Deployment | None,
    progress: Progress,
) -> None:
    """One board's part, until nothing is left. A board with a reset is restarted once when it fails."""
    name = share.board.name
    while work.more():
        try:
            under_test = held.deployed(model, deployment=build)
            under_test.fill(journal, inputs, progress, indices=work.take(name))
        except DeviceError as error:
            if held.seat.restart is None or share.restarts:
                raise
            share.restarts += 1
            held.close(error.message)
            held.seat.restart()
        finally:
            work.settle(name)


def builds_for(model: Path, shares: Sequence[Share], engine: str, tell: Callable[[str], None]) -> dict[str, Deployment]:
    """The firmware of each kind of board that can be given one, by name of profile."""
    builds: dict[str, Deployment] = {}
    for share in shares:
        profile = share.profile
        if profile.name not in builds and (share.board.emulated or profile.can_upload):
            tell(f"building the firmware for {profile.name}")
            builds[profile.name] = deploy_cached(model, profile, engine=engine)
    return builds


def own_journal(journal_of: str, builds: Mapping[str, Deployment]) -> Path:
    """A file of edgekd's own for answers of these builds. journal_of: what they are answers to."""
    facts = journal_of + "".join(f"{name} {build.build_id}\n" for name, build in sorted(builds.items()))
    return paths.home() / "journals" / f"farm-{hashlib.sha256(facts.encode()).hexdigest()[:16]}.jsonl"


def require_independent(model: Path, stateful: bool) -> None:
    """Raises InputError for a model whose samples build on one another: boards cannot share them."""
    if stateful:
        raise InputError(
            f"{model}: keeps state from one sample to the next, so several boards cannot share a test set",
            "edgekd eval --board runs it on one",
        )
