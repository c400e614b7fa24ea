"""WAV files of 16-bit mono sound, checked."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import InputError
from edgekd.files import whole_file

_MOST_SECONDS = 24 * 3600
_FULL_SCALE = 32767


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


def write_wav(path: Path, samples: NDArray[Any], sample_rate: int) -> None:
    """Write what read_wav reads: mono, 16 bits. samples: (samples,), as int16 or as float from -1 to 1, beyond it cut.

    Folders that are missing are made; the file is whole or not there. Raises InputError for other samples.
    """
    if samples.ndim != 1 or (samples.dtype != np.int16 and not np.issubdtype(samples.dtype, np.floating)):
        raise InputError(f"{path}: a sound is no {samples.dtype} {list(samples.shape)}", "int16 or float, (samples,)")
    if samples.dtype != np.int16:
        if not np.isfinite(samples).all():
            raise InputError(f"{path}: sample {int(np.argmin(np.isfinite(samples)))} is NaN or infinity")
        samples = np.clip(np.rint(samples * _FULL_SCALE), -_FULL_SCALE - 1, _FULL_SCALE)
    with whole_file(path) as partial, wave.open(str(partial), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
