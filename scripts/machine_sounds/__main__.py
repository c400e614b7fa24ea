"""See scripts/make_machine_sounds."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd.data.wav import write_wav
from edgekd.errors import EdgekdError, InputError

SAMPLE_RATE = 16_000
SECONDS = 2
ANOMALIES = ("knock", "squeak", "tone", "imbalance")

Sound = NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/make_machine_sounds", description="Makes sounds of a machine.")
    parser.add_argument("--out", type=Path, default=Path("runs/data/machine-sounds"), metavar="DIR")
    parser.add_argument("--train", type=int, default=400, help="Normal clips to train on.")
    parser.add_argument("--test", type=int, default=160, help="Clips to test on, half of them anomalies.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        make(options.out, options.train, options.test, options.seed)
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def make(out: Path, train: int, test: int, seed: int) -> None:
    """Write the folder `out`, whole or not at all. Raises InputError when it is there already."""
    if out.exists():
        raise InputError(f"{out} is there already", "remove it, or choose another folder: --out DIR")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for number in range(train):
        write_wav(
            partial / "train" / f"normal_id_00_{number:08d}.wav",
            machine(np.random.default_rng([seed, 0, number])),
            SAMPLE_RATE,
        )
    for number in range(test):
        random = np.random.default_rng([seed, 1, number])
        sound, kind = machine(random), "anomaly" if number % 2 else "normal"
        if number % 2:
            sound = sound + fault(ANOMALIES[number // 2 % len(ANOMALIES)], sound, random)
        write_wav(partial / "test" / f"{kind}_id_00_{number // 2:08d}.wav", sound, SAMPLE_RATE)
    partial.rename(out)


def machine(random: np.random.Generator) -> Sound:
    """A machine that runs well, somewhat differently each time: (SECONDS × SAMPLE_RATE,)."""
    seconds = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    turns = random.uniform(28, 32) * (1 + 0.01 * np.sin(2 * np.pi * random.uniform(0.3, 1.5) * seconds))
    phase = 2 * np.pi * np.cumsum(turns) / SAMPLE_RATE
    motor = sum(np.sin(n * phase + random.uniform(0, 6)) / n**0.7 for n in range(1, 25))
    gears = (1 + 0.4 * np.sin(13 * phase)) * np.sin(78 * phase + random.uniform(0, 6))
    air = _coloured(random, len(seconds), random.uniform(0.3, 0.5))
    mixed = motor + random.uniform(0.2, 0.4) * gears + random.uniform(1.0, 2.0) * air
    return mixed / np.sqrt(np.mean(mixed**2)) * 10 ** (random.uniform(-30, -24) / 20)


def fault(kind: str, sound: Sound, random: np.random.Generator) -> Sound:
    """What a fault adds to a machine's sound, 10 to 26 dB below it. kind: one of ANOMALIES."""
    seconds = np.arange(len(sound)) / SAMPLE_RATE
    if kind == "knock":
        beat = (seconds * random.uniform(5, 11) + random.random()) % 1.0
        added = np.exp(-beat * 40) * random.normal(size=len(sound))
    elif kind == "squeak":
        pitch = random.uniform(2500, 5000) * (1 + 0.05 * np.sin(2 * np.pi * random.uniform(1, 4) * seconds))
        added = np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * (np.sin(2 * np.pi * 1.5 * seconds) > 0)
    elif kind == "tone":
        added = np.sin(2 * np.pi * random.uniform(600, 4000) * seconds)
    else:
        added = sound * np.sin(2 * np.pi * random.uniform(3, 9) * seconds)
    return added * np.sqrt(np.mean(sound**2) / np.mean(added**2)) * 10 ** (-random.uniform(10, 26) / 20)


def _coloured(random: np.random.Generator, samples: int, exponent: float) -> Sound:
    spectrum = np.fft.rfft(random.normal(size=samples))
    sound = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 40) ** exponent, samples)
    return sound / np.sqrt(np.mean(sound**2))


if __name__ == "__main__":
    sys.exit(main())
