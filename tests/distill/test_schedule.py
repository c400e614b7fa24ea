"""The learning rate of the one-cycle schedule."""

from __future__ import annotations

import pytest
from needs import import_needed

import_needed("torch")  # the package of training needs it

from edgekd.distill.schedule import one_cycle  # noqa: E402

pytestmark = pytest.mark.torch


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing() -> None:
    rates = [one_cycle(step, 100, 0.5) for step in range(100)]
    assert max(rates) == pytest.approx(0.5)
    assert rates.index(max(rates)) == 25
    assert sorted(rates[:25]) == rates[:25]
    assert sorted(rates[25:], reverse=True) == rates[25:]
    assert 0 < rates[-1] < 0.002
    # Half-way down the cosine is half of the peak (and half of the floor).
    assert one_cycle(625, 1000, 1.0) == pytest.approx(0.5005)
    assert one_cycle(0, 1, 1.0) > 0
