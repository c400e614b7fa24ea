"""Keywords in the layout of Google's Speech Commands (Warden 2018, arXiv:1804.03209): a folder of clips for each word.

    FOLDER/yes/0a7c2a8d_nohash_0.wav             a word, a speaker, which of the speaker's clips of it
    FOLDER/_background_noise_/running_tap.wav    longer; silence is cut out of these
    FOLDER/validation_list.txt, testing_list.txt     the clips of these parts, a path a line

Without the two lists, speakers are split as the data set's authors split them (its README, "Partitioning").
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset
from edgekd.data.wav import read_wav
from edgekd.errors import InputError
from edgekd.features import INPUT_SCALE, FrontEnd
from edgekd.features.cache import cached_features
from edgekd.features.front_end import front_end_of

SILENCE, UNKNOWN = "_silence_", "_unknown_"
MORE_OPTIONS = FrontEnd
_BACKGROUND = "_background_noise_"
_LISTS = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
_PARTS = ("training", "validation", "testing")
_PERCENT = 10.0  # of the speakers, for validation and again for testing
_HASHES = 2**27 - 1
_TEST_SEED = 0  # fixed: results of different seeds are of the same test clips
_CLIPS_AT_ONCE = 256
_SHIFT_SECONDS = 0.1
_NOISY_SHARE, _NOISE_VOLUME = 0.8, 0.1


@dataclass(frozen=True)
class Clip:
    """What one sample is made of. file: None for silence. label: class index.

    noise: a number of a background recording and where in it to begin, as shares of 1; volume: of the noise. shift: of
    the clip, as a share of _SHIFT_SECONDS, later when positive.
    """

    file: Path | None
    label: int
    noise: tuple[float, float] = (0.0, 0.0)
    volume: float = 0.0
    shift: float = 0.0


def files(path: Path | None) -> list[Path]:
    """All .wav files of the folder and its lists, sorted."""
    folder = _folder(path)
    lists = [folder / name for name in _LISTS.values() if (folder / name).is_file()]
    return sorted([*lists, *(file for file in folder.glob("*/*.wav") if file.is_file())])


def load(
    path: Path | None,
    *,
    validation: int,
    seed: int,
    words: Sequence[str],
    seconds: float = 1.0,
    silence_share: float = 0.1,
    unknown_share: float = 0.1,
    copies: int = 0,
    **front_end: int | float,
) -> Dataset:
    """Features of clips, (samples, frames, features, 1): int8 steps of INPUT_SCALE, as a board computes them.

    words: the keywords; classes are "_silence_", "_unknown_" and these. As in the published training: of each part,
    as many clips of silence as `silence_share` of its keyword clips, cut out of the background noise at any volume,
    and as many of other words by `unknown_share`, chosen at random; a share of 0 leaves its class out. seconds: longer
    clips are cut at their end, shorter ones continued by silence. copies: of each training clip, so many more, shifted
    by up to 100 ms and four of five with background noise at up to a tenth of its volume. front_end: fields of
    FrontEnd. validation: not used, the validation set is of speakers of its own.
    Raises InputError for a word without clips, a part without any, and whatever read_wav does not like.
    """
    folder, chosen = _folder(path), front_end_of(front_end)
    samples = round(seconds * chosen.sample_rate) if 0 < seconds <= 60 else 0
    if not chosen.frames(samples):
        raise InputError(f"speech-commands: seconds is {seconds:g}", "at least one window, at most 60")
    if not 0 <= copies <= 100:
        raise InputError(f"speech-commands: copies is {copies}", "0 to 100")
    shares = {SILENCE: silence_share, UNKNOWN: unknown_share}
    for name, share in shares.items():
        if not 0 <= share <= 10:
            raise InputError(f"speech-commands: the share of {name} is {share:g}", "0 to 10; 0.1 is usual")
    names = (*(name for name, share in shares.items() if share), *words)
    parts = _parts(folder, words, bool(unknown_share))
    background = _background(folder, chosen.sample_rate) if silence_share or copies else []
    arrays = []
    for number, part in enumerate(_PARTS):
        random = np.random.default_rng([_TEST_SEED if part == "testing" else seed, number])
        clips = _clips(folder.name, part, parts[part], names, shares, random)
        if part == "training":
            clips += [_changed(clip, random) for _ in range(copies) for clip in clips if clip.file is not None]
        else:
            clips = [clips[index] for index in random.permutation(len(clips))]
        features = cached_features(chosen, _sounds(clips, samples, chosen.sample_rate, background))
        x = features[..., np.newaxis].astype(np.float32) * np.float32(INPUT_SCALE)
        arrays.append((x, np.array([clip.label for clip in clips], np.int64)))
    train, val, test = arrays
    return Dataset(folder.name, *train, *val, *test, names, INPUT_SCALE)


def part_of(clip: str) -> str:
    """Which part a clip belongs to, by its speaker: "training", "validation" or "testing".

    The published rule: the SHA-1 of the file's name without "_nohash_" and what follows, as a percentage.
    """
    speaker = re.sub(r"_nohash_.*$", "", clip)
    percent = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (_HASHES + 1) * (100.0 / _HASHES)
    if percent < _PERCENT:
        return "validation"
    return "testing" if percent < 2 * _PERCENT else "training"


def _folder(path: Path | None) -> Path:
    if path is None:
        raise InputError("the data source speech-commands needs a folder", 'set data.path = "FOLDER"')
    if not path.is_dir():
        raise InputError(
            f"{path}: no such folder",
            "a copy of Speech Commands, or scripts/make_keywords makes one; data.path is relative to the recipe",
        )
    return path


def _parts(folder: Path, words: Sequence[str], others: bool) -> dict[str, list[tuple[str, Path]]]:
    """(word, file) of each part, sorted. others: words that are no keywords, too."""
    if not words or not all(isinstance(word, str) for word in words) or len(set(words)) != len(words):
        raise InputError("speech-commands: words is empty, or names a word twice", 'words = ["yes", "no"]')
    there = sorted(e.name for e in folder.iterdir() if e.is_dir() and not e.name.startswith((".", "_")))
    if missing := [word for word in words if word not in there]:
        raise InputError(f"{folder}: no folder of the word {missing[0]!r}", "there are: " + ", ".join(there))
    listed = _listed(folder)
    parts: dict[str, list[tuple[str, Path]]] = {part: [] for part in _PARTS}
    for word in there if others else words:
        for file in sorted((folder / word).glob("*.wav")):
            name = f"{word}/{file.name}"
            part = listed.get(name, "training") if listed is not None else part_of(file.name)
            parts[part].append((word, file))
    for part, found in parts.items():
        if absent := sorted(set(words) - {word for word, _ in found}):
            raise InputError(f"{folder}: no {part} clip of the word {absent[0]!r}", "each part needs every word")
    return parts


def _listed(folder: Path) -> dict[str, str] | None:
    """Part by "word/clip.wav", as the lists have it; None when there are none."""
    present = [name for name in _LISTS.values() if (folder / name).is_file()]
    if not present:
        return None
    if len(present) != len(_LISTS):
        absent = (set(_LISTS.values()) - set(present)).pop()
        raise InputError(f"{folder} has {present[0]}, but no {absent}", "both, or neither to split by speaker")
    listed: dict[str, str] = {}
    for part, name in _LISTS.items():
        try:
            lines = (folder / name).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{folder / name}: {error}") from None
        for line in lines:
            if line in listed:
                raise InputError(f"{folder / name}: {line} is there twice, or in both lists")
            listed[line] = part
    return listed


def _background(folder: Path, sample_rate: int) -> list[NDArray[np.int16]]:
    found = sorted((folder / _BACKGROUND).glob("*.wav"))
    if not found:
        raise InputError(f"{folder / _BACKGROUND}: no .wav files", "or set silence_share = 0 and copies = 0")
    return [read_wav(file, sample_rate) for file in found]


def _clips(
    name: str,
    part: str,
    found: list[tuple[str, Path]],
    names: tuple[str, ...],
    shares: dict[str, float],
    random: np.random.Generator,
) -> list[Clip]:
    """The clips of a part: keywords, then silence, then other words."""
    clips = [Clip(file, names.index(word)) for word, file in found if word in names]
    known = len(clips)
    if share := shares[SILENCE]:
        draws = random.random((math.ceil(known * share), 3))
        clips += [Clip(None, names.index(SILENCE), (which, where), volume) for which, where, volume in draws.tolist()]
    if share := shares[UNKNOWN]:
        others = [file for word, file in found if word not in names]
        if not others:
            raise InputError(f"{name}: no {part} clip of any other word", "or set unknown_share = 0")
        order = random.permutation(len(others))[: math.ceil(known * share)]
        clips += [Clip(others[index], names.index(UNKNOWN)) for index in order]
    return clips


def _changed(clip: Clip, random: np.random.Generator) -> Clip:
    which, where, noisy, volume, shift = random.random(5).tolist()
    volume = _NOISE_VOLUME * volume if noisy < _NOISY_SHARE else 0.0
    return Clip(clip.file, clip.label, (which, where), volume, 2 * shift - 1)


def _sounds(
    clips: Sequence[Clip], samples: int, rate: int, background: Sequence[NDArray[np.int16]]
) -> Iterator[NDArray[np.int16]]:
    """The sound of each clip, some at a time: int16 (clips, samples)."""
    for start in range(0, len(clips), _CLIPS_AT_ONCE):
        yield np.stack([_sound(clip, samples, rate, background) for clip in clips[start : start + _CLIPS_AT_ONCE]])


def _sound(clip: Clip, samples: int, rate: int, background: Sequence[NDArray[np.int16]]) -> NDArray[np.int16]:
    sound = np.zeros(samples, np.int16)
    if clip.file is not None:
        spoken = read_wav(clip.file, rate)
        later = round(clip.shift * _SHIFT_SECONDS * rate)
        spoken = spoken[max(0, -later) :]
        kept = spoken[: max(0, samples - max(0, later))]
        sound[max(0, later) : max(0, later) + len(kept)] = kept
    if clip.volume == 0.0:
        return sound
    noise = background[int(clip.noise[0] * len(background))]
    at = int(clip.noise[1] * max(1, len(noise) - samples + 1))
    mixed = sound + clip.volume * np.resize(noise[at : at + samples], samples)
    return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)
