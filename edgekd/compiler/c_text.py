"""Numbers, types and names as C11 spells them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import DType
from edgekd.compiler.lowered import FieldValue
from edgekd.errors import InputError

C_TYPES: dict[DType, str] = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "float32": "float",
    "bool": "uint8_t",
}
_VALUES_A_LINE = 24
_LONGEST_NAME = 48  # leaves room for suffixes within the 63 characters a C11 compiler must tell apart
_KEYWORDS_TEXT = """
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    alignas alignof asm bool catch class constexpr delete explicit export false friend main mutable namespace new
    noexcept nullptr operator private protected public static_assert template this thread_local throw true try
    typeid typename using virtual
"""
_KEYWORDS = frozenset(_KEYWORDS_TEXT.split())


def check_name(name: str) -> str:
    """`name` if it may prefix C identifiers and name files. Raises InputError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in _KEYWORDS or len(name) > _LONGEST_NAME:
        raise InputError(
            f'"{name[:80]}" cannot name the model in C',
            f"use letters, digits and underscores, a letter first, at most {_LONGEST_NAME} of them, no keyword of C",
        )
    if name.lower().startswith("edgekd"):
        raise InputError(
            f'"{name}" cannot name the model in C: edgekd\'s own kernels begin so', "choose another --name"
        )
    return name


def name_from(stem: str) -> str:
    """A C name made of a file's name: what C cannot spell becomes an underscore."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")[: _LONGEST_NAME - 6]
    taken = not name or not name[0].isalpha() or name in _KEYWORDS or name.lower().startswith("edgekd")
    return f"model_{name}".rstrip("_") if taken else name


def integer(value: int) -> str:
    """An integer constant; the lowest of 32 bits has no literal of its own."""
    return "(-2147483647 - 1)" if value == -(1 << 31) else str(value)


def floating(value: float) -> str:
    """A float constant that a compiler reads back to the same float32."""
    if not math.isfinite(value):
        raise InputError(f"the model has a constant {value}, which C cannot spell")
    text = repr(float(np.format_float_scientific(np.float32(value), unique=True)))
    return f"{text}f"


def value(item: FieldValue) -> str:
    """A struct field's initializer; a string stands for itself."""
    if item is None:
        return "NULL"
    if isinstance(item, tuple):
        return "{" + ", ".join(value(part) for part in item) + "}"
    if isinstance(item, str):
        return item
    return floating(item) if isinstance(item, float) else integer(int(item))


def rows(values: npt.NDArray[Any]) -> str:
    """The initializer of an array, a few numbers a line."""
    flat = np.asarray(values).reshape(-1)
    return "\n".join(
        f"    {', '.join(_numbers(flat[start : start + _VALUES_A_LINE]))},"
        for start in range(0, len(flat), _VALUES_A_LINE)
    )


def _numbers(values: npt.NDArray[Any]) -> list[str]:
    if values.dtype.kind == "f":
        return [floating(number) for number in values.tolist()]
    return [integer(number) for number in values.tolist()]
