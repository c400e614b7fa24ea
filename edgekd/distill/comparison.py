"""Students and controls of several seeds, held against each other."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from edgekd.errors import InputError


def compared(student: Sequence[float], control: Sequence[float]) -> dict[str, Any]:
    """Scores (accuracies in percent, AUC), pair by pair of one seed; JSON values.

    student, control: `mean` and `deviation` (of a sample, n - 1). difference: mean and deviation of the pairs'
    differences, their interval at 95 % and the p-value of a paired t-test (two-sided: that both do as well,
    differences normally distributed); these two are null for one pair, and p is null when all differences are equal.
    Raises InputError when there are not as many of both.
    """
    if len(student) != len(control) or not student:
        raise InputError(f"{len(student)} students and {len(control)} controls cannot be paired")
    differences = [a - b for a, b in zip(student, control, strict=True)]
    paired = {**_spread(differences), "interval_95": None, "p_value": None, "test": "paired t-test"}
    if len(differences) > 1:
        from scipy import stats

        error = statistics.stdev(differences) / len(differences) ** 0.5
        reach = float(stats.t.ppf(0.975, len(differences) - 1)) * error
        mean = statistics.fmean(differences)
        paired["interval_95"] = [mean - reach, mean + reach]
        if error > 0:
            paired["p_value"] = float(stats.ttest_rel(student, control).pvalue)
    return {"student": _spread(student), "control": _spread(control), "difference": paired}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"values": list(values), "mean": statistics.fmean(values), "deviation": deviation}
