"""All states of a model: whether something happens that must not, whether the end can be reached from each."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from link_checks.protocol_model import START, Model, State, ViolationError


@dataclass(frozen=True)
class Explored:
    """found: what went wrong, "" for nothing; then trace tells what happened before, step by step."""

    states: int
    steps: int
    longest: int
    seconds: float
    found: str = ""
    trace: tuple[str, ...] = ()


class TooManyStatesError(Exception):
    """More states than there may be."""


def explore(model: Model, most: int = 20_000_000) -> Explored:
    """Breadth first, so that a trace is as short as any. Raises TooManyStatesError beyond `most`."""
    started = time.monotonic()
    number: dict[State, int] = {START: 0}
    came_from: list[tuple[int, str]] = [(-1, "")]
    depth = [0]
    sources: list[list[int]] = [[]]  # of each state, those that lead to it
    done: list[int] = []
    waiting = deque([START])
    steps = 0

    def trace(at: int) -> tuple[str, ...]:
        told: list[str] = []
        while at > 0:
            at, what = came_from[at]
            told.append(what)
        return tuple(reversed(told))

    def result(found: str = "", at: int = 0, last: str = "") -> Explored:
        told = (*trace(at), last) if last else trace(at)
        return Explored(len(number), steps, max(depth), time.monotonic() - started, found, told if found else ())

    while waiting:
        state = waiting.popleft()
        here = number[state]
        if model.is_done(state):
            done.append(here)
        try:
            for what, after in model.steps(state):
                steps += 1
                there = number.get(after)
                if there is None:
                    there = number[after] = len(number)
                    if there >= most:
                        raise TooManyStatesError
                    came_from.append((here, what))
                    depth.append(depth[here] + 1)
                    sources.append([])
                    waiting.append(after)
                sources[there].append(here)
        except ViolationError as violation:
            return result(str(violation), here, "then")
    stuck = _cannot_reach(done, sources)
    if stuck is not None:
        return result("from here the last sample never gets its result", stuck)
    return result()


def _cannot_reach(ends: list[int], sources: list[list[int]]) -> int | None:
    """The first state from which no end can be reached."""
    reaches = bytearray(len(sources))
    waiting = list(ends)
    for end in ends:
        reaches[end] = 1
    while waiting:
        for source in sources[waiting.pop()]:
            if not reaches[source]:
                reaches[source] = 1
                waiting.append(source)
    missing = reaches.find(0)
    return None if missing < 0 else missing
