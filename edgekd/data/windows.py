"""Windows of a sensor's recordings, as int8 the way a board takes them, split so that nobody is in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset
from edgekd.errors import InputError

INPUT_SCALE = 1 / 128  # of full scale: one step of int8
_TEST_SEED = 0  # fixed: results of different seeds are of the same test subjects
_MOST_WINDOWS = 4_000_000


@dataclass(frozen=True, eq=False)
class Recording:
    """samples: float (steps, channels), in the sensor's units. label: class index. subject: who was recorded."""

    samples: NDArray[Any]
    label: int
    subject: str


def quantized(samples: NDArray[Any], full_scale: Sequence[float]) -> NDArray[np.float32]:
    """What the network sees of a sensor: the upper byte of its 16-bit reading, as a share of full scale.

    samples: (steps, channels) in the sensor's units. full_scale: the range each channel is set to, ± this much.
    A reading is round(sample / full_scale * 32768), saturated to 16 bits; its upper byte q = reading >> 8 is the int8
    that goes into the model. Returns q / 128, float32 from -1 to 127/128.
    """
    readings = np.clip(np.rint(samples / np.asarray(full_scale) * 32768), -32768, 32767).astype(np.int32)
    steps: NDArray[np.float32] = (readings >> 8).astype(np.float32)
    return steps * np.float32(INPUT_SCALE)


def windowed(
    name: str,
    recordings: Sequence[Recording],
    class_names: tuple[str, ...],
    *,
    window: int,
    step: int,
    full_scale: Sequence[float],
    test_subjects: int | Sequence[str],
    validation_subjects: int,
    seed: int,
) -> Dataset:
    """Cut recordings into windows of `window` samples, one every `step`, (windows, window, channels).

    test_subjects: their names, or how many of the subjects; how many are always the same ones. validation_subjects:
    how many of the rest, chosen by seed. Windows of the test set are in a mixed order, so that the first of them are
    like all. Raises InputError when a part is left without subjects or a class without windows to train on.
    """
    if not 0 < window <= 65536 or not 0 < step <= 65536:
        raise InputError(f"{name}: window is {window} and step {step}", "both count samples: 1 to 65536")
    parts = _subjects(name, {one.subject for one in recordings}, test_subjects, validation_subjects, seed)
    count = sum(max(0, (len(one.samples) - window) // step + 1) for one in recordings)
    if count > _MOST_WINDOWS:
        raise InputError(f"{name}: {count} windows are too many", "a larger step, or fewer recordings")
    cut: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
    for part, subjects in parts.items():
        chosen = [one for one in recordings if one.subject in subjects]
        x = [_windows(quantized(one.samples, full_scale), window, step) for one in chosen]
        y = [np.full(len(windows), one.label, np.int64) for windows, one in zip(x, chosen, strict=True)]
        if not sum(map(len, y)):
            raise InputError(f"{name}: no recording of the {part} subjects has {window} samples", "a shorter window")
        cut.append((np.concatenate(x), np.concatenate(y)))
    train, val, (x_test, y_test) = cut
    absent = sorted(set(range(len(class_names))) - set(train[1].tolist()))
    if absent:
        raise InputError(f"{name}: the training subjects have no window of the class {class_names[absent[0]]!r}")
    order = np.random.default_rng(_TEST_SEED).permutation(len(y_test))
    return Dataset(name, *train, *val, x_test[order], y_test[order], class_names, INPUT_SCALE)


def _windows(samples: NDArray[np.float32], window: int, step: int) -> NDArray[np.float32]:
    """(steps, channels) as (windows, window, channels); none of a recording that is too short."""
    if len(samples) < window:
        return np.empty((0, window, samples.shape[1]), np.float32)
    views = np.lib.stride_tricks.sliding_window_view(samples, window, axis=0)[::step]
    return np.ascontiguousarray(np.moveaxis(views, 1, 2))


def _subjects(
    name: str, everyone: set[str], test: int | Sequence[str], validation: int, seed: int
) -> dict[str, set[str]]:
    """Who is in which part: "training", "validation" and "test", in the order of a Dataset's."""
    if isinstance(test, int):
        wanted = test
        order = np.random.default_rng(_TEST_SEED).permutation(sorted(everyone))
        tested = {str(subject) for subject in order[:test]} if test > 0 else set()
    else:
        tested = {str(subject) for subject in test}
        wanted = len(tested)
        if unknown := sorted(tested - everyone):
            raise InputError(f"{name}: no subject is called {unknown[0]!r}", "subjects: " + ", ".join(sorted(everyone)))
    rest = sorted(everyone - tested)
    if wanted < 1 or validation < 1 or validation >= len(rest):
        raise InputError(
            f"{name}: {wanted} test and {validation} validation subjects of {len(everyone)}",
            "each part needs one or more: training, validation (validation_subjects) and test (test_subjects)",
        )
    validated = {str(one) for one in np.random.default_rng(seed).permutation(rest)[:validation]}
    return {"training": set(rest) - validated, "validation": validated, "test": tested}
