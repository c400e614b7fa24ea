"""WAV files of 16-bit mono sound, checked."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import InputError

_MOST_SECONDS = 24 * 3600


def read_wav(path: Path, sample_rate: int) -> NDArray[np.int16]:
    """The samples of a mono WAV file of 16 bits at `sample_rate` Hz: int16 (samples,).

    Raises InputError naming the file for any other format or rate, and for a file that is empty, cut short or damaged:
    nothing is converted silently.
    """
    try:
        with wave.open(str(path)) as file:
            channels, width, rate, frames = file.getparams()[:4]
            if (channels, width, rate) != (1, 2, sample_rate):
                raise InputError(
                    f"{path}: {channels} channel{'s' * (channels != 1)} of {8 * width} bits at {rate} Hz, "
                    f"not one of 16 bits at {sample_rate} Hz",
                    f"convert it: sox IN.wav -c 1 -b 16 -r {sample_rate} OUT.wav",
                )
            if not 0 < frames <= _MOST_SECONDS * rate:
                raise InputError(f"{path}: {frames} samples", "a sound of up to a day is read")
            data = file.readframes(frames)
    except (wave.Error, EOFError, struct.error, RuntimeError) as error:
        raise InputError(f"{path}: not a WAV file of plain samples: {str(error) or 'it ends too early'}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if len(data) != 2 * frames:
        raise InputError(f"{path}: cut short: {len(data) // 2} of {frames} samples", "copy or record it again")
    return np.frombuffer(data, "<i2").astype(np.int16)
