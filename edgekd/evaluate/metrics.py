"""Figures made of a board's answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.firmware.board import BoardProfile

Z_95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
PERCENTILES = (50, 90, 99)


def confusion_matrix(labels: npt.NDArray[np.int64], answers: npt.NDArray[np.int64], classes: int) -> list[list[int]]:
    """Counts by true class (rows) and answer (columns). labels, answers: (samples,), 0 to classes - 1."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    rows: list[list[int]] = matrix.tolist()
    return rows


def class_figures(confusion: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """For each class its precision, recall and F1, fractions of 1, and support: how many samples are of it.

    A figure that would be a division by zero is None: the precision of a class that was never answered, the recall of
    one without samples, the F1 of one that is neither.
    """
    matrix = np.asarray(confusion, np.int64)
    figures = []
    for index, (hits, answered, support) in enumerate(
        zip(matrix.diagonal().tolist(), matrix.sum(axis=0).tolist(), matrix.sum(axis=1).tolist(), strict=True)
    ):
        figures.append(
            {
                "class": index,
                "precision": hits / answered if answered else None,
                "recall": hits / support if support else None,
                "f1": 2 * hits / (answered + support) if answered + support else None,
                "support": support,
            }
        )
    return figures


def macro_f1(per_class: Sequence[Mapping[str, Any]]) -> float:
    """The mean F1 of the classes that have one. per_class: as `class_figures` gives them."""
    known: list[float] = [row["f1"] for row in per_class if row["f1"] is not None]
    return sum(known) / len(known)


def accuracy_interval(correct: int, samples: int) -> tuple[float, float]:
    """95 % confidence interval of an accuracy, fractions of 1 (Wilson 1927, JASA 22, p. 209)."""
    share, z2 = correct / samples, Z_95 * Z_95 / samples
    middle = share + z2 / 2
    spread = Z_95 * math.sqrt(share * (1 - share) / samples + z2 / samples / 4)
    return (middle - spread) / (1 + z2), (middle + spread) / (1 + z2)


def per_inference(
    ticks: Sequence[int], board: BoardProfile, *, emulated: bool | None, prefetched: bool = False
) -> dict[str, Any]:
    """Mean time of an inference from the board's counter; what the counter does not tell is None.

    ticks: of each inference. emulated: QEMU counts instructions, exact to a tick; simavr cycles; a real board cycles of
    its core, or time. None: it may be either, and ticks are all there is to say. prefetched: the next samples came in
    meanwhile, and receiving them is part of it; `source` says so. `minimum`, `maximum` and the
    percentiles (the smallest measured value that so many percent do not exceed) are in the unit that `source` names.
    """
    mean = sum(ticks) / len(ticks)
    instructions = cycles = micros = None
    unit = 1.0
    if emulated is None:
        source = "ticks of the board's timer; whether board or emulator, the port does not tell"
    elif emulated and board.emulator and board.emulator.instructions_per_tick is not None:
        unit = board.emulator.instructions_per_tick
        instructions = round(mean * unit)
        source = f"instructions counted by {board.emulator.program} -icount shift=0, {unit:g} a tick of the timer"
    elif emulated:
        assert board.emulator is not None and board.timer.cycles_per_tick is not None
        unit = float(board.timer.cycles_per_tick)
        cycles = round(mean * unit)
        source = f"cycles counted by the board's timer in {board.emulator.program}, {unit:g} a tick"
    else:
        micros = 1e6 * mean / board.timer.tick_hz
        if board.timer.cycles_per_tick is not None:
            unit = float(board.timer.cycles_per_tick)
            cycles = round(mean * unit)
            source = f"cycles of the board's timer at {board.timer.tick_hz} Hz, {unit:g} a tick"
        else:
            unit = 1e6 / board.timer.tick_hz
            source = f"microseconds of the board's timer at {board.timer.tick_hz} Hz"
    if prefetched:
        source += "; receiving the next samples meanwhile included"
    return {
        "instructions": instructions,
        "cycles": cycles,
        "micros": micros,
        "source": source,
        "minimum": round(min(ticks) * unit),
        **{f"p{percent}": round(_percentile(ticks, percent) * unit) for percent in PERCENTILES},
        "maximum": round(max(ticks) * unit),
    }


def _percentile(ticks: Sequence[int], percent: int) -> int:
    return int(np.percentile(ticks, percent, method="inverted_cdf"))
