"""What is computed of sound, and the tables that both host and board compute it with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import InputError

Whole = TypeVar("Whole", np.int16, np.int32, np.uint16)

INPUT_SCALE = 1 / 32  # of int8 features, in a network's units: -4 to 3.97

WEIGHT_BITS = 15  # of mel weights and cosines: 1.0 is 2^15
TURN_BITS = 30  # of window and twiddles
LOG_BITS = 15  # fraction of a logarithm
LOG_CELLS = 64  # of the table of logarithms, for one octave
_MEL_STEP_BITS = 3  # a step of a mel feature is 2^-3 octaves
_CEPSTRUM_STEP_BITS = (0, 1)  # of coefficients 0 and 1; the others have steps of 2^-2


@dataclass(frozen=True)
class FrontEnd:
    """Frames of `window` samples, one every `hop`, to mel energies or cepstral coefficients.

    sample_rate: in Hz. window, hop: in samples. fft_size: a power of two, window or more. mels: triangular filters
    between low_hz and high_hz. coefficients: 0 for the logarithms of the mel energies, else so many of their cosine
    transform (MFCC), the first on. middle: the energy that becomes feature 0, in octaves above the squared unit of a
    sample; mel energies from 16 octaves below to 16 above it can be told apart. Louder sounds and longer windows take
    a higher one. The defaults are 30 ms every 20 ms of 16 kHz.
    Raises InputError for a combination that has no meaning, naming what to change.
    """

    sample_rate: int = 16_000
    window: int = 480
    hop: int = 320
    fft_size: int = 512
    mels: int = 40
    low_hz: float = 20.0
    high_hz: float = 7600.0
    coefficients: int = 10
    middle: int = 22

    def __post_init__(self) -> None:
        self._require(1000 <= self.sample_rate <= 192_000, "sample_rate", "1000 to 192000 Hz")
        self._require(
            32 <= self.fft_size <= 4096 and self.fft_size & (self.fft_size - 1) == 0,
            "fft_size",
            "a power of two, 32 to 4096",
        )
        self._require(16 <= self.window <= self.fft_size, "window", f"16 to fft_size, {self.fft_size} samples")
        self._require(0 < self.hop <= self.window, "hop", f"1 to window, {self.window} samples")
        self._require(2 <= self.mels <= 128, "mels", "2 to 128")
        self._require(0 <= self.coefficients <= self.mels, "coefficients", f"0 (mel energies) to mels, {self.mels}")
        self._require(0 < self.high_hz <= self.sample_rate / 2, "high_hz", f"at most {self.sample_rate / 2:g} Hz")
        self._require(0 <= self.low_hz < self.high_hz, "low_hz", "0 or more, below high_hz")
        self._require(0 <= self.middle <= 48, "middle", "0 to 48 octaves")
        filled = np.zeros(self.mels + 2, np.int64)
        np.add.at(filled, self.bands + 1, self.rising)
        np.add.at(filled, self.bands, (1 << WEIGHT_BITS) - self.rising.astype(np.int64))
        self._require(bool(filled[1:-1].all()), "mels", "fewer, or a larger fft_size: a filter has no frequency")

    def _require(self, good: bool, name: str, allowed: str) -> None:
        if not good:
            raise InputError(f"features: {name} is {getattr(self, name)}", allowed)

    @property
    def features(self) -> int:
        """Features of a frame."""
        return self.coefficients or self.mels

    def frames(self, samples: int) -> int:
        """Whole frames in so many samples."""
        return max(0, (samples - self.window) // self.hop + 1)

    @property
    def kind(self) -> str:
        return "mfcc" if self.coefficients else "log-mel"

    @cached_property
    def hann(self) -> NDArray[np.int32]:
        """The first half of the window, periodic Hann, (window / 2 + 1,), 2^30 for 1: sample n has entry n or -n."""
        return _fixed(exact_hann(self.window)[: self.window // 2 + 1], TURN_BITS, np.int32)

    @cached_property
    def whole_hann(self) -> NDArray[np.int64]:
        """The window, (window,)."""
        n = np.arange(self.window)
        whole: NDArray[np.int64] = self.hann.astype(np.int64)[np.minimum(n, self.window - n)]
        return whole

    @property
    def sample_bits(self) -> int:
        """Bits of fraction a windowed sample gets, so many that no sum of the transform can leave 32 bits."""
        return 30 - 15 - math.ceil(math.log2(self.whole_hann.sum() / 2**TURN_BITS))

    @cached_property
    def twiddles(self) -> NDArray[np.int32]:
        """exp(-2πik / fft_size), (fft_size / 2, 2): cosine and negative sine, 2^30 for 1."""
        angles = 2 * np.pi * np.arange(self.fft_size // 2) / self.fft_size
        pairs = np.stack([np.cos(angles), -np.sin(angles)], axis=1)
        return _fixed(pairs, TURN_BITS, np.int32)

    @property
    def power_shift(self) -> int:
        """Bits dropped of a squared magnitude, so few that no mel energy can leave 64 bits.

        All squares together are at most fft_size times those of the windowed samples (Parseval).
        """
        squares = float((exact_hann(self.window) ** 2).sum()) * 4.0 ** (15 + self.sample_bits)
        return max(0, math.ceil(math.log2(self.fft_size * squares)) + WEIGHT_BITS - 64)

    @property
    def first_bin(self) -> int:
        """The first frequency above low_hz."""
        return math.floor(self.low_hz * self.fft_size / self.sample_rate) + 1

    @cached_property
    def _positions(self) -> NDArray[np.float64]:
        """Of each frequency from first_bin to below high_hz: its place among the edges of the filters, from 0."""
        last = math.ceil(self.high_hz * self.fft_size / self.sample_rate)
        hertz = np.arange(self.first_bin, min(last, self.fft_size // 2), dtype=np.float64) * (
            self.sample_rate / self.fft_size
        )
        low, high = float(mel(self.low_hz)), float(mel(self.high_hz))
        return (mel(hertz) - low) * ((self.mels + 1) / (high - low))

    @cached_property
    def bands(self) -> NDArray[np.uint8]:
        """Of each frequency from first_bin on: the filter it is on the rising side of; `mels` for none."""
        return np.floor(self._positions).astype(np.uint8)

    @cached_property
    def rising(self) -> NDArray[np.uint16]:
        """Of each frequency from first_bin on: its weight there, 2^15 for 1; the filter before has the rest."""
        share = self._positions - np.floor(self._positions)
        return _fixed(share, WEIGHT_BITS, np.uint16)

    @property
    def energy_bits(self) -> int:
        """Bits of fraction of a mel energy, where 1 is the energy of the squared unit of a sample."""
        return WEIGHT_BITS + 2 * self.sample_bits - self.power_shift

    @cached_property
    def logarithms(self) -> NDArray[np.uint16]:
        """log2(1 + i / LOG_CELLS), (LOG_CELLS + 1,), 2^15 for 1."""
        return _fixed(np.log2(1 + np.arange(LOG_CELLS + 1) / LOG_CELLS), LOG_BITS, np.uint16)

    @cached_property
    def cosines(self) -> NDArray[np.int16]:
        """The orthonormal cosine transform, (coefficients, mels), 2^15 for 1."""
        return _fixed(exact_cosines(self.coefficients, self.mels), WEIGHT_BITS, np.int16)

    @cached_property
    def shifts(self) -> NDArray[np.uint8]:
        """Of each feature: bits of its logarithm's fraction that are less than a step."""
        if not self.coefficients:
            return np.full(self.mels, LOG_BITS - _MEL_STEP_BITS, np.uint8)
        finest = len(_CEPSTRUM_STEP_BITS)
        steps = [_CEPSTRUM_STEP_BITS[i] if i < finest else finest for i in range(self.coefficients)]
        return np.array([LOG_BITS - step for step in steps], np.uint8)


