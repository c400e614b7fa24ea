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
