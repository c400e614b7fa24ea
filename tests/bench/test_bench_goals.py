"""Whether a record reaches the goals."""

from __future__ import annotations

from typing import Any

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
    rows = [row("a", 31, core="rv32imc", code=14_001)]
    assert found(rows, ["a"], "instructions a MAC") == (3.1, True)
    assert found(rows, ["a"], "code") == (14_001, False)
    assert found(rows, ["a"], "flash beyond") == (14_001, True)


def test_the_listing_says_what_is_missed_and_what_is_open() -> None:
    lines = listing(check([row("a", 20, code=15_000)], ["a"])).splitlines()
    assert "| code, each <= 14,000 | board-cortex-m4 | 15,000 | worst of 1: a | MISSED |" in lines
    assert "| instructions / TFLM, mean <= 0.48 | board-cortex-m4 | 0.20 | a | holds |" in lines
    assert "| instructions a MAC, each <= 3.20 | rv32imc | – |  | not measured |" in lines
