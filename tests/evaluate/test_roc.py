from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekd.evaluate.roc import area_under_curve

SCORES = st.lists(st.integers(0, 9), min_size=1, max_size=12)  # small numbers, so that many tie


def by_pairs(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """DeLong's variance by its definition, pair by pair."""
    wins = (anomalous[:, None] > normal) + 0.5 * (anomalous[:, None] == normal)
    of_anomalous, of_normal = wins.mean(axis=1), wins.mean(axis=0)
    return float(of_anomalous.var(ddof=1) / len(anomalous) + of_normal.var(ddof=1) / len(normal))


def test_four_samples_worked_by_hand() -> None:
    # Pairs (anomalous, normal): (2, 1) won, (2, 3) lost, (4, 1) won, (4, 3) won
    area, interval = area_under_curve(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    assert area == 0.75
    # The anomalous win 1/2 and 1 of their pairs, against the normal ones 1 and 1/2: variance 1/8 each, halved, added.
    spread = 1.959963984540054 * math.sqrt(0.125) / (0.75 * 0.25)
    low, high = (1 / (1 + math.exp(-(math.log(3) + sign * spread))) for sign in (-1, 1))
    assert interval == pytest.approx((low, high))


@given(normal=SCORES, anomalous=SCORES)
def test_ranks_give_what_pairs_give(normal: list[int], anomalous: list[int]) -> None:
    a, b = np.array(normal, np.float64), np.array(anomalous, np.float64)
    area, interval = area_under_curve(a, b)
    assert area == pytest.approx(((b[:, None] > a) + 0.5 * (b[:, None] == a)).mean())
    if min(len(a), len(b)) < 2 or not 0 < area < 1:
        assert interval is None
        return
    variance = by_pairs(a, b)
    if interval is None:
        assert variance == pytest.approx(0)
        return
    assert interval[0] <= area <= interval[1]
    if not 1e-6 < interval[0] < interval[1] < 1 - 1e-6:
        return  # too near to the ends for the way back from them
    low, high = (2 * math.atanh(2 * bound - 1) for bound in interval)
    assert (high - low) / 2 == pytest.approx(1.959963984540054 * math.sqrt(variance) / (area * (1 - area)), rel=1e-4)


def test_without_any_variance_there_is_no_interval() -> None:
    assert area_under_curve(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == (1.0, None)
    assert area_under_curve(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == (0.0, None)
    assert area_under_curve(np.zeros(5), np.zeros(5)) == (0.5, None)
    assert area_under_curve(np.array([1.0]), np.array([0.0, 2.0])) == (0.5, None)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    truth = 0.5 * (1 + math.erf(1 / 2))  # two normal distributions one deviation apart: Phi(1 / sqrt 2)
    covered = 0
    for _ in range(1000):
        _, interval = area_under_curve(random.normal(0, 1, 40), random.normal(1, 1, 60))
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    assert 930 <= covered <= 975  # 95 % within three deviations
