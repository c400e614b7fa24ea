"""Samples shared out: every one is answered once, whatever boards are lost on the way."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekd.errors import InputError
from edgekd.evaluate.journal import Ending, Journal, Source, Subject
from edgekd.evaluate.spread import Work, require_independent

SOURCE = Source(board="b", engine="aot", build_id="1", port="emulated")


class LostError(Exception):
    pass


def board(work: Work, journal: Journal, name: str, ahead: int, dies_after: int | None, seen: list[int]) -> None:
    """A board that takes `ahead` samples before it answers the first, and is lost after some answers."""
    while work.more():
        session = journal.join(SOURCE.model_copy(update={"name": name}))
        pending: list[int] = []
        try:
            for index in work.take(name):
                pending.append(index)
                if len(pending) > ahead:
                    answer(journal, session, pending.pop(0), dies_after, seen)
            for index in pending:
                answer(journal, session, index, dies_after, seen)
        except LostError:
            return
        finally:
            journal.end(session, Ending(stack_bytes=1, arena_bytes=1, link={}))
            work.settle(name)


def answer(journal: Journal, session: int, index: int, dies_after: int | None, seen: list[int]) -> None:
    if dies_after is not None and len(seen) >= dies_after:
        raise LostError
    journal.add(session, index, 1, [b"x"])
    seen.append(index)


@settings(deadline=None, max_examples=60)
@given(
    samples=st.integers(0, 40),
    boards=st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 10)), min_size=1, max_size=5),
)
def test_every_sample_is_answered_once_while_a_board_is_left(
    samples: int, boards: list[tuple[int, int | None]]
) -> None:
    journal = Journal(Subject(model_sha256="m", data_sha256="d", samples=samples, output_bytes=(1,)))
    work = Work(journal)
    answered: list[list[int]] = [[] for _ in boards]
    threads = [
        threading.Thread(target=board, args=(work, journal, str(n), ahead, dies, answered[n]), daemon=True)
        for n, (ahead, dies) in enumerate(boards)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive(), "a board waits for ever"
    counts = Counter(index for seen in answered for index in seen)
    assert set(counts.values()) <= {1}
    if any(dies is None for _, dies in boards):
        assert len(counts) == samples and not journal.missing()


def test_only_what_the_journal_lacks_is_given_out() -> None:
    journal = Journal(Subject(model_sha256="m", data_sha256="d", samples=4, output_bytes=(1,)))
    journal.add(journal.join(SOURCE), 1, 1, [b"x"])
    assert list(Work(journal).take("a")) == [0, 2, 3]


def test_a_stopped_farm_gives_out_nothing() -> None:
    journal = Journal(Subject(model_sha256="m", data_sha256="d", samples=4, output_bytes=(1,)))
    work = Work(journal)
    work.stop()
    assert not work.more() and not list(work.take("a")) and not work.may_need_help(10)


def test_a_model_with_a_memory_is_not_shared_out() -> None:
    require_independent(Path("m.tflite"), stateful=False)
    with pytest.raises(InputError, match="keeps state from one sample to the next"):
        require_independent(Path("m.tflite"), stateful=True)
