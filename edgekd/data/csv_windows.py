"""Recordings of sensors as CSV: a file or a folder of them, a line a sample, columns named in the first line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgekd.data.dataset import Dataset
from edgekd.data.windows import Recording, windowed
from edgekd.errors import InputError

_MOST_ROWS = 50_000_000


def files(path: Path | None) -> list[Path]:
    """The file, or all *.csv below the folder, sorted."""
    if path is None:
        raise InputError("the data source csv-windows needs a file or folder", 'set data.path = "FOLDER"')
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder", "data.path is relative to the recipe")
    found = sorted(file for file in path.rglob("*.csv") if file.is_file())
    if not found:
        raise InputError(f"{path}: no .csv files")
    return found


def load(
    path: Path | None,
    *,
    validation: int,
    seed: int,
    channels: Sequence[str],
    full_scale: Sequence[float],
    label: str = "label",
    subject: str = "subject",
    window: int = 128,
    step: int = 64,
    test_subjects: int | Sequence[str] = 1,
    validation_subjects: int = 1,
) -> Dataset:
    """Windows of (samples, window, channels), quantized as in windows.quantized.

    channels, label, subject: names of columns; others are ignored. full_scale: of the sensor, one number a channel or
    one for all. Lines are in the order of time; a window stays within one file, label and subject. Classes are the
    labels found, sorted. validation: not used, the validation set is of `validation_subjects` people of their own.
    Raises InputError naming file and line for anything that is missing or no number.
    """
    if not channels or len(set(channels)) != len(channels):
        raise InputError(
            "csv-windows: channels is empty, or names a column twice", 'channels = ["ax", "ay", "az"]: names of columns'
        )
    scale = [*full_scale] * (len(channels) if len(full_scale) == 1 else 1)
    if len(scale) != len(channels) or not all(0 < one < float("inf") for one in scale):
        raise InputError(f"csv-windows: full_scale is {list(full_scale)}", f"{len(channels)} numbers above 0, or one")
    found: list[tuple[Recording, str]] = []
    for file in files(path):
        found += _read(file, list(channels), label, subject)
    names = tuple(sorted({name for _, name in found}))
    recordings = [Recording(one.samples, names.index(name), one.subject) for one, name in found]
    assert path is not None
    return windowed(
        path.name,
        recordings,
        names,
        window=window,
        step=step,
        full_scale=scale,
        test_subjects=test_subjects,
        validation_subjects=validation_subjects,
        seed=seed,
    )


def _read(file: Path, channels: list[str], label: str, subject: str) -> list[tuple[Recording, str]]:
    """The runs of lines with one label and subject: recordings (their label not yet numbered), and the label."""
    runs: list[tuple[str, str, list[list[float]]]] = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows = csv.DictReader(text, strict=True)
            columns = rows.fieldnames or []
            if missing := [name for name in (*channels, label, subject) if name not in columns]:
                raise InputError(f"{file}: no column {missing[0]!r}", "columns: " + (", ".join(columns) or "none"))
            for row in rows:
                if None in row or None in row.values():
                    raise InputError(f"{file}, line {rows.line_num}: not {len(columns)} values")
                if rows.line_num > _MOST_ROWS:
                    raise InputError(f"{file}: more than {_MOST_ROWS} lines", "split it into several files")
                if not (row[label] and row[subject]):
                    raise InputError(
                        f"{file}, line {rows.line_num}: no {label} or no {subject}", "each line needs both"
                    )
                if not runs or runs[-1][:2] != (row[label], row[subject]):
                    runs.append((row[label], row[subject], []))
                runs[-1][2].append([_number(row[name], file, rows.line_num, name) for name in channels])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: not a CSV file that can be read: {error}") from None
    if not runs:
        raise InputError(f"{file}: no lines below the names of the columns")
    return [(Recording(np.array(samples), 0, who), what) for what, who, samples in runs]


def _number(text: str, file: Path, line: int, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{file}, line {line}: {column} is {text[:40]!r}, not a number")
    return value
