"""A search proposes, refuses, trains, goes on and ends: with functions in place of board and torch."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from needs import require_module
from rich.console import Console

for _package in ("optuna", "tomli_w", "matplotlib"):
    require_module(_package)

from edgekd.config import Recipe, load_recipe  # noqa: E402
from edgekd.errors import BadResultError, InputError  # noqa: E402
from edgekd.report.front import front_notes, front_table  # noqa: E402
from edgekd.search.candidates import Candidate, Score  # noqa: E402
from edgekd.search.cost import Bench, Cost, Refusal, over_budget  # noqa: E402
from edgekd.search.stage import Tools, run_search  # noqa: E402

Search = dict[str, Any]


def recipe(search: Search, **changes: Any) -> Recipe:
    network = {"model": "search_models:student", "epochs": 4}
    return Recipe.model_validate(
        {"name": "r", "data": {"source": "digits"}, "teacher": network, "student": network, "search": search, **changes}
    )


class Made:
    """Costs and accuracies by formula: wider is dearer and better, a kernel of 5 is dearer and worse. What was asked is
    listed."""

    def __init__(self, limit: int = 10**9) -> None:
        self.measured: list[dict[str, Any]] = []
        self.trained: list[dict[str, Any]] = []
        self.limit = limit

    def __call__(self, recipe: Recipe, bench: Bench, out: Path, told: Callable[[str], None]) -> Tools:
        def measure(candidates: Sequence[Candidate]) -> list[Cost | Refusal]:
            self.measured += [one.options for one in candidates]
            costs = [cost_of(one.options) for one in candidates]
            return [over_budget(cost, bench, recipe.search) or cost for cost in costs]

        def train(candidate: Candidate, hopeless: Callable[[list[float]], bool]) -> Score:
            if len(self.trained) == self.limit:
                raise KeyboardInterrupt
            self.trained.append(candidate.options)
            curve = curve_of(candidate.options)
            for epoch in range(1, len(curve)):
                if hopeless(curve[:epoch]):
                    return Score((), curve[:epoch])
            spread = range(recipe.search.seeds)
            return Score(tuple(curve[-1] + number for number in spread), curve, out / "weights")

        return Tools(
            lambda candidate: None, measure, train, lambda students: [int8_of(options) for options, _ in students]
        )


def int8_of(options: dict[str, Any]) -> dict[str, Any]:
    return {"val_accuracy": curve_of(options)[-1] - 0.25, "cost": asdict(cost_of(options)), "refused": None}


def cost_of(options: dict[str, Any]) -> Cost:
    width, kernel = options.get("width", 4), options.get("kernel", 3)
    return Cost(instructions=width * width * kernel, cycles=None, flash=100 * width, ram=10 * width)


def curve_of(options: dict[str, Any]) -> list[float]:
    best = 50.0 + options.get("width", 4) - options.get("kernel", 3)
    return [best - 10 / epoch for epoch in range(1, 5)]


WIDTHS = {"width": {"low": 2, "high": 20, "step": 2}}


def test_the_front_is_what_nothing_cheaper_beats(tmp_path: Path) -> None:
    made = Made()
    options = {"width": [2, 4, 8], "kernel": [3, 5]}
    said = run_search(recipe({"trials": 16, "prune": False, "options": options}), tmp_path, make_tools=made)
    assert [row["options"] for row in said["front"]] == [{"width": width, "kernel": 3} for width in (2, 4, 8)]
    assert [row["accuracy"] for row in said["front"]] == [49.0 - 2.5, 51.0 - 2.5, 55.0 - 2.5]
    assert [row["cost"]["instructions"] for row in said["front"]] == [12, 48, 192]
    assert said["counts"] == {"complete": 6, "stopped": 0, "refused": 0}  # those proposed twice count once
    assert json.loads((tmp_path / "search" / "search.json").read_text()) == said
    assert (tmp_path / "search" / "front.svg").read_text().startswith("<svg")


def test_the_recipes_of_the_front_run_as_they_are(tmp_path: Path) -> None:
    searched = recipe({"trials": 6, "options": {"width": [2, 8], "stages": [[1], [1, 2]]}}, seed=3)
    said = run_search(searched, tmp_path, board="mps2-an500", make_tools=Made())
    for row in said["front"]:
        found = load_recipe(tmp_path / "search" / row["recipe"])
        assert found.student.options == row["options"] and found.deploy.board == "mps2-an500"
        assert (found.seed, found.student.epochs, found.search) == (3, 4, Recipe.model_fields["search"].default)
    assert len({load_recipe(file).name for file in (tmp_path / "search" / "front").glob("*.toml")}) == len(
        said["front"]
    )


def test_what_does_not_fit_is_never_trained(tmp_path: Path) -> None:
    made = Made()
    said = run_search(recipe({"trials": 12, "flash": 1000, "options": WIDTHS}), tmp_path, make_tools=made)
    assert all(options["width"] <= 10 for options in made.trained)
    refused = [row for row in said["candidates"] if row["state"] == "refused"]
    assert refused and all(row["options"]["width"] > 10 for row in refused)
    assert "bytes of flash, 1,000 are allowed" in refused[0]["reason"]


@pytest.mark.parametrize(
    ("budget", "most"), [({"instructions": 300}, 10), ({"ram": 60}, 6), ({"flash": 900, "ram": 180}, 8)]
)
def test_each_budget_holds(budget: dict[str, int], most: int, tmp_path: Path) -> None:
    made = Made()
    run_search(recipe({"trials": 15, "options": WIDTHS, **budget}), tmp_path, make_tools=made)
    assert all(options["width"] <= most for options in made.trained)
    assert any(options["width"] > most for options in made.measured)


def test_what_is_screened_out_is_not_measured_and_takes_no_trial(tmp_path: Path) -> None:
    class Screened(Made):
        def __call__(self, *arguments: Any) -> Tools:
            tools = super().__call__(*arguments)
            return tools._replace(screen=lambda one: Refusal("too wide") if one.options["width"] > 4 else None)

    made = Screened()
    said = run_search(recipe({"trials": 3, "prune": False, "options": WIDTHS}), tmp_path, make_tools=made)
    assert len(made.trained) == 3 and {options["width"] for options in made.measured} <= {2, 4}
    assert said["counts"]["refused"] > 0


def test_when_nothing_fits_the_reasons_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadResultError, match=r"none of \d+ candidates fits mps2-an386") as error:
        run_search(recipe({"trials": 1, "ram": 10, "options": WIDTHS}), tmp_path, make_tools=Made())
    assert "bytes of RAM, 10 are allowed" in str(error.value)


def test_a_dear_candidate_that_falls_behind_is_ended_early_and_a_cheap_one_is_not(tmp_path: Path) -> None:
    made = Made()
    plan = {"trials": 20, "options": {"width": [4], "kernel": list(range(3, 43, 2))}}
    said = run_search(recipe(plan), tmp_path, make_tools=made)
    stopped = [row for row in said["candidates"] if row["state"] == "stopped"]
    assert stopped and all(1 < len(row["curve"]) < 4 for row in stopped)
    assert said["front"][0]["options"]["kernel"] == min(options["kernel"] for options in made.trained)
    again = run_search(recipe({**plan, "prune": False}), tmp_path / "all", make_tools=Made())
    assert again["counts"]["stopped"] == 0


def test_several_seeds_count_by_their_mean(tmp_path: Path) -> None:
    said = run_search(recipe({"trials": 2, "seeds": 3, "options": {"width": [4]}}), tmp_path, make_tools=Made())
    (row,) = said["front"]
    assert row["accuracies"] == [48.5, 49.5, 50.5] and row["accuracy"] == 49.5 and row["deviation"] == 1.0


def test_an_interrupted_search_goes_on_with_the_candidate_it_had(tmp_path: Path) -> None:
    plan = recipe({"trials": 12, "prune": False, "options": {"width": {"low": 2, "high": 2000}}})
    stopped = Made(limit=2)
    with pytest.raises(KeyboardInterrupt):
        run_search(plan, tmp_path, make_tools=stopped)
    on = Made()
    said = run_search(plan, tmp_path, make_tools=on)
    trials = {json.dumps(row["options"]) for row in said["candidates"]}
    assert {json.dumps(options) for options in stopped.measured} <= trials
    # What the first call had and did not train comes first.
    assert on.measured[:2] == stopped.measured[2:4]
    assert len(on.trained) == 12 - 2
    again = Made()
    assert run_search(plan, tmp_path, make_tools=again) == said
    assert again.measured == []


def test_no_candidate_is_begun_when_the_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("edgekd.search.stage.time.monotonic", lambda: clock[0])

    class Slow(Made):
        def __call__(self, *arguments: Any) -> Tools:
            tools = super().__call__(*arguments)

            def train(candidate: Candidate, hopeless: Callable[[list[float]], bool]) -> Score:
                clock[0] += 10
                return tools.train(candidate, hopeless)

            return tools._replace(train=train)

    made = Slow()
    said = run_search(recipe({"trials": 8, "seconds": 25, "options": WIDTHS}), tmp_path, make_tools=made)
    assert len(made.trained) == 3 and said["counts"]["complete"] == 3


def test_the_table_says_what_the_front_is_and_what_it_was_chosen_by(tmp_path: Path) -> None:
    plan = recipe({"trials": 6, "flash": 1000, "minimize": "flash", "options": {"width": [2, 20]}})
    said = run_search(plan, tmp_path, board="nucleo_f446re", make_tools=Made())
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(front_table(said))
    text = console.export_text()
    assert "r on nucleo_f446re: validation accuracy against flash" in text
    assert re.search(r"1 +width 2 +46\.50 +46\.25 +12 +200 +20", text)
    notes = "\n".join(front_notes(said))
    assert "1 trained for 4 epochs, 0 ended early, 1 did not fit" in notes and "costs are of mps2-an386" in notes


def test_more_trials_and_seconds_go_on_with_the_same_search(tmp_path: Path) -> None:
    run_search(recipe({"trials": 3, "options": WIDTHS}), tmp_path, make_tools=Made())
    more = Made()
    run_search(recipe({"trials": 5, "seconds": 100, "options": WIDTHS}), tmp_path, make_tools=more)
    assert len(more.measured) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "seed changed"),
        ({"search": {"trials": 3, "options": {"width": [2, 4]}}}, "search.options changed"),
        ({"search": {"trials": 3, "options": WIDTHS, "flash": 900}}, "search changed"),
        ({"deploy": {"optimize": "flash"}}, "deploy changed"),
        ({"deploy": {"board": "mps2-an385"}}, "board, measured_on changed"),
        ({"convert": {"calibration_samples": 20}}, "convert changed"),
        ({"student": {"model": "search_models:student", "epochs": 5}}, "student changed"),
    ],
)
def test_a_changed_recipe_is_refused(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    search = {"trials": 3, "options": WIDTHS}
    run_search(recipe(search), tmp_path, make_tools=Made())
    with pytest.raises(InputError, match=said) as error:
        run_search(recipe(**{"search": search, **changes}), tmp_path, make_tools=Made())
    assert "--out DIR" in str(error.value)


def test_a_damaged_study_is_named(tmp_path: Path) -> None:
    plan = recipe({"trials": 2, "options": WIDTHS})
    run_search(plan, tmp_path, make_tools=Made())
    (tmp_path / "search" / "study.db").write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match=r"study\.db: .*not a database"):
        run_search(plan, tmp_path, make_tools=Made())
    (tmp_path / "search" / "made_from.json").write_text("{")
    with pytest.raises(InputError, match=r"made_from\.json: damaged"):
        run_search(plan, tmp_path, make_tools=Made())


WORKER = """\
import sys, time, test_search
from pathlib import Path
from edgekd.search.stage import run_search

