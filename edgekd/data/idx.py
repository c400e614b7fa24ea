"""IDX files, the format of MNIST and its relatives (http://yann.lecun.com/exdb/mnist/, "the IDX file format").

Bytes 0 and 1 are zero, byte 2 is the element type (0x08: unsigned byte), byte 3 the number of axes; a big-endian
uint32 an axis follows, then the elements, the last axis fastest.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from edgekd.errors import InputError

_UNSIGNED_BYTE = 0x08
_MOST_ELEMENTS = 1 << 31


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The unsigned bytes of an IDX file with `axes` axes, gzip-compressed when its name ends in .gz.

    Raises InputError naming the file when it is missing, damaged, of another kind, or longer than it says.
    """
    try:
        with path.open("rb") as raw:
            file = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
            return _parse(file, path, axes)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip data: {error}", "install or copy the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def _parse(file: BinaryIO, path: Path, axes: int) -> NDArray[np.uint8]:
    header = file.read(4 + 4 * axes)
    if len(header) != 4 + 4 * axes:
        raise InputError(f"{path}: ends in its header", "install or copy the file again")
    zero, kind, found = struct.unpack_from(">HBB", header)
    if zero or kind != _UNSIGNED_BYTE or found != axes:
        raise InputError(f"{path}: not an IDX file of unsigned bytes with {axes} axes: it begins {header[:4].hex(' ')}")
    shape = struct.unpack_from(f">{axes}I", header, 4)
    size = math.prod(shape)
    if not 0 < size <= _MOST_ELEMENTS:
        raise InputError(f"{path}: its shape {list(shape)} has {size} elements")
    data = file.read(size + 1)
    if len(data) != size:
        fact = "more follow" if len(data) > size else f"there are {len(data)}"
        raise InputError(f"{path}: its header promises {size} elements, {fact}", "install or copy the file again")
    return np.frombuffer(data, np.uint8).reshape(shape)
