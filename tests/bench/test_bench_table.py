"""Recorded figures, which build stands beside which, tables, and what counts as a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_bench.compare import FAST, SMALL, geometric_mean, ratio, theirs
from engine_bench.measure import failures
from engine_bench.table import notes, parts, short, summary, table
from engine_bench.tflm import recorded

BASELINE = Path(__file__).resolve().parents[2] / "scripts" / "results" / "tflm_baseline.json"
FILE = {"sha256": "aa", "macs": 100}


def recorded_row(core: str, engine: str, opt: str, instructions: int, flash: int) -> dict[str, Any]:
    made = {"model": "kws", "core": core, "engine": engine, "opt": opt, "ram": 20, "stack": 8}
    return {**made, "instructions": instructions, "flash": flash}


RECORD: dict[str, Any] = {
    "m4_cycles": {"engine": "tflm_cmsisnn_int8", "opt": "O3", "rows": [{"model": "kws", "cycles_est": 400}]},
    "models": {"kws": FILE, "other": {"sha256": "bb", "macs": 7}},
    "rows": [
        recorded_row("cortex-m4", "tflm_cmsisnn_int8", "O3", 300, flash=90),
        recorded_row("cortex-m4", "tflm_cmsisnn_int8", "Os", 600, flash=80),
        recorded_row("cortex-m4", "tflm_ref", "O3", 900, flash=60),
        recorded_row("cortex-m3", "tflm_cmsisnn_int8", "O3", 1, flash=1),
    ],
}


def figures(instructions: int, flash: int = 10, ram: int = 10, stack: int = 10, equal: int = 3) -> dict[str, Any]:
    return {"instructions": instructions, "flash": flash, "ram": ram, "stack": stack, "equal": equal, "of": 3}


def bakenn(kernels: str, opt: str, **measured: Any) -> dict[str, Any]:
    return {"kernels": kernels, "opt": opt, **measured}


def edgekd(fast: dict[str, Any], small: dict[str, Any] | None = None) -> dict[str, Any]:
    split = {"weights": 6, "tables": 1, "code": 3}
    return {"balanced": {**split, **fast}, "flash": {**split, **(small or fast)}}


def row(**changes: Any) -> dict[str, Any]:
    builds = [
        bakenn("cmsis-nn", "O3", **figures(400, flash=50)),
        bakenn("portable", "Os", **figures(800, flash=5, ram=20)),
    ]
    derived = {"edgekd": edgekd(figures(100), figures(200)), "bakenn": builds}
    made = {"board": "b1", "core": "cortex-m4", "model": "kws", "macs": 100, "derived": derived}
    made["edgekd"] = edgekd(figures(150), figures(300))
    return {**made, "tflm": recorded(RECORD, FILE, "cortex-m4"), **changes}


def test_each_recorded_build_keeps_its_own_figures() -> None:
    found = recorded(RECORD, FILE, "cortex-m4")
    assert found is not None
    assert found["matched_by"] == "sha256"
    assert found["builds"]["O3"] == {"instructions": 300, "flash": 90, "ram": 20, "stack": 8, "m4_cycles": 400}
    assert found["builds"]["Os"] == {"instructions": 600, "flash": 80, "ram": 20, "stack": 8}


def test_the_same_network_with_other_weights_has_no_sizes() -> None:
    found = recorded(RECORD, {"sha256": "new", "macs": 100}, "cortex-m4")
    assert found is not None
    assert found["matched_by"] == "macs"
    assert found["builds"] == {"O3": {"instructions": 300, "m4_cycles": 400}, "Os": {"instructions": 600}}


def test_cycles_are_those_of_a_cortex_m4() -> None:
    found = recorded(RECORD, FILE, "cortex-m3")
    assert found is not None and "m4_cycles" not in found["builds"]["O3"]


@pytest.mark.parametrize(("facts", "core"), [({"sha256": "new", "macs": 1}, "cortex-m4"), (FILE, "rv32imc")])
def test_nothing_recorded_is_none(facts: dict[str, Any], core: str) -> None:
    assert recorded(RECORD, facts, core) is None


def test_the_committed_record_has_every_model_on_every_core() -> None:
    baseline = json.loads(BASELINE.read_text())
    for facts in baseline["models"].values():
        for core in baseline["boards"]:
            found = recorded(baseline, facts, core)
            assert found is not None and found["matched_by"] == "sha256"
            assert {FAST.tflm, SMALL.tflm} <= found["builds"].keys()
            assert found["builds"][FAST.tflm]["flash"] > facts["bytes"]


def test_all_figures_are_of_one_build() -> None:
    fast, small = theirs(row(), "bakenn", FAST), theirs(row(), "bakenn", SMALL)
    assert fast is not None and (fast["instructions"], fast["flash"], fast["ram"]) == (400, 50, 10)
    assert small is not None and (small["instructions"], small["flash"], small["ram"]) == (800, 5, 20)
    assert theirs(row(), "TFLM", SMALL) == {"instructions": 600, "flash": 80, "ram": 20, "stack": 8}


def test_ratios_are_of_the_same_file() -> None:
    assert ratio(row(), "TFLM", FAST, "instructions") == 150 / 300
    assert ratio(row(), "TFLM", SMALL, "instructions") == 300 / 600
    assert ratio(row(), "bakenn", FAST, "instructions") == 100 / 400
    assert ratio(row(), "bakenn", SMALL, "ram") == 10 / 20
    assert ratio(row(tflm=None), "TFLM", FAST, "instructions") is None
    assert ratio(row(edgekd=edgekd({"refused": "too large"})), "TFLM", FAST, "instructions") is None
    assert ratio(row(derived=None), "bakenn", FAST, "instructions") is None


def test_builds_with_wrong_outputs_do_not_count() -> None:
    builds = [figures(1, equal=2), figures(50), {"refused": "no"}, figures(70, flash=2)]
    measured = row(derived={"edgekd": edgekd(figures(100)), "bakenn": builds})
    assert theirs(measured, "bakenn", FAST) == figures(50)
    assert theirs(measured, "bakenn", SMALL) == figures(70, flash=2)
    assert notes([measured]).splitlines() == [
        "bakenn, kws on b1: no",
        "bakenn, kws on b1: 1 builds of 4 left out: their outputs differ",
    ]
    assert ratio(row(edgekd=edgekd(figures(1, equal=2))), "TFLM", FAST, "instructions") is None


def test_a_core_without_builds_is_noted() -> None:
    measured = row(derived={"edgekd": edgekd(figures(1)), "bakenn": []})
    assert notes([measured]) == "bakenn, kws on b1: has no target for cortex-m4"


def test_geometric_means_skip_what_is_not_there() -> None:
    assert geometric_mean([2.0, None, 8.0]) == pytest.approx(4.0)
    assert geometric_mean([None]) is None


@pytest.mark.parametrize(("ours", "text"), [(998, "0.998"), (1003, "1.003"), (1000, "1.00"), (994, "0.99")])
def test_a_fraction_next_to_1_says_on_which_side_it_is(ours: int, text: str) -> None:
    builds = [bakenn("cmsis-nn", "O3", **figures(1000))]
    measured = row(derived={"edgekd": edgekd(figures(ours)), "bakenn": builds})
    assert f"| 150 (0.50, {text}) |" in short([measured])


def test_the_tables() -> None:
    rows = [
        row(),
        row(model="ic", edgekd=edgekd(figures(75))),
        row(model="vww", edgekd=edgekd({"refused": "needs 2 MB"}), derived=None),
    ]
    lines = table(rows).splitlines()
    assert lines[2].startswith("| b1 | kws | fast | cmsis-nn -O3 | 3 of 3 | 150 | 300 (0.50) | 400 (0.25) | 10 |")
    assert lines[3].startswith("| b1 | kws | small | portable -Os | 3 of 3 | 300 | 600 (0.50) | 800 (0.25) | 10 |")
    assert lines[6].startswith("| b1 | vww | fast | | needs 2 MB |")
    assert len({line.count("|") for line in lines}) == 1
    assert short(rows).splitlines()[2:] == [
        "| b1 | kws | cmsis-nn -O3 | 150 (0.50, 0.25) | 10 (0.11, 0.20) | 10 (0.50, 1.00) | 10 (1.25, 1.00) |",
        "| b1 | ic | cmsis-nn -O3 | 75 (0.25, 0.25) | 10 (0.11, 0.20) | 10 (0.50, 1.00) | 10 (1.25, 1.00) |",
    ]
    heads, dashes, fast, small = summary(rows).splitlines()
    assert len({line.count("|") for line in (heads, dashes, fast, small)}) == 1
    assert fast.startswith("| b1 | cortex-m4 | fast | 2 | 0.35 | 0.25 |")
    assert small.startswith("| b1 | cortex-m4 | small | 2 | 0.25 | 0.25 |")


def test_what_flash_is_made_of() -> None:
    estimated = row(edgekd=edgekd({**figures(150), "m4_cycles": 200}))
    assert parts([estimated]).splitlines()[2] == "| b1 | kws | balanced | 1.50 | 200 | 6 | 1 | 3 |"


def test_a_board_that_counts_cycles_has_no_instructions_to_compare() -> None:
    counted = {name: value for name, value in figures(1).items() if name != "instructions"}
    measured = row(edgekd=edgekd({**counted, "cycles": 1234}), derived=None)
    assert "| 3 of 3 | 1,234 cycles | 300 | – | 10 |" in table([measured])
    assert short([measured]).splitlines()[2].startswith("| b1 | kws | – | 1,234 cycles (–, –) | 10 (0.11, –) |")


def test_what_is_wrong_with_edgekd_is_a_failure_and_a_model_too_large_is_not() -> None:
    large = edgekd({"refused": "too large"})
    assert failures([row(), row(edgekd=large, derived={"edgekd": large, "bakenn": [figures(1, equal=0)]})]) == []
    wrong = row(derived={"edgekd": edgekd(figures(1), figures(1, equal=2)), "bakenn": []})
    broken = row(edgekd=edgekd({"failed": "no compiler"}, figures(1)), derived=None)
    assert failures([wrong, broken]) == [
        "derived kws on b1, --optimize flash: 2 of 3 outputs equal TensorFlow Lite Micro's",
        "kws on b1, --optimize balanced: no compiler",
    ]
