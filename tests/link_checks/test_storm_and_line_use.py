"""Small cases of scripts/check_link storm and line-use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from link_checks import line_use, storm
from link_checks.record import save
from link_checks.storm_boards import emulated_subject, host_subject

from edgekd.errors import InputError

pytestmark = pytest.mark.cc

FAST = 4_000_000  # baud: it is not time that is looked at


def test_a_small_storm_leaves_every_result_right(toy_board: Path) -> None:
    result = storm.run(host_subject(toy_board), inferences=300, one_in=700, restarts=2, seed=3)
    assert storm.is_good(result)
    assert (result["right"], result["missing"], result["restarts_made"]) == (300, 0, 2)
    assert result["link"]["damaged"] > 0 and result["link"]["restarts"] == 2


def test_a_wrong_or_missing_result_is_not_good(toy_board: Path) -> None:
    good = storm.run(host_subject(toy_board), inferences=10, one_in=1_000_000, restarts=0, seed=3)
    assert storm.is_good(good)
    assert not storm.is_good({**good, "right": 9, "wrong": 1})
    assert not storm.is_good({**good, "right": 9, "missing": 1})
    assert not storm.is_good({**good, "out_of_order": 1})


def test_no_inference_begins_after_the_time_is_over(toy_board: Path) -> None:
    result = storm.run(host_subject(toy_board), inferences=10, one_in=1_000_000, restarts=0, seed=3, seconds=0)
    assert (result["inferences"], result["missing"]) == (0, 0)
    assert not storm.is_good(result)


@pytest.mark.emulated
def test_an_emulated_board_is_restarted_in_a_storm_and_answers_as_the_oracle(tmp_path: Path) -> None:
    subject = emulated_subject("mps2-an386", tmp_path, inferences=150, seed=3)
    result = storm.run(subject, inferences=150, one_in=1000, restarts=2, seed=3)
    assert storm.is_good(result)
    assert (result["right"], result["restarts_made"], result["link"]["restarts"]) == (150, 2, 2)
    assert result["link"]["damaged"] > 0


def test_a_board_without_a_monitor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no reset button"):
        emulated_subject("mega2560", tmp_path, inferences=1, seed=1)


def test_the_record_of_another_board_stays(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    for key, value in (("one", 1), ("other", 2), ("one", 3)):
        save(out, {"command": key}, {"value": value}, key=key)
    kept = json.loads(out.read_text())
    assert {key: record["result"]["value"] for key, record in kept.items()} == {"one": 3, "other": 2}


@pytest.mark.parametrize("case", line_use.CASES, ids=lambda case: case.name)
def test_what_is_sent_beside_the_samples_leaves_the_line_to_them(case: line_use.Case, tmp_path: Path) -> None:
    with line_use.host_board(case, FAST, tmp_path) as proxy:
        row = line_use.measure(proxy.url, FAST, samples=8)
    assert row["bytes_of_a_sample"] == case.bytes
    assert 0 < row["bytes_sent_beside_samples"] < 1 / case.goal - 1
