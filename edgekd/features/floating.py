"""The same features in real numbers, from numpy's own transform: what the whole numbers are judged by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgekd.features.front_end import LOG_BITS, FrontEnd, exact_cosines, exact_hann, mel


def features(front_end: FrontEnd, pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """Features in steps, neither rounded nor limited.

    pcm: int16 (recordings, samples). Returns (recordings, frames, features).
    """
    windows = np.lib.stride_tricks.sliding_window_view(pcm, front_end.window, axis=1)[:, :: front_end.hop]
    spectrum = np.fft.rfft(windows * exact_hann(front_end.window), front_end.fft_size)
    logs = np.log2(np.abs(spectrum) ** 2 @ filters(front_end).T + 1) - front_end.middle
    if front_end.coefficients:
        logs = logs @ exact_cosines(front_end.coefficients, front_end.mels).T
    steps: NDArray[np.float64] = logs * 2.0 ** (LOG_BITS - front_end.shifts)
    return steps


def filters(front_end: FrontEnd) -> NDArray[np.float64]:
    """Triangles on the mel scale, each 1 at its peak and 0 at the peaks beside it: (mels, fft_size / 2 + 1)."""
    hertz = np.arange(front_end.fft_size // 2 + 1) * (front_end.sample_rate / front_end.fft_size)
    edges = np.linspace(mel(front_end.low_hz), mel(front_end.high_hz), front_end.mels + 2)
    position = mel(hertz)[None]
    rising = (position - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - position) / (edges[2:] - edges[1:-1])[:, None]
    triangles: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    triangles[:, -1] = 0  # half the sample rate: the transform of half the size does not give it
    return triangles
