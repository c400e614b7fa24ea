"""How well a score tells two kinds of samples apart: the area under the ROC curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.evaluate.metrics import Z_95

Scores = npt.NDArray[np.floating[Any]]


def area_under_curve(normal: Scores, anomalous: Scores) -> tuple[float, tuple[float, float] | None]:
    """The chance that an anomalous sample scores above a normal one (a tie counts half), and its 95 % interval.

    normal, anomalous: finite scores, (samples,), one at least of each. The variance is DeLong's (1988, Biometrics 44,
    p. 837), by ranks (Sun and Xu 2014, IEEE Signal Processing Letters 21, p. 1389); the interval is symmetric in
    log(area / (1 - area)), so that it stays within 0 and 1. None where the samples give no variance: fewer than two of
    a kind, an area of 0 or 1, or scores that are all the same.
    """
    m, n = len(anomalous), len(normal)
    together = _ranks(np.concatenate([anomalous, normal]))
    below = (together[:m] - _ranks(anomalous)) / n  # for each anomalous sample, the share of normal ones below it
    above = 1 - (together[m:] - _ranks(normal)) / m  # for each normal sample, the share of anomalous ones above it
    area = float(below.mean())
    if m < 2 or n < 2 or not 0 < area < 1:
        return area, None
    variance = below.var(ddof=1) / m + above.var(ddof=1) / n
    if variance == 0:
        return area, None
    middle, spread = math.log(area / (1 - area)), Z_95 * math.sqrt(variance) / (area * (1 - area))
    return area, (_logistic(middle - spread), _logistic(middle + spread))


def _ranks(values: Scores) -> npt.NDArray[np.float64]:
    """Places in ascending order from 1; equal values share the mean of theirs."""
    _, kind, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: npt.NDArray[np.float64] = (last - (counts - 1) / 2)[kind]
    return ranks


def _logistic(value: float) -> float:
    return 0.5 * (1 + math.tanh(value / 2))
