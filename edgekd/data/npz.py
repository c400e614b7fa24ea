"""One .npz file with x_train, y_train, x_test, y_test and, if there, x_val, y_val (else carved from training).

Members are read here, not by numpy.load: nothing is ever unpickled, and a member that lies about its size is
refused before memory is taken for it.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from edgekd.data.dataset import Dataset, carve, check_labels, check_samples
from edgekd.errors import InputError

_MOST_BYTES = 8 << 30
_MOST_CLASSES = 10_000
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# What zipfile, zlib and numpy's header parser raise on damaged or hostile files.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
)


def files(path: Path | None) -> list[Path]:
    """The one file."""
    if path is None:
        raise InputError("the data source npz needs a file", 'set data.path = "FILE.npz"')
    if not path.is_file():
        raise InputError(f"{path}: no such file", "data.path is the .npz file, relative to the recipe")
    return [path]


def load(path: Path | None, *, validation: int, seed: int, class_names: Sequence[str] | None = None) -> Dataset:
    """The arrays of the file: x float32 in the model's units or int8, channels last; y class indices from 0.

    class_names: by default the classes are those of y_train, called by their numbers.
    Raises InputError for anything missing, damaged or out of range.
    """
    (file,) = files(path)
    parts = read_npz(file, required=("x_train", "y_train", "x_test", "y_test"), optional=("x_val", "y_val"))
    if ("x_val" in parts) != ("y_val" in parts):
        raise InputError(f"{file}: has one of x_val and y_val", "give both, or none to carve them from training")
    # Here, where samples still have the numbers that they have in the file.
    for name, values in parts.items():
        if name.startswith("x_"):
            check_samples(f"{file}: {name}", values)
        else:
            check_labels(f"{file}: {name}", values, classes=None)
            parts[name] = values.astype(np.int64)
    x, y = parts["x_train"], parts["y_train"]
    if len(x) != len(y):
        raise InputError(f"{file}: x_train has {len(x)} samples and y_train {len(y)} labels")
    classes = int(y.max()) + 1 if class_names is None else len(class_names)
    if classes > _MOST_CLASSES:
        raise InputError(f"{file}: y_train has labels up to {classes - 1}", "class indices begin at 0")
    for name in sorted(parts.keys() - {"x_train", "x_val", "x_test"}):
        check_labels(f"{file}: {name}", parts[name], classes)
    names = tuple(class_names or map(str, range(classes)))
    if "x_val" in parts:
        x_val, y_val = parts["x_val"], parts["y_val"]
    else:
        x, y, x_val, y_val = carve(str(file), x, y, validation, seed)
    return Dataset(file.name, x, y, x_val, y_val, parts["x_test"], parts["y_test"], names)


def read_npz(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file by name; those that are neither required nor optional are left alone.

    Raises InputError naming the file and the array for anything missing, damaged or larger than 8 GiB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            absent = [name for name in required if name not in members]
            if absent:
                raise InputError(
                    f"{path}: {', '.join(absent)} missing",
                    f"it has {', '.join(sorted(members)[:12]) or 'nothing'}; "
                    "save with numpy.savez(file, x_train=…, y_train=…, x_test=…, y_test=…)",
                )
            wanted = [name for name in (*required, *optional) if name in members]
            return {name: _read(archive, members[name], f"{path}: {name}") for name in wanted}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (*_DAMAGE,) as error:
        raise InputError(f"{path}: not an .npz file, or damaged: {error}", "save it again with numpy.savez") from None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> NDArray[Any]:
    """One member, as an array of its own."""
    with archive.open(info) as file:
        version = npy.read_magic(file)  # type: ignore[no-untyped-call]
        if version not in _HEADERS:
            raise InputError(f"{where} is in .npy format {version[0]}.{version[1]}", "save it again with numpy.savez")
        shape, column_major, dtype = _HEADERS[version](file)  # type: ignore[no-untyped-call]
        if dtype.hasobject or dtype.kind not in "fiub":
            raise InputError(f"{where} holds {dtype}, not plain numbers", "convert it with .astype before saving")
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or size > _MOST_BYTES:
            raise InputError(f"{where} has the shape {list(shape)}: {size} bytes", "8 GiB is the most that is read")
        if size != info.file_size - file.tell():
            raise InputError(f"{where} is {info.file_size - file.tell()} bytes, its header promises {size}")
        data = bytearray(file.read(size))
        if len(data) != size or file.read(1):
            raise InputError(f"{where} has {len(data)} of {size} bytes", "save it again with numpy.savez")
    array: NDArray[Any] = np.frombuffer(data, dtype).reshape(shape, order="F" if column_major else "C")
    return array.astype(dtype.newbyteorder("="), order="C", copy=False)
