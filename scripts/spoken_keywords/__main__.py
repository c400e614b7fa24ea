"""See scripts/make_keywords."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from edgekd.data.wav import write_wav
from edgekd.errors import EdgekdError, InputError
from spoken_keywords import acoustics
from spoken_keywords.voices import SAMPLE_RATE, Sound, Speaker, speaker

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
OTHERS = (
    *("bed", "bird", "cat", "dog", "eight", "five", "four", "happy", "house", "marvin", "nine", "one"),
    *("seven", "six", "sheila", "three", "tree", "two", "wow", "zero"),
)
NOISES = ("white", "pink", "brown", "hum", "babble")
_OTHERS_EACH = 4  # of a speaker
_BACKGROUND_SECONDS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        run(arguments)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def run(arguments: Sequence[str] | None = None) -> None:
    """scripts/make_keywords, with these arguments or the command line's; raises EdgekdError."""
    parser = argparse.ArgumentParser(prog="scripts/make_keywords", description="Makes a data set of spoken keywords.")
    parser.add_argument("--out", type=Path, default=Path("runs/data/keywords"), metavar="DIR")
    parser.add_argument("--speakers", type=int, default=160)
    parser.add_argument("--words", nargs="+", default=WORDS)
    parser.add_argument("--others", nargs="+", default=OTHERS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--parts", type=int, nargs=2, metavar=("VALIDATION", "TESTING"), help="speakers of these parts")
    options = parser.parse_args(arguments)
    _make(options.out, options.speakers, options.words, options.others, options.seed, options.parts)


def _make(
    out: Path,
    speakers: int,
    words: Sequence[str],
    others: Sequence[str],
    seed: int,
    parts: Sequence[int] | None,
) -> None:
    """Write the folder `out`, whole or not at all. Raises InputError when it is there already.

    parts: so many of the speakers are for validation and so many for testing, as two lists say; without, there are no
    lists, and readers split by the names of speakers.
    """
    if parts is not None and (min(parts) < 1 or sum(parts) >= speakers):
        raise InputError(
            f"--parts {parts[0]} {parts[1]} of {speakers} speakers", "1 or more each, some left to train on"
        )
    if out.exists():
        raise InputError(f"{out} is there already", "remove it, or choose another folder: --out DIR")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    backgrounds = _backgrounds(partial / "_background_noise_", [*words, *others], seed)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        spoken = pool.map(lambda n: _speak(partial, words, others, backgrounds, seed, n), range(speakers))
        clips = []
        for done, said in enumerate(spoken, start=1):
            clips.append(said)
            if done % 20 == 0 or done == speakers:
                print(f"make_keywords: {done} of {speakers} speakers", file=sys.stderr)
    if parts is not None:
        _list(partial / "validation_list.txt", clips[: parts[0]])
        _list(partial / "testing_list.txt", clips[parts[0] : sum(parts)])
    partial.rename(out)


def _list(file: Path, clips: Sequence[Sequence[str]]) -> None:
    """The clips of some speakers, as Speech Commands lists them."""
    file.write_text("".join(f"{clip}\n" for said in clips for clip in said), encoding="utf-8")


def _backgrounds(folder: Path, words: Sequence[str], seed: int) -> list[Sound]:
    random = np.random.default_rng([seed, 0])
    samples = _BACKGROUND_SECONDS * SAMPLE_RATE
    crowd = [speaker(random).say(words[n % len(words)], random) for n in range(12)]
    made = []
    for kind in NOISES:
        babble = kind == "babble"
        sound = acoustics.babble(crowd, samples, random) if babble else acoustics.noise(kind, samples, random)
        made.append(sound)
        write_wav(folder / f"{kind}.wav", 0.1 * sound, SAMPLE_RATE)
    return made


def _speak(
    out: Path, words: Sequence[str], others: Sequence[str], backgrounds: Sequence[Sound], seed: int, number: int
) -> list[str]:
    """All that one speaker says; returns the clips, WORD/FILE each."""
    random = np.random.default_rng([seed, 1, number])
    who = speaker(random)
    some = [others[int(n)] for n in random.permutation(len(others))[:_OTHERS_EACH]]
    clips = []
    for word, times in [*((word, 2) for word in words), *((word, 1) for word in some)]:
        for time in range(times):
            clips.append(f"{word}/{who.name}_nohash_{time}.wav")
            write_wav(out / clips[-1], _heard(who, word, backgrounds, random), SAMPLE_RATE)
    return clips


def _heard(who: Speaker, word: str, backgrounds: Sequence[Sound], random: np.random.Generator) -> Sound:
    background = backgrounds[int(random.integers(len(backgrounds)))]
    return acoustics.clip(acoustics.in_room(who.say(word, random), random), background, random)


if __name__ == "__main__":
    sys.exit(main())
