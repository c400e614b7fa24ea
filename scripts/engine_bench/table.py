"""A record as Markdown. A ratio is edgekd's figure as a fraction of another engine's: below 1, edgekd takes less."""

from __future__ import annotations

from collections.abc import Sequence

from engine_bench.compare import (
    COMPARISONS,
    FAST,
    OTHERS,
    Comparison,
    Figures,
    Row,
    by_board,
    geometric_mean,
    ours,
    ratio,
    theirs,
)
from engine_bench.tflm import FIGURES

_TITLES = {"instructions": "instructions", "flash": "flash, B", "ram": "RAM, B", "stack": "stack, B"}


def summary(rows: Sequence[Row]) -> str:
    """Two lines a board that a model fits, one a comparison: geometric means over its models of edgekd's fraction of
    what others take."""
    means = [(figure, other) for figure in FIGURES for other in OTHERS] + [("m4_cycles", "TFLM")]
    heads = [f"{_TITLES.get(figure, 'M4 cycles').removesuffix(', B')} / {other}" for figure, other in means]
    lines = [
        "| board | core | builds | models | " + " | ".join(heads) + " |",
        "|---|---|---|---:|" + "---:|" * len(heads),
    ]
    for board, there in by_board(rows).items():
        for comparison in COMPARISONS:
            held = sum(_is_measured(ours(row, comparison)) for row in there)
            if not held:
                continue
            cells = [
                _fraction(geometric_mean(ratio(row, other, comparison, figure) for row in there))
                for figure, other in means
            ]
            lines.append(f"| {board} | {there[0]['core']} | {comparison.name} | {held} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def short(rows: Sequence[Row]) -> str:
    """One line a board and model: the fast builds, edgekd's figures and in brackets the fractions of the others'."""
    heads = [f"{_TITLES[figure]} (/ {', / '.join(OTHERS)})" for figure in FIGURES]
    lines = ["| board | model | bakenn's build | " + " | ".join(heads) + " |", "|---|---|---|" + "---:|" * len(heads)]
    for row in rows:
        if _is_measured(ours(row, FAST)):
            ratios = {f: ", ".join(_fraction(ratio(row, other, FAST, f)) for other in OTHERS) for f in FIGURES}
            cells = " | ".join(f"{_own(ours(row, FAST), figure)} ({ratios[figure]})" for figure in FIGURES)
            lines.append(f"| {row['board']} | {row['model']} | {_build(row, FAST)} | {cells} |")
    return "\n".join(lines)


def table(rows: Sequence[Row]) -> str:
    """Two lines a board and model. Behind each figure of another engine, edgekd's as a fraction of it."""
    heads = [f"{_TITLES[figure]}: edgekd | {' | '.join(OTHERS)}" for figure in FIGURES]
    columns = len(FIGURES) * (1 + len(OTHERS))
    lines = [
        "| board | model | builds | bakenn's build | equal to TFLM | " + " | ".join(heads) + " |",
        "|---|---|---|---|---|" + "---:|" * columns,
    ]
    for row in rows:
        for comparison in COMPARISONS:
            figures, where = ours(row, comparison), f"{row['board']} | {row['model']} | {comparison.name}"
            if not _is_measured(figures):
                lines.append(f"| {where} | | {_reason(figures)} |" + " |" * columns)
                continue
            cells = []
            for figure in FIGURES:
                cells.append(_own(figures, figure))
                cells += [_cell(row, other, comparison, figure) for other in OTHERS]
            equal = f"{figures['equal']} of {figures['of']}"
            lines.append(f"| {where} | {_build(row, comparison)} | {equal} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def parts(rows: Sequence[Row]) -> str:
    """Of edgekd alone: instructions per multiply-accumulate, estimated M4 cycles, and what its flash is made of."""
    heads = "instructions a MAC | M4 cycles | weights and biases, B | tables and padding, B | code, B"
    lines = [f"| board | model | edgekd --optimize | {heads} |", "|---|---|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        for optimize, figures in row["edgekd"].items():
            if _is_measured(figures):
                each = f"{figures['instructions'] / row['macs']:.2f}" if "instructions" in figures else "–"
                cycles = f"{figures['m4_cycles']:,}" if "m4_cycles" in figures else "–"
                flash = " | ".join(f"{figures[part]:,}" for part in ("weights", "tables", "code"))
                lines.append(f"| {row['board']} | {row['model']} | {optimize} | {each} | {cycles} | {flash} |")
    return "\n".join(lines)


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


def _is_measured(figures: Figures) -> bool:
    return "flash" in figures


def _reason(figures: Figures) -> str:
    return str(figures.get("refused") or figures["failed"])


def _own(figures: Figures, figure: str) -> str:
    """edgekd's figure; cycles where the emulator counts those and no instructions."""
    return f"{figures[figure]:,}" if figure in figures else f"{figures['cycles']:,} cycles"


def _build(row: Row, comparison: Comparison) -> str:
    build = theirs(row, "bakenn", comparison)
    return f"{build['kernels']} -{build['opt']}" if build else "–"


def _cell(row: Row, other: str, comparison: Comparison, figure: str) -> str:
    value = (theirs(row, other, comparison) or {}).get(figure)
    fraction = ratio(row, other, comparison, figure)
    if value is None:
        return "–"
    return f"{value:,} ({_fraction(fraction)})" if fraction else f"{value:,}"


def _fraction(value: float | None) -> str:
    """Two decimals, three next to 1, where they would not tell which engine takes less."""
    if value is None:
        return "–"
    text = f"{value:.2f}"
    return text if text != "1.00" or value == 1 else f"{value:.3f}"
