"""Speakers, and the two programs that speak for them."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from edgekd.errors import ToolError

SAMPLE_RATE = 16_000
Sound = NDArray[np.float64]  # samples at SAMPLE_RATE, 1 is full scale

_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
_VARIANTS = (
    *("adam", "Alex", "Alicia", "Andrea", "Andy", "Annie", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb"),
    *("david", "Denis", "Diogo", "ed", "edward", "Gene", "Henrique", "Hugo", "iven", "Jacky", "john", "Lee"),
    *("linda", "marcelo", "Marco", "Mario", "max", "Michael", "michel", "miguel", "Nguyen", "pablo", "paul"),
    *("pedro", "quincy", "rob", "robert", "steph", "Storm", "Tweaky", "zac", "anika", "f2", "f3", "f4", "f5"),
    *("grandpa", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1"),
)
_FLITE = ("slt", "rms", "awb", "kal16")
_SHARE_OF_FLITE = 0.25


@dataclass(frozen=True)
class Speaker:
    """name: 8 hexadecimal digits, as in Speech Commands. engine: "espeak-ng" or "flite". voice: as it calls it.

    pitch: espeak-ng's 0 to 99, or flite's mean in Hz. speed: words a minute, or flite's factor of duration.
    """

    name: str
    engine: str
    voice: str
    pitch: int
    speed: float

    def say(self, word: str, random: np.random.Generator) -> Sound:
        """The word, a little differently each time. Raises ToolError when the program cannot be run."""
        speed = self.speed * random.uniform(0.93, 1.07)
        pitch = round(self.pitch * random.uniform(0.93, 1.07))
        with tempfile.TemporaryDirectory(prefix="edgekd-speech-") as folder:
            file = Path(folder, "word.wav")
            if self.engine == "flite":
                settings = ("--setf", f"duration_stretch={speed:.3f}", "--setf", f"int_f0_target_mean={pitch}")
                command = ["flite", "-voice", self.voice, *settings, "-t", word, "-o", str(file)]
            else:
                options = ("-s", str(round(speed)), "-p", str(min(99, pitch)))
                command = ["espeak-ng", "-v", self.voice, *options, "-w", str(file), word]
            try:
                subprocess.run(command, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise ToolError(f"{command[0]} cannot speak: {error}", f"apt-get install {command[0]}") from None
            return _read(file)


def speaker(random: np.random.Generator) -> Speaker:
    """A speaker drawn by `random`."""
    name = f"{int(random.integers(1 << 32)):08x}"
    if random.random() < _SHARE_OF_FLITE:
        stretch = float(random.uniform(0.8, 1.5))
        return Speaker(name, "flite", _pick(random, _FLITE), int(random.integers(80, 240)), stretch)
    voice = f"{_pick(random, _ACCENTS)}+{_pick(random, _VARIANTS)}"
    return Speaker(name, "espeak-ng", voice, int(random.integers(10, 90)), float(random.uniform(110, 210)))


def _pick(random: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(random.integers(len(choices)))]


def _read(file: Path) -> Sound:
    """A mono file of 16 bits at any rate, at SAMPLE_RATE and without the silence around the word."""
    with wave.open(str(file)) as content:
        rate = content.getframerate()
        samples: NDArray[Any] = np.frombuffer(content.readframes(content.getnframes()), "<i2") / 32768
    common = int(np.gcd(rate, SAMPLE_RATE))
    sound: Sound = resample_poly(samples, SAMPLE_RATE // common, rate // common)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max(initial=1e-9))
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound
