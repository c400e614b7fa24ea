"""Small cases of scripts/check_link storm and line-use."""

from __future__ import annotations

from pathlib import Path

import pytest
from link_checks import line_use, storm

pytestmark = pytest.mark.cc

FAST = 4_000_000  # baud: it is not time that is looked at


def test_a_small_storm_leaves_every_result_right(toy_board: Path) -> None:
    result = storm.run(toy_board, inferences=300, one_in=700, restarts=2, seed=3)
    assert storm.is_good(result)
    assert (result["right"], result["missing"], result["restarts_made"]) == (300, 0, 2)
    assert result["link"]["damaged"] > 0 and result["link"]["restarts"] == 2


def test_a_wrong_or_missing_result_is_not_good(toy_board: Path) -> None:
    good = storm.run(toy_board, inferences=10, one_in=1_000_000, restarts=0, seed=3)
    assert storm.is_good(good)
    assert not storm.is_good({**good, "right": 9, "wrong": 1})
    assert not storm.is_good({**good, "right": 9, "missing": 1})
    assert not storm.is_good({**good, "out_of_order": 1})


@pytest.mark.parametrize("case", line_use.CASES, ids=lambda case: case.name)
def test_what_is_sent_beside_the_samples_leaves_the_line_to_them(case: line_use.Case, tmp_path: Path) -> None:
    with line_use.host_board(case, FAST, tmp_path) as proxy:
        row = line_use.measure(proxy.url, FAST, samples=8)
    assert row["bytes_of_a_sample"] == case.bytes
    assert 0 < row["bytes_sent_beside_samples"] < 1 / case.goal - 1
