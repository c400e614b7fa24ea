"""TOML files checked against a pydantic model: every error of a file at once, with its line and a remedy."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from edgekd.errors import InputError

_MAX_BYTES = 1 << 20  # no hand-written file is larger; refuses a device file or a disk image given by mistake


class Strict(BaseModel):
    """Base of every table: unknown keys are errors, values are not changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Schema = TypeVar("Schema", bound=BaseModel)


def load_toml(path: Path, schema: type[Schema]) -> Schema:
    """Read `path` as `schema`. Raises InputError that lists all problems, each with line and remedy."""
    return parse_toml(read_text(path), path, schema)


def read_text(path: Path) -> str:
    """The text of a small UTF-8 file. Raises InputError that says why it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", "check the path") from None
    if len(data) > _MAX_BYTES:
        raise InputError(f"{path}: larger than 1 MiB, not a configuration file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8", "save the file as UTF-8") from None


def parse_toml(text: str, path: Path, schema: type[Schema]) -> Schema:
    """`text` as `schema`; `path` is only named in messages. Raises InputError as `load_toml`."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not TOML: {error}") from None
    try:
        # Strictly: "3" or true is no number. As JSON, so that texts are still paths and lists tuples.
        return schema.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        places = _lines_of_keys(text)
        problems = sorted(_problem(item, places, schema) for item in error.errors())
        lines: list[str] = []
        for line, message, hint in problems:
            lines.append(f"{path}, line {line}: {message}" if line else f"{path}: {message}")
            if hint:
                lines.append(f"  {hint}")
        raise InputError("\n".join(lines)) from None


def _problem(item: Any, places: dict[tuple[str, ...], int], schema: type[BaseModel]) -> tuple[int, str, str]:
    """One pydantic error as (line, message, hint); line 0 when the key is not in the file."""
    location = tuple(str(part) for part in item["loc"])
    key = ".".join(location)
    line = next((places[location[:n]] for n in range(len(location), 0, -1) if location[:n] in places), 0)
    if item["type"] == "extra_forbidden":
        known = _fields_at(schema, location[:-1])
        near = get_close_matches(location[-1], known, n=1)
        prefix = "".join(f"{part}." for part in location[:-1])
        hint = f"did you mean {prefix}{near[0]}?" if near else "known here: " + ", ".join(sorted(known))
        return line, f"unknown key {key}", hint
    if item["type"] == "missing":
        return line, f"{key} is missing", ""
    message = str(item["msg"]).removeprefix("Value error, ")
    first, _, hint = message.partition("\n")
    return line, f"{key}: {first}" if key else first, hint.strip()


def _fields_at(schema: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Names of the keys the schema knows in the table at `location`."""
    current: Any = schema
    for part in location:
        field = current.model_fields.get(part) if _is_model(current) else None
        if field is None:
            continue
        current = next((a for a in (field.annotation, *_nested(field.annotation)) if _is_model(a)), current)
    return [field.alias or name for name, field in current.model_fields.items()] if _is_model(current) else []


def _nested(annotation: Any) -> list[Any]:
    return [inner for a in get_args(annotation) for inner in (a, *_nested(a))]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _lines_of_keys(text: str) -> dict[tuple[str, ...], int]:
    """Line numbers (from 1) of tables and keys, as far as a line-by-line look finds them.

    The second [[board]] is ("board", "1"), as in pydantic's locations.
    """
    places: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    tables: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = _split(match[1])
            places.setdefault(table, number)
            if line.lstrip().startswith("[["):
                tables[table] += 1
                table = (*table, str(tables[table] - 1))
                places[table] = number
        elif match := _KEY.match(line):
            places.setdefault(table + _split(match[1]), number)
    return places


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


_SIZE = re.compile(r"(\d+)([KM]?)")
_UNIT = {"": 1, "K": 1024, "M": 1024 * 1024}


def size_in_bytes(value: object) -> int:
    """A size: bytes as an integer, or a text such as "512K" or "1M" (binary units)."""
    match = _SIZE.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        shown = f'"{value}"' if isinstance(value, str) else repr(value)
        raise ValueError(f'{shown} is not a size\nwrite bytes or K/M, for example "512K"')
    return int(match[1]) * _UNIT[match[2]]
