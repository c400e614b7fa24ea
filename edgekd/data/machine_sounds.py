"""Sounds of machines in the layout of DCASE's task 2 (Koizumi et al. 2020, arXiv:2006.05822), ToyADMOS among them.

FOLDER/train/normal_id_01_00000000.wav       only sounds of machines that run well
FOLDER/test/normal_id_01_00000000.wav
FOLDER/test/anomaly_id_01_00000000.wav       "normal" or "anomaly" may stand anywhere between underscores
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset
from edgekd.data.wav import read_wav
from edgekd.errors import InputError
from edgekd.features import INPUT_SCALE, FrontEnd
from edgekd.features.cache import cached_features
from edgekd.features.front_end import front_end_of

CLASS_NAMES = ("normal", "anomaly")
MORE_OPTIONS = FrontEnd
_CLIPS_AT_ONCE = 64
_TEST_SEED = 0  # fixed: the test clips are in the same mixed order for every seed


def files(path: Path | None) -> list[Path]:
    """All .wav files of the folder's train and test, sorted."""
    if path is None:
        raise InputError("the data source machine-sounds needs a folder", 'set data.path = "FOLDER"')
    found = []
    for part in ("train", "test"):
        sounds = sorted(file for file in (path / part).glob("*.wav") if file.is_file())
        if not sounds:
            raise InputError(
                f"{path / part}: no .wav files",
                "FOLDER/train/normal_….wav, FOLDER/test/normal_….wav and anomaly_….wav",
                "scripts/make_machine_sounds makes some; data.path is relative to the recipe",
            )
        found += sounds
    return found


def load(
    path: Path | None, *, validation: int, seed: int, frames: int = 5, step: int = 0, **front_end: int | float
) -> Dataset:
    """Windows of `frames` frames of features, (samples, frames × features): int8 steps of INPUT_SCALE.

    validation: how many training clips become the validation set, chosen by seed; normal ones, as all for training.
    step: frames from one window to the next, 0 for `frames`. front_end: fields of FrontEnd; mel energies
    (coefficients = 0) unless said otherwise. Clips are as long as the shortest of all; clip_windows windows are of one
    clip. Test clips are in a mixed order, so that the first of them are like all.
    Raises InputError for a name that says neither or both of normal and anomaly, an anomaly to train on, a test set
    without both kinds, clips too short, and whatever read_wav does not like.
    """
    step = step or frames
    if not (0 < frames <= 256 and 0 < step <= 65536):
        raise InputError(f"machine-sounds: frames is {frames}, step {step}", "frames: 1 to 256; step: 1 or more")
    chosen = front_end_of({"coefficients": 0, **front_end})
    everything = files(path)
    labels = {file: _label(file) for file in everything}
    train = np.array([file for file in everything if file.parent.name == "train"])
    test = np.array([file for file in everything if file.parent.name == "test"])
    if wrong := [file for file in train if labels[file]]:
        raise InputError(f"{wrong[0]}: an anomaly among the sounds to train on", "it belongs into test/")
    if {labels[file] for file in test} != {0, 1}:
        raise InputError(f"{path}/test: sounds of one kind only", "normal_….wav and anomaly_….wav, to tell apart")
    if not 0 < validation < len(train):
        raise InputError(
            f"{path}: {validation} validation clips cannot be taken from {len(train)} clips for training",
            f"data.validation: 1 to {len(train) - 1}; a tenth would be {max(1, len(train) // 10)}",
        )
    sounds = {file: read_wav(file, chosen.sample_rate) for file in everything}
    shortest = min(everything, key=lambda file: len(sounds[file]))
    samples = len(sounds[shortest])
    windows = max(0, (chosen.frames(samples) - frames) // step + 1)
    if not windows:
        raise InputError(f"{shortest}: {samples} samples", f"too short: {frames} frames take more")
    order = np.random.default_rng(seed).permutation(len(train))
    parts = [
        train[np.sort(order[validation:])],
        train[np.sort(order[:validation])],
        test[np.random.default_rng(_TEST_SEED).permutation(len(test))],
    ]
    arrays = []
    for clips in parts:
        features = cached_features(chosen, _pieces([sounds[file] for file in clips], samples))
        x = _windows(features, frames, step)
        arrays.append((x, np.repeat(np.array([labels[file] for file in clips], np.int64), windows)))
    assert path is not None
    return Dataset(path.name, *arrays[0], *arrays[1], *arrays[2], CLASS_NAMES, INPUT_SCALE, windows)


def _label(file: Path) -> int:
    """0 for normal and 1 for anomaly, by the name."""
    said = [kind for kind in CLASS_NAMES if kind in file.stem.split("_")]
    if len(said) != 1:
        raise InputError(f"{file}: its name says neither or both of normal and anomaly", "normal_id_01_00000000.wav")
    return CLASS_NAMES.index(said[0])


def _pieces(sounds: Sequence[NDArray[np.int16]], samples: int) -> Iterator[NDArray[np.int16]]:
    for start in range(0, len(sounds), _CLIPS_AT_ONCE):
        yield np.stack([sound[:samples] for sound in sounds[start : start + _CLIPS_AT_ONCE]])


def _windows(features: NDArray[np.int8], frames: int, step: int) -> NDArray[np.float32]:
    """(clips, frames, features) as (clips × windows, frames × features), frame after frame, in the network's units."""
    views = np.lib.stride_tricks.sliding_window_view(features, frames, axis=1)[:, ::step]
    flat = np.moveaxis(views, 3, 2).reshape(-1, frames * features.shape[2])
    x: NDArray[np.float32] = flat.astype(np.float32) * np.float32(INPUT_SCALE)
    return x