def front_end_of(options: Mapping[str, float]) -> FrontEnd:
    """The front end of a recipe's options. Raises InputError for a name that is none of its fields, or a wrong type."""
    for field in fields(FrontEnd):
        value = options.get(field.name)
        kinds = (int, float) if field.type == "float" else (int,)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise InputError(f"features: {field.name} is {value!r}", "a number" if len(kinds) > 1 else "a whole number")
    chosen: dict[str, Any] = dict(options)
    return FrontEnd(**chosen)


def mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The mel scale, 2595 log10(1 + f / 700) (O'Shaughnessy 1987)."""
    scale: NDArray[np.float64] = 2595.0 * np.log10(1.0 + np.asarray(hertz) / 700.0)
    return scale


def exact_hann(window: int) -> NDArray[np.float64]:
    """0.5 - 0.5 cos(2πn / window), (window,)."""
    values: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    return values


def exact_cosines(coefficients: int, mels: int) -> NDArray[np.float64]:
    """The orthonormal cosine transform of type II, (coefficients, mels)."""
    rows, columns = np.arange(coefficients)[:, None], np.arange(mels)[None]
    transform: NDArray[np.float64] = np.sqrt(2 / mels) * np.cos(np.pi * rows * (columns + 0.5) / mels)
    transform[:1] /= np.sqrt(2)
    return transform


def _fixed(values: NDArray[np.float64], bits: int, kind: type[Whole]) -> NDArray[Whole]:
    """Values as whole numbers with `bits` of fraction, saturated."""
    limits = np.iinfo(kind)
    whole: NDArray[Whole] = np.clip(np.rint(values * 2**bits), limits.min, limits.max).astype(kind)
    return whole