class Slow(test_search.Made):
    def __call__(self, *arguments):
        tools = super().__call__(*arguments)
        def train(candidate, hopeless):
            print(candidate.options["width"], flush=True)
            time.sleep(float(sys.argv[2]))
            return tools.train(candidate, hopeless)
        return tools._replace(train=train)

plan = test_search.recipe({"trials": 10, "prune": False, "options": test_search.WIDTHS})
run_search(plan, Path(sys.argv[1]), make_tools=Slow())
"""


def worker(folder: Path, seconds: float) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", WORKER, str(folder), str(seconds)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_processes_share_a_search_and_the_work_of_a_killed_one_is_done_by_others(tmp_path: Path) -> None:
    killed = worker(tmp_path, 60)
    assert killed.stdout is not None
    had = killed.stdout.readline().strip()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    both = [worker(tmp_path, 0.3) for _ in range(2)]
    trained = [process.communicate(timeout=120)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(map(len, trained)) == 10 and all(trained)
    assert had in trained[0] + trained[1]
    said = json.loads((tmp_path / "search" / "search.json").read_text())
    assert sum(said["counts"].values()) == len(said["candidates"]) and said["counts"]["refused"] == 0


def test_a_process_that_is_done_first_says_that_others_are_not_and_writes_over_nothing(tmp_path: Path) -> None:
    other = worker(tmp_path, 60)  # has a candidate
    assert other.stdout is not None and other.stdout.readline()
    plan = recipe({"trials": 10, "prune": False, "options": WIDTHS})
    try:
        said = run_search(plan, tmp_path, make_tools=Made())
    finally:
        other.kill()
        other.communicate()
    begun = said["in_work"]
    assert begun >= 1 and sum(said["counts"].values()) + begun <= 10
    assert any(line.startswith(f"so far: other processes still have {begun} candidates") for line in front_notes(said))
    whole = run_search(plan, tmp_path, make_tools=Made())
    assert whole["in_work"] == 0 and sum(whole["counts"].values()) > sum(said["counts"].values())
    assert not any(line.startswith("so far") for line in front_notes(whole))


def test_a_board_without_an_emulator_is_measured_on_another_of_its_core(tmp_path: Path) -> None:
    said = run_search(recipe({"trials": 2, "options": WIDTHS}), tmp_path, board="nucleo_f446re", make_tools=Made())
    assert (said["board"], said["measured_on"]) == ("nucleo_f446re", "mps2-an386")
    assert "nucleo_f446re cannot be emulated: costs are of mps2-an386" in said["notes"][0]
    table = tomllib.loads((tmp_path / "search" / "front" / "1.toml").read_text())
    assert table["deploy"]["board"] == "nucleo_f446re"


@pytest.mark.parametrize(
    ("search", "board", "said"),
    [
        ({"options": {"wdith": [1]}}, "mps2-an386", "no option 'wdith'\n  did you mean width?"),
        ({}, "mps2-an386", "search_models:student has no default ranges"),
        ({"options": WIDTHS, "cycles": 9}, "mps2-an386", "search.cycles: on mps2-an386 instructions are counted"),
        ({"options": WIDTHS, "instructions": 9}, "mega2560", "search.instructions: on mega2560 cycles are counted"),
        ({"options": WIDTHS, "latency_ms": 1}, "mps3-an547", "search.latency_ms: nothing tells the time"),
        ({"options": WIDTHS}, "no-such", 'no board is called "no-such"'),
    ],
)
def test_what_cannot_be_searched_is_said_before_anything(search: Search, board: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run_search(recipe(search), tmp_path, board=board, make_tools=Made())
    assert said in str(error.value)
    assert not (tmp_path / "search").exists()


def test_a_recipe_that_prunes_is_not_searched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"leave \[prune\] out"):
        run_search(recipe({"options": WIDTHS}, prune={"share": 0.5}), tmp_path, make_tools=Made())
    assert not (tmp_path / "search").exists()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("options = { width = { low = 9, high = 4 } }", "the lower one comes first"),
        ("options = { width = { low = 0, high = 4, log = true } }", "log takes numbers above 0"),
        ("options = { width = [] }", "at least 1 item"),
        ("options = { width = { lo = 1, high = 4 } }", "width"),
        ('flash = "24Q"', '"24Q" is not a size'),
        ("trials = 0", "greater than 0"),
        ("latency_ms = inf", "finite"),
        ("tirals = 3", "did you mean search.trials?"),
    ],
)
def test_a_table_that_says_nothing_sensible_is_refused_with_its_line(table: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    network = '{ model = "search_models:student", epochs = 1 }'
    file.write_text(
        f'name = "r"\ndata = {{ source = "digits" }}\nteacher = {network}\nstudent = {network}\n[search]\n{table}\n'
    )
    with pytest.raises(InputError) as error:
        load_recipe(file)
    assert said in str(error.value) and "line" in str(error.value)
