"""Sounds that are written are read again as they were."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.data.wav import read_wav, write_wav
from edgekd.errors import InputError


def test_whole_numbers_are_read_as_they_were(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768], np.int16)
    write_wav(tmp_path / "new" / "clip.wav", samples, 8000)
    np.testing.assert_array_equal(read_wav(tmp_path / "new" / "clip.wav", 8000), samples)
    with wave.open(str(tmp_path / "new" / "clip.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 5)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["clip.wav"]


def test_full_scale_is_1_and_what_is_beyond_is_cut(tmp_path: Path) -> None:
    write_wav(tmp_path / "clip.wav", np.array([0.0, 0.5, 1.0, -1.0, 1.5, -1.5]), 16000)
    assert read_wav(tmp_path / "clip.wav", 16000).tolist() == [0, 16384, 32767, -32767, 32767, -32768]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((3, 2)), r"no float64 \[3, 2\]"),
        (np.zeros(3, np.int32), "no int32"),
        (np.array([0.0, np.nan]), "sample 1 is NaN"),
    ],
)
def test_what_is_no_sound_is_refused_and_not_written(tmp_path: Path, samples: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_wav(tmp_path / "clip.wav", samples, 16000)
    assert not list(tmp_path.iterdir())
