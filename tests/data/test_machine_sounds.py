"""Sounds of machines: what is normal to train on, clips in windows, and features that are the board's."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd import data
from edgekd.data.wav import read_wav
from edgekd.errors import InputError
from edgekd.features import FrontEnd, fixed_point

RATE = 8000
FRONT_END: dict[str, Any] = {
    "sample_rate": RATE,
    "window": 200,
    "hop": 200,
    "fft_size": 256,
    "mels": 6,
    "high_hz": 3800,
}


def write(file: Path, seed: int, samples: int = 2000) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as content:
        content.setnchannels(1)
        content.setsampwidth(2)
        content.setframerate(RATE)
        content.writeframes(np.random.default_rng(seed).normal(0, 900, samples).astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    for number in range(6):
        write(tmp_path / "fan" / "train" / f"normal_id_00_{number:08d}.wav", number)
    for number in range(3):
        write(tmp_path / "fan" / "test" / f"normal_id_00_{number:08d}.wav", 10 + number)
        write(tmp_path / "fan" / "test" / f"section_00_anomaly_{number:04d}_x.wav", 20 + number)
    return tmp_path / "fan"


def load(folder: Path, **changes: Any) -> data.Dataset:
    return data.load("machine-sounds", path=folder, **{"validation": 2, "frames": 3, **FRONT_END, **changes})


def test_windows_are_frames_one_after_the_other(folder: Path) -> None:
    dataset = load(folder)
    assert dataset.clip_windows == 3  # 10 frames, 3 at a time
    assert (dataset.x_train.shape, dataset.x_val.shape, dataset.x_test.shape) == ((12, 18), (6, 18), (18, 18))
    assert not dataset.y_train.any() and not dataset.y_val.any()
    front_end = FrontEnd(coefficients=0, **FRONT_END)
    frames = [
        fixed_point.features(front_end, read_wav(file, RATE)[None])[0] for file in sorted((folder / "train").iterdir())
    ]
    expected = {one[start : start + 3].tobytes() for one in frames for start in (0, 3, 6)}
    found = {(x * 32).astype(np.int8).tobytes() for x in np.concatenate([dataset.x_train, dataset.x_val])}
    assert found == expected


def test_clips_keep_their_windows_and_label(folder: Path) -> None:
    dataset = load(folder)
    x, y = dataset.test_clips()
    assert x.shape == (6, 3, 18)
    assert sorted(y) == [0, 0, 0, 1, 1, 1]
    front_end = FrontEnd(coefficients=0, **FRONT_END)
    first = read_wav(folder / "test" / "section_00_anomaly_0000_x.wav", RATE)[None]
    expected = fixed_point.features(front_end, first)[0, :9].tobytes()
    assert expected in {(clip * 32).astype(np.int8).tobytes() for clip in x[y == 1]}


def test_windows_may_overlap_and_clips_are_as_long_as_the_shortest(folder: Path) -> None:
    assert load(folder, step=1).clip_windows == 8
    write(folder / "test" / "normal_id_00_00000000.wav", 1, 1000)
    assert load(folder, step=1).clip_windows == 3


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("train/anomaly_id_00_1.wav", {}, "an anomaly among the sounds to train on"),
        ("test/strange_id_00_1.wav", {}, "neither or both"),
        ("test/normal_anomaly_1.wav", {}, "neither or both"),
        ("", {"validation": 6}, "6 validation clips cannot be taken from 6"),
        ("", {"frames": 11}, r"/train/normal_id_00_00000000\.wav: 2000 samples"),
        ("", {"frames": 0}, "frames is 0"),
        ("", {"sample_rate": 16000}, "at 8000 Hz"),
    ],
)
def test_what_does_not_fit_is_refused(folder: Path, name: str, changes: dict[str, Any], message: str) -> None:
    if name:
        write(folder / name, 0)
    with pytest.raises(InputError, match=message):
        load(folder, **changes)


def test_both_kinds_are_needed_to_test(folder: Path) -> None:
    for file in (folder / "test").glob("*anomaly*"):
        file.unlink()
    with pytest.raises(InputError, match="sounds of one kind only"):
        load(folder)
    for file in (folder / "test").iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"test: no \.wav files"):
        load(folder)
