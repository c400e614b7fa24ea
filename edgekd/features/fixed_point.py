"""The features in whole numbers, bit for bit what firmware/features computes, for many frames at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgekd.features.front_end import LOG_BITS, LOG_CELLS, TURN_BITS, WEIGHT_BITS, FrontEnd

Integers = NDArray[np.int64]
_FRAMES_AT_ONCE = 1024  # a few MB of numbers


def features(front_end: FrontEnd, pcm: NDArray[np.int16]) -> NDArray[np.int8]:
    """Features of every whole frame of recordings of one length.

    pcm: int16 (recordings, samples). Returns int8 (recordings, frames, features).
    Raises ValueError for other types or shapes.
    """
    if pcm.dtype != np.int16 or pcm.ndim != 2:
        raise ValueError(f"pcm is {pcm.dtype} {list(pcm.shape)}, not int16 (recordings, samples)")
    count = front_end.frames(pcm.shape[1])
    made = np.empty((len(pcm) * count, front_end.features), np.int8)
    if count:
        windows = np.lib.stride_tricks.sliding_window_view(pcm, front_end.window, axis=1)[:, :: front_end.hop]
        step = max(1, _FRAMES_AT_ONCE // count)
        for start in range(0, len(pcm), step):
            frames = windows[start : start + step].reshape(-1, front_end.window)
            made[start * count : start * count + len(frames)] = of_frames(front_end, frames)
    return made.reshape(len(pcm), count, front_end.features)


def of_frames(front_end: FrontEnd, frames: NDArray[np.int16]) -> NDArray[np.int8]:
    """Features of frames that are cut already: int16 (frames, window) to int8 (frames, features)."""
    energies = mel_energies(front_end, *spectrum(front_end, frames))
    logs = log2(front_end, energies) - ((front_end.middle + front_end.energy_bits) << LOG_BITS)
    if front_end.coefficients:
        logs = _shifted(logs @ front_end.cosines.astype(np.int64).T, np.int64(WEIGHT_BITS))
    steps = _shifted(logs, front_end.shifts.astype(np.int64))
    return np.clip(steps, -128, 127).astype(np.int8)


def spectrum(front_end: FrontEnd, frames: NDArray[np.int16]) -> tuple[Integers, Integers]:
    """Real and imaginary parts of each frame's transform: (frames, fft_size / 2), sample_bits of fraction.

    Even samples are real parts and odd ones imaginary parts of a complex transform of half the size.
    """
    size = front_end.fft_size // 2
    padded = np.zeros((len(frames), front_end.fft_size), np.int64)
    products = frames.astype(np.int64) * front_end.whole_hann
    padded[:, : front_end.window] = _shifted(products, np.int64(TURN_BITS - front_end.sample_bits))
    real, imaginary = _transform(front_end, padded[:, 0::2], padded[:, 1::2])
    k = np.arange(size)
    mirrored = -k % size
    even_real, even_imaginary = real + real[:, mirrored], imaginary - imaginary[:, mirrored]
    odd_real, odd_imaginary = imaginary + imaginary[:, mirrored], real[:, mirrored] - real
    cosine, sine = front_end.twiddles.astype(np.int64).T
    turned_real, turned_imaginary = _times(odd_real >> 1, odd_imaginary >> 1, cosine, sine)
    return (even_real >> 1) + turned_real, (even_imaginary >> 1) + turned_imaginary


def mel_energies(front_end: FrontEnd, real: Integers, imaginary: Integers) -> NDArray[np.uint64]:
    """Weighted sums of squared magnitudes: (frames, mels), energy_bits of fraction."""
    bins = slice(front_end.first_bin, front_end.first_bin + len(front_end.bands))
    power = ((real[:, bins] ** 2 + imaginary[:, bins] ** 2) >> front_end.power_shift).astype(np.uint64)
    rising = power * front_end.rising.astype(np.uint64)
    energies = np.zeros((len(real), front_end.mels + 2), np.uint64)  # one more at each end, for what no filter has
    bands = front_end.bands.astype(np.int64)
    for band in range(front_end.mels + 1):
        chosen = bands == band
        energies[:, band + 1] += rising[:, chosen].sum(axis=1, dtype=np.uint64)
        falling = (power[:, chosen] << np.uint64(WEIGHT_BITS)) - rising[:, chosen]
        energies[:, band] += falling.sum(axis=1, dtype=np.uint64)
    return energies[:, 1:-1]


def log2(front_end: FrontEnd, energies: NDArray[np.uint64]) -> Integers:
    """log2(energy + 1 squared unit), LOG_BITS of fraction, between the entries of a table on a straight line."""
    values = energies + np.uint64(1 << front_end.energy_bits)
    whole = np.zeros(values.shape, np.uint64)
    rest = values
    for bits in (32, 16, 8, 4, 2, 1):
        large = rest >> np.uint64(bits) != 0
        whole += np.where(large, np.uint64(bits), np.uint64(0))
        rest = np.where(large, rest >> np.uint64(bits), rest)
    mantissa = (values << (np.uint64(63) - whole)) & np.uint64(2**63 - 1)  # after the leading one
    cell_bits = LOG_CELLS.bit_length() - 1
    cell = (mantissa >> np.uint64(63 - cell_bits)).astype(np.int64)
    along = ((mantissa >> np.uint64(63 - cell_bits - 16)) & np.uint64(0xFFFF)).astype(np.int64)
    table = front_end.logarithms.astype(np.int64)
    fraction = table[cell] + _shifted((table[cell + 1] - table[cell]) * along, np.int64(16))
    return (whole.astype(np.int64) << LOG_BITS) + fraction


def _transform(front_end: FrontEnd, real: Integers, imaginary: Integers) -> tuple[Integers, Integers]:
    """The complex transform of (frames, size), radix 2, decimated in time."""
    size = real.shape[1]
    stages = size.bit_length() - 1
    order = np.zeros(size, np.int64)
    for bit in range(stages):
        order |= ((np.arange(size) >> bit) & 1) << (stages - 1 - bit)
    real, imaginary = real[:, order], imaginary[:, order]
    for stage in range(stages):
        half = 1 << stage
        cosine, sine = front_end.twiddles[:: front_end.fft_size // (2 * half)][:half].astype(np.int64).T
        pairs_real, pairs_imaginary = (part.reshape(len(part), -1, 2, half) for part in (real, imaginary))
        turned = _times(pairs_real[:, :, 1], pairs_imaginary[:, :, 1], cosine, sine)
        real, imaginary = (
            np.stack([pairs[:, :, 0] + one, pairs[:, :, 0] - one], axis=2).reshape(len(pairs), size)
            for pairs, one in zip((pairs_real, pairs_imaginary), turned, strict=True)
        )
    return real, imaginary


def _times(real: Integers, imaginary: Integers, cosine: Integers, sine: Integers) -> tuple[Integers, Integers]:
    """Complex numbers times twiddles, rounded."""
    bits = np.int64(TURN_BITS)
    return (
        _shifted(real * cosine - imaginary * sine, bits),
        _shifted(real * sine + imaginary * cosine, bits),
    )


def _shifted(values: Integers, bits: Integers | np.int64) -> Integers:
    """values / 2^bits, halves rounded up. bits: 0 or more."""
    shifted: Integers = (values + ((np.int64(1) << bits) >> 1)) >> bits
    return shifted
