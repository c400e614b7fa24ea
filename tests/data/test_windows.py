"""Windows of recordings: cut where they say, quantized as a board does, nobody in two parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from needs import require_module

from edgekd import data
from edgekd.data.windows import Recording, quantized, windowed
from edgekd.errors import InputError


def recordings(people: int = 4, steps: int = 20) -> list[Recording]:
    """Two classes a person; the first channel tells person, class and step."""
    return [
        Recording(np.array([[person * 0.1 + label * 0.05, step / 100] for step in range(steps)]), label, str(person))
        for person in range(people)
        for label in (0, 1)
    ]


def cut(people: int = 4, **changes: Any) -> data.Dataset:
    options: dict[str, Any] = {
        "window": 8,
        "step": 4,
        "full_scale": (1.0, 1.0),
        "test_subjects": 1,
        "validation_subjects": 1,
        "seed": 0,
    }
    return windowed("motion", recordings(people), ("rest", "move"), **{**options, **changes})


@given(st.integers(-(2**40), 2**40), st.floats(0.5, 1000))
def test_a_sample_is_the_upper_byte_of_a_16_bit_reading(thousandth: int, full_scale: float) -> None:
    value = thousandth / 1000
    reading = min(32767, max(-32768, round(value / full_scale * 32768)))
    assert quantized(np.array([[value]]), [full_scale])[0, 0] * 128 == reading // 256


def test_windows_hold_consecutive_samples() -> None:
    dataset = cut()
    assert dataset.x_train.shape == (2 * 2 * 4, 8, 2)  # subjects, classes, windows at 0, 4, 8 and 12
    assert dataset.input_scale == 1 / 128
    starts = {float(window[0, 1]) for window in dataset.x_train}
    assert starts == {float(quantized(np.array([[step / 100]]), [1.0])[0, 0]) for step in (0, 4, 8, 12)}


def test_nobody_is_in_two_parts() -> None:
    parts = [{float(w[0, 0]) for w in getattr(cut(people=6), f"x_{part}")} for part in ("train", "val", "test")]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 12


def test_test_subjects_stay_the_same_whatever_the_seed() -> None:
    one, other = cut(people=9, seed=1), cut(people=9, seed=2)
    np.testing.assert_array_equal(one.x_test, other.x_test)
    assert not np.array_equal(one.x_val, other.x_val)


def test_test_subjects_can_be_named() -> None:
    expected = quantized(np.array([[0.2], [0.25]]), [1.0])[:, 0]
    assert {float(w[0, 0]) for w in cut(test_subjects=["2"]).x_test} == set(map(float, expected))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 0}, "window is 0"),
        ({"window": 21}, "no recording of the training subjects has 21 samples"),
        ({"test_subjects": 0}, "0 test and 1 validation subjects of 4"),
        ({"test_subjects": 3}, "3 test and 1 validation subjects of 4"),
        ({"validation_subjects": 0}, "0 validation"),
        ({"test_subjects": ["9"]}, "no subject is called '9'"),
        ({"step": -1}, "step -1"),
    ],
)
def test_what_cannot_be_split_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cut(**changes)


def table(folder: Path, text: str) -> Path:
    file = folder / "one.csv"
    file.write_text(text)
    return file


def csv_of(people: int = 3) -> str:
    lines = ["time,ax,label,ay,subject"]
    for person in range(people):
        for label in ("walk", "rest"):
            lines += [f"{step},{step / 10},{label},{-step / 20},p{person}" for step in range(6)]
    return "\n".join(lines) + "\n"


def load_csv(path: Path, **changes: Any) -> data.Dataset:
    options = {"channels": ["ax", "ay"], "full_scale": [2.0], "window": 4, "step": 2}
    return data.load("csv-windows", path=path, **{**options, **changes})


def test_csv_files_become_windows_that_stay_within_a_label_and_a_subject(tmp_path: Path) -> None:
    dataset = load_csv(table(tmp_path, csv_of()))
    assert dataset.class_names == ("rest", "walk")
    assert dataset.x_train.shape == (4, 4, 2)
    expected = quantized(np.array([[step / 10, -step / 20] for step in range(6)]), [2.0, 2.0])
    for window in dataset.x_train:
        assert any(np.array_equal(window, expected[start : start + 4]) for start in (0, 2))


def test_a_folder_of_csv_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    for person in range(3):
        lines = [line for line in csv_of().splitlines() if line.endswith((f"p{person}", "subject"))]
        (tmp_path / "people" / f"{person}.csv").write_text("\n".join(lines))
    whole = load_csv(table(tmp_path, csv_of()))
    np.testing.assert_array_equal(load_csv(tmp_path / "people").x_train, whole.x_train)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'ax'"),
        ("ax,label,subject\n", "no column 'ay'"),
        ("ax,ay,label,subject\n", "no lines"),
        ("ax,ay,label,subject\n1,2,a,b\n1,2,a\n", "line 3: not 4 values"),
        ("ax,ay,label,subject\n1,2,a,b,c\n", "line 2: not 4 values"),
        ("ax,ay,label,subject\n1,nan,a,b\n", "line 2: ay is 'nan'"),
        ("ax,ay,label,subject\n1,two,a,b\n", "line 2: ay is 'two'"),
        ("ax,ay,label,subject\n1,2,a,b\n1,2,,b\n", "line 3: no label or no subject"),
        ('ax,ay,label,subject\n1,"2,a,b\n', "cannot|can be read"),
        ("ax,ay,label,subject\n1,2,\x00,b\n1,2,a,b\n", "subject"),
    ],
)
def test_a_damaged_csv_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_csv(table(tmp_path, text))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": []}, "channels is empty"),
        ({"channels": ["ax", "ax"]}, "names a column twice"),
        ({"full_scale": [1.0, 2.0, 3.0]}, "2 numbers above 0"),
        ({"full_scale": [0.0]}, "2 numbers above 0"),
        ({"full_scale": [float("inf")]}, "2 numbers above 0"),
        ({"full_scale": [True]}, "option full_scale"),
        ({"window": "8"}, "option window: .*integer"),
        ({"test_subjects": True}, "option test_subjects"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_csv(table(tmp_path, csv_of()), **changes)


def test_the_watch_data_are_windows_of_people() -> None:
    require_module("seglearn")
    dataset = data.load("watch", step=128)
    assert dataset.sample_shape == (128, 6)
    assert [len(np.unique(getattr(dataset, f"y_{part}"))) for part in ("train", "val", "test")] == [7, 7, 7]
    # Every channel fills its range without much beyond it.
    assert dataset.x_train.std(axis=(0, 1)).min() > 0.09 and (np.abs(dataset.x_train) >= 127 / 128).mean() < 0.01


def test_another_pickle_is_not_opened(tmp_path: Path) -> None:
    class Dangerous:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    file = tmp_path / "watch_dataset.npy"
    np.save(file, np.array(Dangerous(), dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"not the file of seglearn 1\.2\.5"):
        data.load("watch", path=file)
    assert not (tmp_path / "ran").exists()
