"""Ratios, their geometric means, and Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine_bench.tflm import FIGURES

OTHERS = ("TFLM", "bakenn")
_TITLES = {"instructions": "instructions", "flash": "flash, B", "ram": "RAM, B", "stack": "stack, B"}

Row = Mapping[str, Any]


def best(row: Row, other: str, figure: str) -> int | None:
    """The least that the other engine takes, of all its builds whose outputs are right; None when there is none."""
    if other == "TFLM":
        recorded = (row.get("tflm") or {}).get(figure)
        return recorded["value"] if recorded else None
    builds = (row.get("derived") or {}).get("bakenn", [])
    right = [build for build in builds if build.get("equal", 0) == build.get("of", -1)]
    return min((build[figure] for build in right if figure in build), default=None)


def ratio(row: Row, other: str, figure: str) -> float | None:
    """How many times edgekd's figure the other engine's is, for the same file: bakenn's is that derived for it."""
    theirs = best(row, other, figure)
    ours = row.get("edgekd") if other == "TFLM" else (row.get("derived") or {}).get("edgekd")
    return theirs / ours[figure] if theirs and ours and ours.get(figure) else None


def geometric_mean(ratios: Iterable[float | None]) -> float | None:
    """Of those that are there."""
    there = [value for value in ratios if value is not None]
    return math.exp(sum(map(math.log, there)) / len(there)) if there else None


def summary(rows: Sequence[Row]) -> str:
    """One line a board: geometric means over its models of what the others take, edgekd being 1."""
    heads = [f"{_TITLES[figure].removesuffix(', B')}: {other}" for figure in FIGURES for other in OTHERS]
    lines = ["| board | core | models | " + " | ".join(heads) + " |", "|---|---|---:|" + "---:|" * len(heads)]
    for board, measured in _by_board(rows).items():
        cells = [
            _times(geometric_mean(ratio(row, other, figure) for row in measured)) or "–"
            for figure in FIGURES
            for other in OTHERS
        ]
        held = [row for row in measured if _is_measured(row)]
        lines.append(f"| {board} | {measured[0]['core']} | {len(held)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def table(rows: Sequence[Row]) -> str:
    """One line a board and model. Behind each figure of another engine, how many times edgekd's it is."""
    heads = [f"{_TITLES[figure]}: edgekd | {' | '.join(OTHERS)}" for figure in FIGURES]
    columns = len(FIGURES) * (1 + len(OTHERS))
    lines = ["| board | model | equal to TFLM | " + " | ".join(heads) + " |", "|---|---|---|" + "---:|" * columns]
    for row in rows:
        ours = row["edgekd"]
        if not _is_measured(row):
            reason = ours.get("refused") or ours["failed"]
            lines.append(f"| {row['board']} | {row['model']} | {reason} |" + " |" * columns)
            continue
        cells = []
        for figure in FIGURES:
            cells.append(_own(row, figure))
            cells += [_cell(row, other, figure) for other in OTHERS]
        equal = f"{ours['equal']} of {ours['of']}"
        lines.append(f"| {row['board']} | {row['model']} | {equal} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def short(rows: Sequence[Row]) -> str:
    """The table in fewer columns: edgekd's figures, and in brackets how many times that the others take."""
    heads = [f"{_TITLES[figure]} ({', '.join(OTHERS)})" for figure in FIGURES]
    lines = ["| board | model | " + " | ".join(heads) + " |", "|---|---|" + "---:|" * len(heads)]
    for row in rows:
        if _is_measured(row):
            ratios = {f: ", ".join(_times(ratio(row, other, f)) or "–" for other in OTHERS) for f in FIGURES}
            cells = " | ".join(f"{_own(row, figure)} ({ratios[figure]})" for figure in FIGURES)
            lines.append(f"| {row['board']} | {row['model']} | {cells} |")
    return "\n".join(lines)


def cycles(rows: Sequence[Row]) -> str:
    """Estimated Cortex-M4 cycles of one inference, where both engines have them; nothing when no row has."""
    lines = [
        f"| {row['board']} | {row['model']} | {row['edgekd']['m4_cycles']:,} | {_cell(row, 'TFLM', 'm4_cycles')} |"
        for row in rows
        if ratio(row, "TFLM", "m4_cycles")
    ]
    head = ["| board | model | estimated M4 cycles: edgekd | TFLM |", "|---|---|---:|---:|"]
    return "\n".join([*head, *lines]) if lines else ""


def notes(rows: Sequence[Row]) -> str:
    """One line for each model and board that bakenn has no figures for, or builds of wrong outputs."""
    lines = []
    for row in rows:
        builds = (row.get("derived") or {}).get("bakenn", [])
        wrong = [build for build in builds if build.get("equal") != build.get("of")]
        reasons = sorted({reason for build in builds if (reason := build.get("refused") or build.get("failed"))})
        if wrong:
            reasons.append(f"{len(wrong)} builds of {len(builds)} left out: their outputs differ")
        if "derived" in row and not builds:
            reasons.append(f"has no target for {row['core']}")
        lines += [f"bakenn, {row['model']} on {row['board']}: {reason}" for reason in reasons]
    return "\n".join(lines)


def _is_measured(row: Row) -> bool:
    return "flash" in row["edgekd"]


def _own(row: Row, figure: str) -> str:
    """edgekd's figure; cycles where the emulator counts those and no instructions."""
    ours = row["edgekd"]
    return f"{ours[figure]:,}" if figure in ours else f"{ours['cycles']:,} cycles"


def _cell(row: Row, other: str, figure: str) -> str:
    value = best(row, other, figure)
    if value is None:
        return "–"
    times = _times(ratio(row, other, figure))
    return f"{value:,} ({times})" if times else f"{value:,}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}×"


def _by_board(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["board"], []).append(row)
    return found
