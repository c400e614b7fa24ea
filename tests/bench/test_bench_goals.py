"""Whether a record reaches the goals."""

from __future__ import annotations

from typing import Any

import pytest
from engine_bench.goals import check, listing


def row(model: str, instructions: int, *, core: str = "cortex-m4", code: int = 500) -> dict[str, Any]:
    figures = {"instructions": instructions, "m4_cycles": 50, "flash": 1000 + code, "ram": 50, "equal": 5, "of": 5}
    recorded = {"instructions": 100, "m4_cycles": 100, "flash": 10_000, "ram": 100}
    made = {"board": f"board-{core}", "core": core, "model": model, "macs": 10, "tflm": {"builds": {"O3": recorded}}}
    return {**made, "edgekd": {"balanced": {**figures, "weights": 1000, "tables": 0, "code": code}}}


def found(rows: list[dict[str, Any]], models: list[str], text: str) -> tuple[float | None, bool | None]:
    (outcome,) = [outcome for outcome in check(rows, models) if outcome.text.startswith(text)]
    return outcome.value, outcome.holds


def test_a_mean_that_holds_does_not_hide_the_worst_model() -> None:
    rows = [row("a", 20), row("b", 80)]
    assert found(rows, ["a", "b"], "instructions / TFLM, mean <= 0.48") == (0.4, True)
    assert found(rows, ["a", "b"], "instructions / TFLM, each <= 0.65") == (0.8, False)


def test_a_model_without_figures_leaves_a_goal_open() -> None:
    assert found([row("a", 20)], ["a", "b"], "instructions / TFLM, mean <= 0.48")[1] is None
    assert found([], ["a"], "ram / TFLM") == (None, None)


def test_wrong_outputs_count_for_nothing() -> None:
    wrong = row("a", 20)
    wrong["edgekd"]["balanced"]["equal"] = 4
    assert found([wrong], ["a"], "flash / TFLM") == (None, None)


def test_instructions_per_multiply_accumulate_and_bytes() -> None:
    rows = [row("a", 20, core="rv32imc", code=14_001), row("b", 45, core="rv32imc")]
    value, holds = found(rows, ["a", "b"], "instructions a MAC, mean <= 3.20")
    assert (value, holds) == (pytest.approx(3.0), True)
    assert found(rows, ["a", "b"], "code") == (14_001, False)
    assert found(rows, ["a", "b"], "flash beyond") == (14_001, True)


@pytest.mark.parametrize(("ram", "holds"), [(12_000, True), (12_001, False)])
def test_a_goal_for_one_model(ram: int, holds: bool) -> None:
    rows = [row("kws", 20), row("other", 20)]
    rows[0]["edgekd"]["balanced"]["ram"] = ram
    rows[1]["edgekd"]["balanced"]["ram"] = 100_000
    assert found(rows, ["kws", "other"], "kws: ram, each <= 12,000") == (ram, holds)
    assert not [outcome for outcome in check(rows[1:], ["other"]) if "kws" in outcome.text]


@pytest.mark.parametrize(("theirs", "holds"), [(101, True), (100, False), (99, False)])
@pytest.mark.parametrize("figure", ["instructions", "flash", "ram"])
def test_ahead_of_bakenn_is_less_than_its_fastest_build_takes(figure: str, theirs: int, holds: bool) -> None:
    """Of the same file, the one derived for it; a build that takes more instructions or is wrong is nobody's mark."""
    ours = {"instructions": 10, "flash": 10, "ram": 10, "equal": 5, "of": 5}
    fastest = {"instructions": 20, "flash": 20, "ram": 20, "equal": 3, "of": 3}
    slower = {"instructions": 300, "flash": 1, "ram": 1, "equal": 3, "of": 3}
    wrong = {"instructions": 1, "flash": 1, "ram": 1, "equal": 2, "of": 3}
    made = row("a", 20)
    made["derived"] = {
        "edgekd": {"balanced": {**ours, figure: 100}},
        "bakenn": [slower, {**fastest, figure: theirs}, wrong],
    }
    assert found([made], ["a"], f"{figure} / bakenn, each < 1.00") == (pytest.approx(100 / theirs), holds)


def test_the_listing_says_what_is_missed_and_what_is_open() -> None:
    lines = listing(check([row("a", 20, code=15_000)], ["a"])).splitlines()
    assert "| code, each <= 14,000 | board-cortex-m4 | 15,000 | worst of 1: a | MISSED |" in lines
    assert "| instructions / TFLM, mean <= 0.48 | board-cortex-m4 | 0.20 | a | holds |" in lines
    assert "| instructions a MAC, mean <= 3.20 | rv32imc | – |  | not measured |" in lines
