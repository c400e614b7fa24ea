"""Bounds-checked reading of flatbuffers: no byte of a file is believed before it is checked.

The format (flatbuffers.dev, "FlatBuffer Internals"): offsets are unsigned 32-bit and relative to where they stand; a
table begins with a signed offset back to its vtable, which holds 16-bit sizes (its own, the table's) and then one
16-bit offset into the table for each field, 0 for a field left out. Nothing here follows an offset it was not asked
to, so cycles cannot trap it, and no vector is longer than the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

_MAX_STRING = 256  # names are for messages and comments; longer ones are cut

_FORMATS = {
    "bool": struct.Struct("<?"),
    "i8": struct.Struct("<b"),
    "u8": struct.Struct("<B"),
    "i32": struct.Struct("<i"),
    "u32": struct.Struct("<I"),
    "u64": struct.Struct("<Q"),
    "f32": struct.Struct("<f"),
}
_U16 = struct.Struct("<H")


class DamagedError(Exception):
    """The bytes are not the flatbuffer they claim to be; the text says where."""


def root(data: bytes, identifier: bytes) -> Table:
    """The root table of a file that carries the 4-byte `identifier`. Raises DamagedError."""
    if len(data) < 8:
        raise DamagedError(f"only {len(data)} bytes long")
    if data[4:8] != identifier:
        raise DamagedError(f"does not carry the mark {identifier.decode()} at byte 4")
    return Table(data, _follow(data, 0, "root table"), "root table")


class Table:
    """One table. Fields are addressed by their slot, counted from 0 in the order of the schema.

    what: named in messages ("tensor 3"). Every method raises DamagedError when a field lies outside the file.
    """

    def __init__(self, data: bytes, at: int, what: str) -> None:
        self._data = data
        self._at = at
        self.what = what
        self._vtable = at - self._read(_FORMATS["i32"], at)
        self._vtable_bytes = self._read(_U16, self._vtable)
        if self._vtable_bytes < 4 or self._vtable + self._vtable_bytes > len(data):
            raise DamagedError(f"{what}: its table of fields at byte {self._vtable} is damaged")

    def number(self, slot: int, kind: str, default: Any) -> Any:
        """A scalar field; kind: "bool", "i8", "u8", "i32", "u32", "u64" or "f32"."""
        place = self._field(slot)
        return default if place is None else self._read(_FORMATS[kind], place)

    def table(self, slot: int, what: str) -> Table | None:
        """A nested table."""
        place = self._field(slot)
        return None if place is None else Table(self._data, _follow(self._data, place, what), what)

    def tables(self, slot: int, what: str, limit: int) -> Iterator[Table]:
        """A vector of at most `limit` tables, each named `what` and its index."""
        offsets = self._vector(slot, f"{what}s", np.dtype("<u4"))
        if offsets is None:
            return
        start, count = offsets
        if count > limit:
            raise DamagedError(f"{count} {what}s, more than {limit}")
        for index in range(count):
            name = f"{what} {index}"
            yield Table(self._data, _follow(self._data, start + 4 * index, name), name)

    def array(self, slot: int, dtype: npt.DTypeLike, what: str) -> npt.NDArray[Any] | None:
        """A vector of numbers as a read-only view of the file; None when the field was left out."""
        found = self._vector(slot, what, np.dtype(dtype))
        return None if found is None else np.frombuffer(self._data, dtype, count=found[1], offset=found[0])

    def string(self, slot: int, what: str) -> str:
        """A string's first 256 bytes; whatever is not UTF-8 is replaced, and a field left out is empty."""
        found = self._vector(slot, what, np.dtype("u1"))
        if found is None:
            return ""
        start, count = found
        return self._data[start : start + min(count, _MAX_STRING)].decode("utf-8", "replace")

    def _field(self, slot: int) -> int | None:
        """Where a field stands in the file; None when it was left out."""
        entry = 4 + 2 * slot
        if entry + 2 > self._vtable_bytes:
            return None
        offset = self._read(_U16, self._vtable + entry)
        return self._at + offset if offset else None

    def _vector(self, slot: int, what: str, dtype: np.dtype[Any]) -> tuple[int, int] | None:
        """First byte and number of elements of a vector."""
        place = self._field(slot)
        if place is None:
            return None
        at = _follow(self._data, place, what)
        count = self._read(_FORMATS["u32"], at)
        if at + 4 + count * dtype.itemsize > len(self._data):
            raise DamagedError(f"{self.what}: {what} of {count} elements at byte {at} runs past the end of the file")
        return at + 4, count

    def _read(self, form: struct.Struct, at: int) -> Any:
        if at < 0 or at + form.size > len(self._data):
            raise DamagedError(f"{self.what}: points to byte {at}, outside the file")
        return form.unpack_from(self._data, at)[0]


def _follow(data: bytes, at: int, what: str) -> int:
    """Where the offset stored at byte `at` leads."""
    if at + 4 > len(data):
        raise DamagedError(f"{what}: points to byte {at}, outside the file")
    target = at + int(_FORMATS["u32"].unpack_from(data, at)[0])
    if target + 4 > len(data):
        raise DamagedError(f"{what}: points to byte {target}, outside the file")
    return target
