"""scripts/make_keywords: a small data set of speech that the loader reads, the same each time."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from needs import import_needed, require_program

from edgekd import data
from edgekd.data.speech_commands import part_of

import_needed("scipy")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from spoken_keywords import __main__ as make_keywords  # noqa: E402
from spoken_keywords.voices import speaker  # noqa: E402

pytestmark = pytest.mark.slow


def test_speakers_say_words_that_the_loader_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("espeak-ng", "flite"):
        require_program(program)
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(make_keywords, "_BACKGROUND_SECONDS", 2)
    # Few speakers, and among them some for each part and of each program.
    for seed in range(1000):
        people = [speaker(np.random.default_rng([seed, 1, number])) for number in range(4)]
        parts = {part_of(f"{one.name}_nohash_0.wav") for one in people}
        if len(parts) == 3 and len({one.engine for one in people}) == 2:
            break
    arguments = ["--speakers", "4", "--words", "yes", "no", "--others", "cat", "dog", "--seed", str(seed)]

    assert make_keywords.main(["--out", str(tmp_path / "a"), *arguments]) == 0
    assert make_keywords.main(["--out", str(tmp_path / "b"), *arguments]) == 0

    first, again = (
        data.load("speech-commands", path=tmp_path / name, words=["yes", "no"], silence_share=0.5) for name in "ab"
    )
    assert first.sample_shape == (49, 10, 1)
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert len({sample.tobytes() for sample in first.x_train}) == len(first.x_train)
    assert make_keywords.main(["--out", str(tmp_path / "a"), *arguments]) == 2  # nothing is written over


def test_parts_have_so_many_speakers_as_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for program in ("espeak-ng", "flite"):
        require_program(program)
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(make_keywords, "_BACKGROUND_SECONDS", 2)
    arguments = ["--out", str(tmp_path / "a"), "--speakers", "4", "--words", "yes", "--others", "cat"]

    assert make_keywords.main([*arguments, "--parts", "2", "2"]) == 2
    assert "error: --parts 2 2 of 4 speakers" in capsys.readouterr().err and not any(tmp_path.iterdir())
    assert make_keywords.main([*arguments, "--parts", "1", "2"]) == 0

    made = data.load("speech-commands", path=tmp_path / "a", words=["yes"], silence_share=0, unknown_share=0.5)
    keyword = made.class_names.index("yes")
    assert [int((y == keyword).sum()) for y in (made.y_train, made.y_val, made.y_test)] == [2, 2, 4]
    lists = [(tmp_path / "a" / f"{part}_list.txt").read_text().split() for part in ("validation", "testing")]
    speakers = [{clip.split("/")[1].split("_")[0] for clip in clips} for clips in lists]
    assert [len(people) for people in speakers] == [1, 2] and speakers[0].isdisjoint(speakers[1])
