from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.errors import DeviceError, InputError
from edgekd.evaluate.journal import Answer, Ending, Journal, Source, Subject, data_digest

SUBJECT = Subject(model_sha256="a" * 64, data_sha256="b" * 64, samples=5, output_bytes=(2, 1))
BOARD = Source(board="mps2-an386", engine="aot", build_id="0123456789abcdef", port="emulated")
ENDING = Ending(stack_bytes=348, arena_bytes=3192, link={"bytes_sent": 100, "seconds": 0.25})


def outputs(index: int) -> tuple[bytes, bytes]:
    return bytes((index, 255 - index)), b"\xfb"  # the last one needs the alphabet's end in base 64


def answers(path: Path, subject: Subject = SUBJECT) -> list[Answer]:
    with Journal(subject, path) as journal:
        return journal.answers()


def fill(path: Path, indices: list[int], *, subject: Subject = SUBJECT, source: Source = BOARD) -> list[int]:
    """Answer these samples in one session; returns what was missing before."""
    with Journal(subject, path) as journal:
        missing = journal.missing()
        session = journal.join(source)
        for index in indices:
            journal.add(session, index, 1000 + index, outputs(index))
        journal.end(session, ENDING)
    return missing


def test_an_interrupted_evaluation_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "made" / "journal.jsonl"
    assert fill(path, [3, 0]) == [0, 1, 2, 3, 4]
    assert fill(path, [4, 2, 1]) == [1, 2, 4]
    with Journal(SUBJECT, path) as journal:
        assert journal.missing() == [] and journal.kept == 5 and journal.damaged_lines == 0
        assert journal.answers() == [
            Answer(0 if index in (0, 3) else 1, index, 1000 + index, outputs(index)) for index in range(5)
        ]
        assert journal.sessions == {0: BOARD, 1: BOARD} and journal.endings == {0: ENDING, 1: ENDING}


def test_without_a_path_it_is_the_same_in_memory() -> None:
    with Journal(SUBJECT) as journal:
        session = journal.join(BOARD)
        for index in range(5):
            journal.add(session, index, index, outputs(index))
        assert [answer.ticks for answer in journal.answers()] == [0, 1, 2, 3, 4]


def test_every_line_is_json(tmp_path: Path) -> None:
    fill(tmp_path / "journal.jsonl", [1])
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["journal", "session", "answer", "end"]
    assert lines[0]["model_sha256"] == "a" * 64 and lines[1]["build_id"] == BOARD.build_id
    assert (lines[2]["index"], lines[2]["ticks"]) == (1, 1001)


