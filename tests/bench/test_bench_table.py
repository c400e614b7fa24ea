"""Recorded figures, ratios, tables, and what counts as a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_bench.measure import failures
from engine_bench.table import best, cycles, geometric_mean, notes, ratio, short, summary, table
from engine_bench.tflm import recorded

BASELINE = Path(__file__).resolve().parents[2] / "scripts" / "results" / "tflm_baseline.json"
FILE = {"sha256": "aa", "macs": 100}


def recorded_row(core: str, engine: str, instructions: int, flash: int, stack: int) -> dict[str, Any]:
    made = {"model": "kws", "core": core, "engine": engine, "opt": "O3", "ram": 20}
    return {**made, "instructions": instructions, "flash": flash, "stack": stack}


RECORD: dict[str, Any] = {
    "m4_cycles": {"engine": "fast", "opt": "O3", "rows": [{"model": "kws", "cycles_est": 400}]},
    "models": {"kws": FILE, "other": {"sha256": "bb", "macs": 7}},
    "rows": [
        recorded_row("cortex-m4", "fast", 300, flash=90, stack=8),
        recorded_row("cortex-m4", "small", 900, flash=60, stack=4),
        recorded_row("cortex-m3", "fast", 1, flash=1, stack=1),
    ],
}


def figures(instructions: int, flash: int = 10, ram: int = 10, stack: int = 10, equal: int = 3) -> dict[str, Any]:
    return {"instructions": instructions, "flash": flash, "ram": ram, "stack": stack, "equal": equal, "of": 3}


def row(**changes: Any) -> dict[str, Any]:
    derived = {"edgekd": figures(100), "bakenn": [{"kernels": "portable", **figures(400, flash=5)}]}
    made = {"board": "b1", "core": "cortex-m4", "model": "kws", "edgekd": figures(150), "derived": derived}
    return {**made, "tflm": recorded(RECORD, FILE, "cortex-m4"), **changes}


def test_the_best_of_each_recorded_figure_says_where_it_comes_from() -> None:
    found = recorded(RECORD, FILE, "cortex-m4")
    assert found is not None
    assert found["matched_by"] == "sha256"
    assert found["instructions"] == {"value": 300, "engine": "fast", "opt": "O3"}
    assert found["flash"] == {"value": 60, "engine": "small", "opt": "O3"}
    assert found["stack"]["value"] == 4


def test_the_same_network_with_other_weights_has_instructions_alone() -> None:
    found = recorded(RECORD, {"sha256": "new", "macs": 100}, "cortex-m4")
    assert found is not None
    assert found.pop("matched_by") == "macs"
    assert found.pop("instructions") == {"value": 300, "engine": "fast", "opt": "O3"}
    assert found.pop("m4_cycles") == {"value": 400, "engine": "fast", "opt": "O3"}
    assert found == {}


def test_cycles_are_those_of_a_cortex_m4() -> None:
    assert "m4_cycles" not in (recorded(RECORD, FILE, "cortex-m3") or {})
    estimated = row(edgekd={**figures(150), "m4_cycles": 200})
    assert cycles([estimated, row()]).splitlines()[2:] == ["| b1 | kws | 200 | 400 (2.00×) |"]
    assert cycles([row()]) == ""


@pytest.mark.parametrize(("facts", "core"), [({"sha256": "new", "macs": 1}, "cortex-m4"), (FILE, "rv32imc")])
def test_nothing_recorded_is_none(facts: dict[str, Any], core: str) -> None:
    assert recorded(RECORD, facts, core) is None


def test_the_committed_record_has_every_model_on_every_core() -> None:
    baseline = json.loads(BASELINE.read_text())
    for facts in baseline["models"].values():
        for core in baseline["boards"]:
            found = recorded(baseline, facts, core)
            assert found is not None and found["matched_by"] == "sha256"
            assert found["flash"]["value"] > facts["bytes"]
            assert found["instructions"]["engine"] == "tflm_cmsisnn_int8"


def test_ratios_are_of_the_same_file() -> None:
    assert ratio(row(), "TFLM", "instructions") == 300 / 150
    assert ratio(row(), "bakenn", "instructions") == 400 / 100
    assert ratio(row(tflm=None), "TFLM", "instructions") is None
    assert ratio(row(edgekd={"refused": "too large"}), "TFLM", "instructions") is None
    assert ratio(row(derived=None), "bakenn", "instructions") is None


def test_builds_with_wrong_outputs_do_not_count() -> None:
    builds = [figures(1, equal=2), figures(50), {"refused": "no"}, figures(70, flash=2)]
    measured = row(derived={"edgekd": figures(100), "bakenn": builds})
    assert best(measured, "bakenn", "instructions") == 50
    assert best(measured, "bakenn", "flash") == 2
    assert notes([measured]).splitlines() == [
        "bakenn, kws on b1: no",
        "bakenn, kws on b1: 1 builds of 4 left out: their outputs differ",
    ]


def test_a_core_without_builds_is_noted() -> None:
    assert (
        notes([row(derived={"edgekd": figures(1), "bakenn": []})]) == "bakenn, kws on b1: has no target for cortex-m4"
    )


def test_geometric_means_skip_what_is_not_there() -> None:
    assert geometric_mean([2.0, None, 8.0]) == pytest.approx(4.0)
    assert geometric_mean([None]) is None


def test_the_tables() -> None:
    rows = [
        row(),
        row(model="ic", edgekd=figures(75)),
        row(model="vww", edgekd={"refused": "needs 2 MB"}, derived=None),
    ]
    lines = table(rows).splitlines()
    assert lines[2].startswith("| b1 | kws | 3 of 3 | 150 | 300 (2.00×) | 400 (4.00×) | 10 | 60 (6.00×) | 5 (0.50×) |")
    assert lines[4].startswith("| b1 | vww | needs 2 MB |")
    assert len({line.count("|") for line in lines}) == 1
    assert short(rows).splitlines()[2:] == [
        "| b1 | kws | 150 (2.00×, 4.00×) | 10 (6.00×, 0.50×) | 10 (2.00×, 1.00×) | 10 (0.40×, 1.00×) |",
        "| b1 | ic | 75 (4.00×, 4.00×) | 10 (6.00×, 0.50×) | 10 (2.00×, 1.00×) | 10 (0.40×, 1.00×) |",
    ]
    heads, dashes, board = summary(rows).splitlines()
    assert heads.count("|") == dashes.count("|") == board.count("|")
    assert board.startswith("| b1 | cortex-m4 | 2 | 2.83× | 4.00× |")


def test_a_board_that_counts_cycles_has_no_instructions_to_compare() -> None:
    ours = {name: value for name, value in figures(1).items() if name != "instructions"}
    measured = row(edgekd={**ours, "cycles": 1234}, derived=None)
    assert "| 3 of 3 | 1,234 cycles | 300 | – | 10 |" in table([measured])
    assert short([measured]).splitlines()[2].startswith("| b1 | kws | 1,234 cycles (–, –) | 10 (6.00×, –) |")


def test_what_is_wrong_with_edgekd_is_a_failure_and_a_model_too_large_is_not() -> None:
    fine = row(
        edgekd={"refused": "too large"}, derived={"edgekd": {"refused": "too large"}, "bakenn": [figures(1, equal=0)]}
    )
    assert failures([row(), fine]) == []
    wrong = row(derived={"edgekd": figures(1, equal=2), "bakenn": []})
    broken = row(edgekd={"failed": "no compiler"}, derived=None)
    assert failures([wrong, broken]) == [
        "derived kws on b1: 2 of 3 outputs equal TensorFlow Lite Micro's",
        "kws on b1: no compiler",
    ]
