"""Which build stands beside which, and what the one takes as a fraction of the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OTHERS = ("TFLM", "bakenn")

Row = Mapping[str, Any]
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """One build of each engine side by side; all figures of an engine are those of that one build.

    edgekd: its --optimize. tflm: the level of GCC's -O of TensorFlow Lite Micro with CMSIS-NN. bakenn: the figure that
    its build has the least of, among the builds for the board whose outputs are all right.
    """

    name: str
    edgekd: str
    tflm: str
    bakenn: str


FAST = Comparison("fast", edgekd="balanced", tflm="O3", bakenn="instructions")
SMALL = Comparison("small", edgekd="flash", tflm="Os", bakenn="flash")
COMPARISONS = (FAST, SMALL)


def ours(row: Row, comparison: Comparison) -> Figures:
    """edgekd's build for the file itself; has no figures but "refused" or "failed" when it is not there."""
    figures: Figures = row["edgekd"][comparison.edgekd]
    return figures


def theirs(row: Row, other: str, comparison: Comparison) -> Figures | None:
    """The other engine's build, None when there is none."""
    if other == "TFLM":
        recorded: Figures | None = ((row.get("tflm") or {}).get("builds") or {}).get(comparison.tflm)
        return recorded
    builds = (row.get("derived") or {}).get("bakenn", [])
    right = [build for build in builds if is_right(build) and comparison.bakenn in build]
    return min(right, key=lambda build: (build[comparison.bakenn], build["flash"]), default=None)


def ratio(row: Row, other: str, comparison: Comparison, figure: str) -> float | None:
    """edgekd's figure as a fraction of the other engine's, for the same file: bakenn's is the one derived for it.

    None where either has no figure, or edgekd's outputs are wrong.
    """
    beside = theirs(row, other, comparison)
    if beside is None:
        return None
    edgekd = ours(row, comparison) if other == "TFLM" else row["derived"]["edgekd"][comparison.edgekd]
    return edgekd[figure] / beside[figure] if is_right(edgekd) and figure in edgekd and beside.get(figure) else None


def is_right(figures: Figures) -> bool:
    """A build that was measured and whose outputs are all TensorFlow Lite Micro's."""
    return "of" in figures and bool(figures["equal"] == figures["of"])


def geometric_mean(ratios: Iterable[float | None]) -> float | None:
    """Of those that are there."""
    there = [value for value in ratios if value is not None]
    return math.exp(sum(map(math.log, there)) / len(there)) if there else None


def by_board(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by the name of their board."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["board"], []).append(row)
    return found
