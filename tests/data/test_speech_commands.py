"""Clips in folders of words: the published split and classes, and features that are the board's."""

from __future__ import annotations

import contextlib
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgekd import data
from edgekd.data.speech_commands import part_of
from edgekd.data.wav import read_wav
from edgekd.errors import InputError
from edgekd.features import FrontEnd, fixed_point

RATE = 8000
OPTIONS: dict[str, Any] = {
    "words": ["yes", "no"],
    "sample_rate": RATE,
    "window": 200,
    "hop": 160,
    "fft_size": 256,
    "mels": 12,
    "high_hz": 3800,
    "coefficients": 5,
    "seconds": 0.2,
}
FRONT_END = FrontEnd(**{key: value for key, value in OPTIONS.items() if key not in ("words", "seconds")})


def write(file: Path, samples: NDArray[Any], channels: int = 1, width: int = 2, rate: int = RATE) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as content:
        content.setnchannels(channels)
        content.setsampwidth(width)
        content.setframerate(rate)
        content.writeframes(samples.astype("<i2").tobytes())
    return file


def speech(seed: int, samples: int = 1600) -> NDArray[np.int16]:
    return np.random.default_rng(seed).normal(0, 2000, samples).astype(np.int16)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def people() -> dict[str, list[str]]:
    """Names of speakers by part, three of each."""
    found: dict[str, list[str]] = {"training": [], "validation": [], "testing": []}
    for number in range(1000):
        part = found[part_of(f"{number:08x}_nohash_0.wav")]
        if len(part) < 3:
            part.append(f"{number:08x}")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "speech"
    everyone = [name for part in people().values() for name in part]
    for number, word in enumerate(("yes", "no", "cat", "dog")):
        for who, name in enumerate(everyone):
            write(folder / word / f"{name}_nohash_0.wav", speech(100 * number + who))
    write(folder / "_background_noise_" / "tap.wav", speech(7, 20_000) // 10)
    return folder


def load(folder: Path, **changes: Any) -> data.Dataset:
    return data.load("speech-commands", path=folder, **{**OPTIONS, **changes})


def test_classes_are_silence_unknown_and_the_words(folder: Path) -> None:
    dataset = load(folder)
    assert dataset.class_names == ("_silence_", "_unknown_", "yes", "no")
    assert dataset.sample_shape == (FRONT_END.frames(1600), 5, 1)
    assert dataset.input_scale == 1 / 32
    assert [np.bincount(getattr(dataset, f"y_{part}")).tolist() for part in ("train", "val", "test")] == [
        [1, 1, 3, 3]
    ] * 3


def test_a_sample_is_what_a_board_computes_of_its_clip(folder: Path) -> None:
    dataset = load(folder, silence_share=0, unknown_share=0)
    expected = {
        fixed_point.features(FRONT_END, read_wav(folder / word / f"{name}_nohash_0.wav", RATE)[None]).tobytes()
        for word in ("yes", "no")
        for name in people()["training"]
    }
    found = {(sample * 32).astype(np.int8).tobytes() for sample in dataset.x_train}
    assert found == expected


def test_no_speaker_is_in_two_parts(folder: Path) -> None:
    for number, name in enumerate(people()["training"]):  # a second clip of each
        write(folder / "yes" / f"{name}_nohash_1.wav", speech(500 + number))
    assert np.bincount(load(folder).y_train)[2] == 6
    assert np.bincount(load(folder).y_test)[2] == 3


@pytest.mark.parametrize(
    ("part", "speakers"),
    [
        ("validation", ("026290a7", "060cd039", "099d52ad", "a69b9b3e")),
        ("testing", ("0c40e715", "0ea0e2f4", "bb05582b")),
        ("training", ("0a7c2a8d", "00f0204f")),
    ],
)
def test_speakers_are_where_the_published_lists_have_them(part: str, speakers: tuple[str, ...]) -> None:
    """Speakers of the lists of version 0.02."""
    for speaker in speakers:
        assert part_of(f"{speaker}_nohash_0.wav") == part_of(f"{speaker}_nohash_4.wav") == part


def test_lists_say_what_is_in_a_part(folder: Path) -> None:
    names = {part: [f"{word}/{name}_nohash_0.wav" for word in ("yes", "no", "cat", "dog") for name in who]
             for part, who in people().items()}  # fmt: skip
    (folder / "validation_list.txt").write_text("\n".join(names["training"]))
    (folder / "testing_list.txt").write_text("\n".join(names["validation"]))
    swapped = load(folder, unknown_share=0, silence_share=0)
    for name in ("validation_list.txt", "testing_list.txt"):
        (folder / name).unlink()
    plain = load(folder, unknown_share=0, silence_share=0)
    assert {x.tobytes() for x in swapped.x_val} == {x.tobytes() for x in plain.x_train}
    assert {x.tobytes() for x in swapped.x_train} == {x.tobytes() for x in plain.x_test}


def test_copies_are_new_sounds_of_the_same_words(folder: Path) -> None:
    plain, more = load(folder), load(folder, copies=3)
    assert np.bincount(more.y_train).tolist() == [1, 4, 12, 12]
    np.testing.assert_array_equal(more.x_train[: len(plain.x_train)], plain.x_train)
    assert len({x.tobytes() for x in more.x_train}) == len(more.x_train)
    np.testing.assert_array_equal(more.x_test, plain.x_test)


def test_clips_are_cut_and_continued_to_the_same_length(folder: Path) -> None:
    short, long = people()["training"][:2]
    write(folder / "yes" / f"{short}_nohash_0.wav", speech(0, 700))
    write(folder / "yes" / f"{long}_nohash_0.wav", speech(1, 3000))
    found = {(x * 32).astype(np.int8).tobytes() for x in load(folder).x_train}
    for sound in (np.concatenate([speech(0, 700), np.zeros(900, np.int16)]), speech(1, 3000)[:1600]):
        assert fixed_point.features(FRONT_END, sound[None]).tobytes() in found


def test_features_are_kept_and_a_damaged_file_of_them_is_not_believed(folder: Path, home: Path) -> None:
    first = load(folder)
    kept = sorted((home / "features").iterdir())
    assert len(kept) == 3
    for file in kept:
        file.write_bytes(file.read_bytes()[:-1] + b"\x55")
    second = load(folder)
    np.testing.assert_array_equal(first.x_train, second.x_train)
    assert sorted((home / "features").iterdir()) == kept
    content = kept[0].read_bytes()
    load(folder)
    assert kept[0].read_bytes() == content


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"words": ["yes", "maybe"]}, "no folder of the word 'maybe'"),
        ({"words": []}, "words is empty"),
        ({"words": ["yes", "yes"]}, "names a word twice"),
        ({"words": "yes"}, "option words"),
        ({"seconds": 0.001}, "seconds is 0.001"),
        ({"copies": 1000}, "copies is 1000"),
        ({"silence_share": -1}, "the share of _silence_ is -1"),
        ({"mels": 200}, "mels is 200"),
        ({"mels": 12.5}, "mels is 12.5"),
        ({"window": "long"}, "option window"),
        ({"mells": 20}, "no option 'mells'"),
        ({"sample_rate": 16000, "seconds": 1}, "at 8000 Hz, not one of 16 bits at 16000 Hz"),
        ({"words": ["yes", "no", "cat", "dog"]}, "no training clip of any other word"),
    ],
)
def test_options_that_do_not_fit_are_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(folder, **changes)


