"""edgekd eval, stopped in the middle and given again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import classifier

from edgekd.cli import main
from edgekd.convert import tflm
from edgekd.evaluate import answers
from edgekd.evaluate.api import eval_model

pytestmark = pytest.mark.emulated

SAMPLES = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, edgekd_model: Path) -> Path:
    x = np.random.default_rng(5).integers(-128, 128, (SAMPLES, 8, 8, 3), dtype=np.int8)
    y = tflm.run_batch(edgekd_model, x).reshape(SAMPLES, 4).argmax(axis=1)
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x_test=x, y_test=y)
    return path


def edgekd(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Run the command line here; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["edgekd", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def stop_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Have somebody press Ctrl-C while the board works on the sample after `count` answers."""
    true_answers = answers.answers_to

    def interrupted(*arguments: Any, **options: Any) -> Iterator[Any]:
        for number, answer in enumerate(true_answers(*arguments, **options)):
            if number == count:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr("edgekd.evaluate.under_test.answers_to", interrupted)


@pytest.mark.parametrize("own", [True, False], ids=["edgekd's own journal", "--journal"])
def test_the_same_command_goes_on_where_it_was(
    own: bool,
    edgekd_model: Path,
    data: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    journal = tmp_path / "answers.jsonl"
    command = ["eval", edgekd_model, "--board", "mps2-an386", "--data", data, "--json"]
    command += [] if own else ["--journal", journal]
    with monkeypatch.context() as stopped:
        stop_after(stopped, 8)
        assert edgekd(stopped, *command) == 130
    assert "run the same command again to go on" in capsys.readouterr().err
    assert edgekd(monkeypatch, *command) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["accuracy"], result["samples"]) == (1.0, SAMPLES)
    assert result["bit_exact"] == {"oracle": "TensorFlow Lite Micro", "equal": SAMPLES, "of": SAMPLES}
    assert result["journal"] == {"file": None if own else str(journal), "kept": 8, "damaged_lines": 0}
    assert result["ram_bytes"]["stack"] > 0
    assert result["link"]["bytes_sent"] > SAMPLES * 192  # of both sessions
    assert not list((home / "journals").glob("*"))

    assert edgekd(monkeypatch, *command) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["journal"]["kept"] == (0 if own else SAMPLES)  # a whole result is measured anew, unless it is kept
    if not own:
        assert {**again, "journal": None} == {**result, "journal": None}
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        assert sorted(line["index"] for line in lines if line["kind"] == "answer") == list(range(SAMPLES))


def test_a_lost_tail_is_asked_again(edgekd_model: Path, data: Path, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    whole = eval_model(edgekd_model, "mps2-an386", data, journal=journal)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:12]) + lines[12][:30])  # the head, the session's, 10 answers, a torn one
    result = eval_model(edgekd_model, "mps2-an386", data, journal=journal)
    assert (result["journal"]["kept"], result["journal"]["damaged_lines"]) == (10, 1)
    assert result["confusion"] == whole["confusion"] and result["bit_exact"] == whole["bit_exact"]


def test_a_journal_of_another_model_data_or_board_is_refused(
    edgekd_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "answers.jsonl"
    eval_model(edgekd_model, "mps2-an386", data, journal=journal, samples=3)
    before = journal.read_bytes()
    other = tmp_path / "other.tflite"
    other.write_bytes(classifier(seed=1))
    for model, board, samples, says in (
        (other, "mps2-an386", 3, "holds answers of another model"),
        (edgekd_model, "mps2-an386", 4, "holds answers of other data"),
        (edgekd_model, "netduinoplus2", 3, "holds answers of the board mps2-an386, not netduinoplus2"),
    ):
        options = ["--board", board, "--data", data, "--samples", str(samples), "--journal", journal]
        assert edgekd(monkeypatch, "eval", model, *options) == 2
        assert says in capsys.readouterr().err
        assert journal.read_bytes() == before