def test_cut_at_any_byte_it_goes_on_and_loses_no_whole_line(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    subject = SUBJECT.model_copy(update={"samples": 2})
    fill(whole, [0, 1], subject=subject)
    content = whole.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        answered = sum(b'"answer"' in line and line.endswith(b'"}') for line in content[:length].split(b"\n"))
        assert fill(path, [0, 1], subject=subject) == list(range(answered, 2))
        assert [(answer.ticks, answer.outputs) for answer in answers(path, subject)] == [
            (1000 + n, outputs(n)) for n in range(2)
        ]


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_a_sample_its_answer_and_never_changes_one(
    at: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("flip") / "journal.jsonl"
    fill(path, [0, 1, 2, 3, 4])
    content = bytearray(path.read_bytes())
    head = content.index(b"\n")
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)
    if at % len(content) <= head:
        with pytest.raises(InputError, match="first line is damaged"):
            Journal(SUBJECT, path)
        return
    fill(path, [0, 1, 2, 3, 4])
    assert [(answer.ticks, answer.outputs) for answer in answers(path)] == [(1000 + n, outputs(n)) for n in range(5)]


def test_answers_of_a_session_whose_line_is_damaged_are_given_to_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    fill(path, [0, 1])
    path.write_bytes(path.read_bytes().replace(b'"kind":"session"', b'"kind":"sessi0n"'))
    other = BOARD.model_copy(update={"board": "microbit"})
    assert fill(path, [0, 2], source=other) == [0, 1, 2, 3, 4]
    with Journal(SUBJECT, path) as journal:
        assert journal.damaged_lines == 4  # the session's, its two answers and its end
        assert journal.sessions == {1: other} and journal.missing() == [1, 3, 4]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"model_sha256": "c" * 64}, r"answers of another model \(SHA-256 aaaaaaaaaaaaaaaa…\)"),
        ({"data_sha256": "c" * 64}, r"answers of other data \(SHA-256 bbbbbbbbbbbbbbbb…\)"),
        ({"samples": 6}, "does not fit"),
        ({"output_bytes": (2,)}, "does not fit"),
    ],
)
def test_a_journal_of_another_model_or_data_is_refused_and_left_alone(
    changed: dict[str, object], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    fill(path, [0])
    before = path.read_bytes()
    with pytest.raises(InputError, match=says) as refused:
        Journal(SUBJECT.model_copy(update=changed), path)
    assert str(path) in str(refused.value) and "--journal" in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"an old poem\nof mine\n", b"{}\n", b"\0" * 64, b'{"kind":"journal"}'])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no journal of answers"):
        Journal(SUBJECT, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("place", ["", "file/below"])
def test_a_place_where_no_file_can_be_is_named(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another file"):
        Journal(SUBJECT, tmp_path / place)
    with pytest.raises(InputError, match="no regular file"):
        Journal(SUBJECT, Path("/dev/null"))


def test_answers_of_two_builds_on_one_board_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    fill(path, [0])
    with Journal(SUBJECT, path) as journal:
        with pytest.raises(InputError, match=r"another firmware on mps2-an386 .*build 0123456789abcdef"):
            journal.join(BOARD.model_copy(update={"build_id": "f" * 16}))
        assert journal.join(BOARD.model_copy(update={"board": "microbit", "build_id": "f" * 16})) == 1


def test_a_second_answer_must_be_the_same() -> None:
    journal = Journal(SUBJECT)
    here, there = journal.join(BOARD), journal.join(BOARD.model_copy(update={"port": "/dev/ttyACM1"}))
    journal.add(here, 1, 10, outputs(1))
    journal.add(there, 1, 11, outputs(1))
    with pytest.raises(DeviceError, match=r"sample 1 was answered twice .* at emulated and by .* at /dev/ttyACM1"):
        journal.add(there, 1, 11, outputs(2))
    with pytest.raises(DeviceError, match=r"4 of 5 samples have no answer"):
        journal.answers()


def test_an_answer_of_another_size_is_an_error() -> None:
    journal = Journal(SUBJECT)
    session = journal.join(BOARD)
    with pytest.raises(DeviceError, match=r"answered sample 0 with \[3, 1\] bytes, .* \[2, 1\]"):
        journal.add(session, 0, 10, (b"123", b"1"))


def test_a_journal_in_use_is_refused(tmp_path: Path) -> None:
    first = Journal(SUBJECT, tmp_path / "journal.jsonl")
    with pytest.raises(InputError, match="in use by another evaluation"):
        Journal(SUBJECT, tmp_path / "journal.jsonl")
    first.close()
    Journal(SUBJECT, tmp_path / "journal.jsonl").close()


def test_many_boards_fill_one_journal(tmp_path: Path) -> None:
    subject = SUBJECT.model_copy(update={"samples": 400})
    with Journal(subject, tmp_path / "journal.jsonl") as journal:

        def work(board: int) -> None:
            session = journal.join(BOARD.model_copy(update={"port": f"/dev/ttyACM{board}"}))
            for index in range(board * 80, board * 80 + 160):  # half of each board's samples are another's, too
                if index < 400:
                    journal.add(session, index, index, (index.to_bytes(2, "big"), b"x"))

        threads = [threading.Thread(target=work, args=(board,)) for board in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Journal(subject, tmp_path / "journal.jsonl") as journal:
        assert [answer.outputs[0] for answer in journal.answers()] == [n.to_bytes(2, "big") for n in range(400)]
        assert len(journal.sessions) == 5 and journal.damaged_lines == 0


def _die_after_three(path: Path) -> None:
    journal = Journal(SUBJECT, path)
    session = journal.join(BOARD)
    for index in range(3):
        journal.add(session, index, 1000 + index, outputs(index))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_loses_no_answer(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_die_after_three, args=(tmp_path / "journal.jsonl",))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert fill(tmp_path / "journal.jsonl", [3, 4]) == [3, 4]


def test_the_digest_tells_shapes_types_and_bytes_apart() -> None:
    x = np.arange(6, dtype=np.int8)
    digests = {data_digest([a]) for a in (x, x.reshape(2, 3), x.view(np.uint8), x[::-1])}
    assert len(digests) == 4
    assert data_digest([x.reshape(2, 3)]) == data_digest([np.asfortranarray(x.reshape(2, 3))])
