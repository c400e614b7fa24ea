"""Features that were computed before: kept in edgekd's own folder, found by what they were computed from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgekd import paths
from edgekd.features import fixed_point, front_end
from edgekd.features.front_end import FrontEnd
from edgekd.files import whole_file


def cached_features(chosen: FrontEnd, pieces: Iterator[NDArray[np.int16]]) -> NDArray[np.int8]:
    """fixed_point.features of pieces of a data set, each int16 (recordings, samples), one after the other.

    A piece's features are found again by the digest of its samples, of the front end and of the code that computes
    them; a file there that is damaged is made anew.
    """
    return np.concatenate([_of_piece(chosen, piece) for piece in pieces])


def _of_piece(chosen: FrontEnd, pcm: NDArray[np.int16]) -> NDArray[np.int8]:
    shape = (len(pcm), chosen.frames(pcm.shape[1]), chosen.features)
    digest = hashlib.sha256(f"{chosen!r} {pcm.shape} {_code()}".encode())
    digest.update(np.ascontiguousarray(pcm).tobytes())
    file = paths.home() / "features" / f"{digest.hexdigest()}.bin"
    if (kept := _read(file, shape)) is not None:
        return kept
    made = fixed_point.features(chosen, pcm)
    content = made.tobytes()
    with whole_file(file) as partial:
        partial.write_bytes(hashlib.sha256(content).digest() + content)
    return made


def _read(file: Path, shape: tuple[int, int, int]) -> NDArray[np.int8] | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest or len(data) != shape[0] * shape[1] * shape[2]:
        return None
    return np.frombuffer(data, np.int8).reshape(shape)


@cache
def _code() -> str:
    """Digest of the modules that decide the bytes."""
    sources = (Path(str(module.__file__)).read_bytes() for module in (fixed_point, front_end))
    return hashlib.sha256(b"".join(sources)).hexdigest()
