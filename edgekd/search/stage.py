"""`edgekd search`: candidates measured, trained and kept; the front of accuracy against cost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from edgekd.config import Recipe
from edgekd.errors import BadResultError, InputError, ToolError
from edgekd.files import write_atomically
from edgekd.firmware.board import load_board
from edgekd.firmware.folder import locked
from edgekd.progress import Progress, silent
from edgekd.search.candidates import Candidate, Curve, Score
from edgekd.search.cost import Bench, Cost, Meter, Refusal, bench_for
from edgekd.search.result import Confirm, write_result
from edgekd.search.space import Space
from edgekd.search.study import Proposal, Study, study_in

_AT_ONCE = 4  # candidates whose conversions share a process, the start of which takes longest
_BUDGET = {"trials", "seconds"}  # may change from call to call


class Measure(Protocol):
    """What candidates cost, or why they are refused."""

    def __call__(self, candidates: Sequence[Candidate]) -> list[Cost | Refusal]: ...


class Train(Protocol):
    """How good a candidate is; see edgekd.search.training.Trainer."""

    def __call__(self, candidate: Candidate, hopeless: Callable[[Curve], bool]) -> Score: ...


class Tools(NamedTuple):
    """What a search asks. screen: refuses in a moment what need not be measured."""

    screen: Callable[[Candidate], Refusal | None]
    measure: Measure
    train: Train
    confirm: Confirm


MakeTools = Callable[[Recipe, Bench, Path, Callable[[str], None]], Tools]


def run_search(
    recipe: Recipe,
    folder: Path,
    *,
    board: str | None = None,
    progress: Progress = silent,
    make_tools: MakeTools | None = None,
) -> dict[str, Any]:
    """Search the student of `recipe` for `board`, by default the recipe's, in folder/search.

    Goes on where an earlier call ended; several processes may search in one folder at once. make_tools: what measures
    and trains, in place of board and torch.
    Returns what search/search.json says; beside it are front.svg and, for each student of the front, a recipe,
    front/N.toml. Raises InputError for a recipe that cannot be searched, or another one than the folder's,
    BadResultError when nothing fits, and whatever measuring and training raise.
    """
    if make_tools is None:
        _require_packages()
    if recipe.prune is not None:
        raise InputError("search finds the widths itself: [prune] would change them again", "leave [prune] out")
    name = board or recipe.deploy.board
    target = load_board(name)
    bench = bench_for(target, recipe.search)
    recipe = recipe.model_copy(update={"deploy": recipe.deploy.model_copy(update={"board": name, "port": None})})
    space = Space(recipe)
    out = folder / "search"
    with locked(out):
        _check_identity(out / "made_from.json", _made_from(recipe, bench, space, out))
    with study_in(out, space, recipe.search, recipe.seed) as study:
        told = _Told(study, recipe.search.trials, progress)
        tools = (make_tools or _real_tools)(recipe, bench, out, told)
        _search(study, recipe, tools, told)
        rows = study.rows()
        complete = [row for row in rows if row["state"] == "complete"]
        if not complete:
            reasons = [f"{json.dumps(row['options'])}: {row['reason']}" for row in rows if row["reason"]]
            raise BadResultError(
                f"none of {len(rows)} candidates fits {target.name}",
                *reasons[-3:],
                "widen the budget, or search smaller students: [search.options] in the recipe",
            )
        told("convert and measure the front")
        with locked(out / "front"):
            # Seen again: another process may have written more meanwhile, which must not be written over.
            return write_result(recipe, bench, space, study.rows(), out, tools.confirm, in_work=study.in_work())


def _search(study: Study, recipe: Recipe, tools: Tools, told: _Told) -> None:
    until = time.monotonic() + recipe.search.seconds if recipe.search.seconds else None
    while until is None or time.monotonic() < until:
        told.look()
        told("measure candidates")
        proposals = _plausible(study, tools)
        if not proposals:
            return
        costs = tools.measure([one.candidate for one in proposals])
        fitting: list[tuple[Proposal, Cost]] = []
        for proposal, cost in zip(proposals, costs, strict=True):
            if isinstance(cost, Refusal):
                study.refuse(proposal, cost)
            else:
                fitting.append((proposal, cost))
        for proposal, cost in fitting:
            if until is not None and time.monotonic() >= until:
                return  # those left are proposed again when the search goes on
            _train(study, proposal, cost, tools.train, told)


def _plausible(study: Study, tools: Tools) -> list[Proposal]:
    """Candidates that are worth measuring, so many as are measured at once where there are."""
    found: list[Proposal] = []
    while len(found) < _AT_ONCE and (asked := study.ask(_AT_ONCE - len(found))):
        for proposal in asked:
            if (refusal := tools.screen(proposal.candidate)) is not None:
                study.refuse(proposal, refusal)
            else:
                found.append(proposal)
    return found


def _train(study: Study, proposal: Proposal, cost: Cost, train: Train, told: _Told) -> None:
    told.look()
    told(f"train {json.dumps(proposal.candidate.options)}")
    score = train(proposal.candidate, lambda curve: study.hopeless(cost, curve))
    if score.accuracies:
        study.finish(proposal, cost, score.accuracies, score.curve, score.weights)
    else:
        study.stop(proposal, cost, score.curve)


class _Told:
    """Progress in trials, of all processes."""

    def __init__(self, study: Study, trials: int, progress: Progress) -> None:
        self._study, self._trials, self._progress = study, trials, progress
        self._done = study.done()

    def __call__(self, text: str) -> None:
        self._progress(min(self._done, self._trials), self._trials, text)

    def look(self) -> None:
        """See how many are done now."""
        self._done = self._study.done()


def _require_packages() -> None:
    """Raises ToolError when something is not installed, before anything else is looked at."""
    import edgekd.distill  # noqa: F401 - says itself what it needs
    from edgekd.convert.export import require_packages

    require_packages()
    missing = [name for name in ("optuna", "tomli_w", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ToolError(f"search needs {', '.join(missing)}", "install it: pip install 'edgekd[train]'")


def _real_tools(recipe: Recipe, bench: Bench, out: Path, told: Callable[[str], None]) -> Tools:
    if recipe.task != "classify":
        raise InputError(f'search judges classifiers by accuracy: task = "{recipe.task}" cannot be searched')
    from edgekd.search.confirm import Confirm
    from edgekd.search.training import Trainer

    trainer = Trainer(recipe, out, told)
    meter = Meter(recipe, bench, trainer.build, trainer.calibration, out / "candidates")
    return Tools(meter.screen, meter, trainer, Confirm(recipe, trainer, meter))


def _made_from(recipe: Recipe, bench: Bench, space: Space, out: Path) -> dict[str, Any]:
    """All that a search depends on, as JSON values."""
    from edgekd.stages import STAGES

    # Of parts of the same name, those of earlier stages say it all.
    stages = [stage.inputs(recipe, out) for stage in reversed(STAGES) if stage.name in ("distill", "convert", "deploy")]
    inputs = {key: value for stage in stages for key, value in stage.items()}
    return {
        **inputs,
        "versions": {name: version for stage in stages for name, version in stage["versions"].items()},
        "search": recipe.search.model_dump(mode="json", exclude={*_BUDGET, "options"}),
        "search.options": space.description(),
        "board": bench.target.model_dump(mode="json"),
        "measured_on": bench.emulated.model_dump(mode="json"),
    }


def _check_identity(file: Path, made_from: dict[str, Any]) -> None:
    """Refuse to go on with a search of something else: its candidates could not be compared."""
    if not file.is_file():
        write_atomically(file, json.dumps(made_from, indent=1) + "\n")
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise InputError(f"{file}: damaged", f"delete {file.parent} to begin the search anew")
    changed = [key for key in {**before, **made_from} if before.get(key) != made_from.get(key)]
    if changed:
        raise InputError(
            f"{file.parent} holds a search of something else: {', '.join(changed)} changed since it began",
            f"choose another folder with --out DIR, or delete {file.parent} to begin anew",
            "what may change while a search goes on: search.trials and search.seconds",
        )