def test_words_must_be_given(folder: Path) -> None:
    with pytest.raises(InputError, match="needs the option words"):
        data.load("speech-commands", path=folder)


def test_a_folder_that_lacks_something_says_what(folder: Path) -> None:
    (folder / "validation_list.txt").write_text("yes/a.wav\n")
    with pytest.raises(InputError, match=r"no testing_list\.txt"):
        load(folder)
    (folder / "testing_list.txt").write_text("yes/a.wav\n")
    with pytest.raises(InputError, match=r"yes/a\.wav is there twice"):
        load(folder)
    (folder / "testing_list.txt").write_text("yes/b.wav\n")
    with pytest.raises(InputError, match="no validation clip of the word 'no'"):
        load(folder)
    for name in ("validation_list.txt", "testing_list.txt"):
        (folder / name).unlink()
    (folder / "_background_noise_" / "tap.wav").unlink()
    with pytest.raises(InputError, match="_background_noise_"):
        load(folder)
    with pytest.raises(InputError, match="make_keywords"):
        load(folder / "absent")


def damaged(tmp_path: Path, kind: str) -> Path:
    file = write(tmp_path / "clip.wav", speech(0), **{
        "stereo": {"channels": 2}, "eight": {"width": 1}, "rate": {"rate": 16000}
    }.get(kind, {}))  # fmt: skip
    content = file.read_bytes()
    changed = {
        "cut": content[:-100],
        "header": content[:30],
        "empty": b"",
        "text": b"not sound at all, but long enough to be looked at",
        "float": content[:20] + b"\x03\x00" + content[22:],
        "none": content[:40] + bytes(4),
    }
    file.write_bytes(changed.get(kind, content))
    return file


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("stereo", "2 channels of 16 bits at 8000 Hz, not one"),
        ("eight", "1 channel of 8 bits"),
        ("rate", "at 16000 Hz, not one of 16 bits at 8000 Hz"),
        ("cut", "cut short: 1550 of 1600 samples"),
        ("header", "not a WAV file"),
        ("empty", "not a WAV file of plain samples: it ends too early"),
        ("text", "not a WAV file"),
        ("float", "not a WAV file of plain samples: unknown format: 3"),
        ("none", "0 samples"),
    ],
)
def test_a_file_that_is_no_such_sound_is_refused(tmp_path: Path, kind: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_wav(damaged(tmp_path, kind), RATE)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.wav: No such file"):
        read_wav(tmp_path / "absent.wav", RATE)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 3243), st.binary(min_size=1, max_size=4), st.integers(0, 3244))
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(
    tmp_path: Path, at: int, changed: bytes, length: int
) -> None:
    file = write(tmp_path / "clip.wav", speech(0))
    content = bytearray(file.read_bytes())
    content[at : at + len(changed)] = changed
    for bytes_left in (len(content), length):
        file.write_bytes(content[:bytes_left])
        with contextlib.suppress(InputError):
            assert read_wav(file, RATE).dtype == np.int16
