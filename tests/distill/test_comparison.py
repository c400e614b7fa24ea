"""Students and controls of several seeds: mean, deviation and a paired t-test, worked by hand."""

from __future__ import annotations

import pytest
from needs import import_needed

import_needed("torch")

from edgekd.distill.comparison import compared  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch


def test_pairs_of_four_seeds() -> None:
    """Differences 1, 2, 3, 2: mean 2, deviation √(2/3), error of the mean √(2/3)/2, t = 2/0.40825 = 4.899, 3 degrees
    of freedom: p 0.0163 and a quantile of 3.1824 in any table."""
    said = compared([91.0, 92.0, 94.0, 93.0], [90.0, 90.0, 91.0, 91.0])
    assert said["student"]["mean"] == 92.5 and said["student"]["deviation"] == pytest.approx(1.29099, rel=1e-5)
    gain = said["difference"]
    assert gain["values"] == [1.0, 2.0, 3.0, 2.0] and gain["mean"] == 2.0
    assert gain["interval_95"] == pytest.approx([2 - 3.18245 * 0.408248, 2 + 3.18245 * 0.408248], rel=1e-5)
    assert gain["p_value"] == pytest.approx(0.01628, rel=1e-3)


def test_one_pair_and_equal_differences_say_what_they_can() -> None:
    one = compared([91.0], [90.0])["difference"]
    assert one["mean"] == 1.0 and one["interval_95"] is None and one["p_value"] is None
    equal = compared([91.0, 92.0], [90.0, 91.0])["difference"]
    assert equal["interval_95"] == [1.0, 1.0] and equal["p_value"] is None
    with pytest.raises(InputError, match="cannot be paired"):
        compared([91.0], [90.0, 91.0])
