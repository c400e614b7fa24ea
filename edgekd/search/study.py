"""The candidates of a search as trials of Optuna, in one SQLite file that several processes work on.

A process that ends, however it does, gives its candidates back: each trial names the process that has it, and a process
is there as long as it holds the lock on its own file. A trial that nobody has any more is proposed again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekd.errors import InputError
from edgekd.firmware.folder import locked
from edgekd.search.candidates import Candidate
from edgekd.search.cost import Cost, Refusal

if TYPE_CHECKING:
    import optuna

    from edgekd.config import Search
    from edgekd.search.space import Space

# Of the pruner: a training ends when its best epoch so far is below the median of the others at that epoch, once so
# many of them are done, and not before so many epochs.
_RIVALS = 5
_WARM_UP_EPOCHS = 1
_REFUSED_A_TRIAL = 20
_SQLITE_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Proposal:
    """A trial that this process has. number: of the trial, from 0."""

    number: int
    candidate: Candidate


class Study:
    """Made by `study_in`."""

    def __init__(self, study: optuna.Study, folder: Path, space: Space, search: Search, worker: str) -> None:
        self._study, self._folder, self._space, self._search, self._worker = study, folder, space, search, worker
        self._trials: dict[int, optuna.Trial] = {}

    def ask(self, count: int) -> list[Proposal]:
        """Up to `count` candidates for this process; fewer, or none, when the search has all its trials.

        Those that are refused do not count, but for so many of them a trial that it is no use to go on.
        """
        with locked(self._folder):
            self._take_back()
            left = self._left()
            proposals = []
            for _ in range(max(0, min(count, left))):
                trial = self._study.ask()
                candidate = Candidate(self._space.suggest(trial))
                trial.set_user_attr("begun", {"worker": self._worker, "options": candidate.options})
                self._trials[trial.number] = trial
                proposals.append(Proposal(trial.number, candidate))
            return proposals

    def done(self) -> int:
        """Candidates that were trained."""
        return sum(trial.user_attrs["found"]["state"] != "refused" for trial in self._trials_in("COMPLETE", "PRUNED"))

    def in_work(self) -> int:
        """Candidates that other processes have at this moment."""
        begun = [trial.user_attrs.get("begun", {}).get("worker") for trial in self._trials_in("RUNNING")]
        others = [one for one in begun if one is not None and one != self._worker]
        return sum(_is_held(_worker_file(self._folder, worker)) for worker in others)

    def _left(self) -> int:
        """Trials that nobody has begun."""
        # Seen at one moment: others go on meanwhile.
        trials = self._trials_in("COMPLETE", "PRUNED", "RUNNING")
        refused = len([trial for trial in trials if trial.user_attrs.get("found", {}).get("state") == "refused"])
        if refused >= _REFUSED_A_TRIAL * self._search.trials:
            return 0
        return self._search.trials - (len(trials) - refused)

    def refuse(self, proposal: Proposal, refusal: Refusal) -> None:
        """Tell that a candidate does not fit, and by how much, so that others like it are proposed less."""
        trial = self._trials.pop(proposal.number)
        trial.set_user_attr("found", {"state": "refused", "reason": refusal.reason})
        trial.set_constraint("excess", max(refusal.excess, 1e-9))
        (pruned,) = _states("PRUNED")
        self._study.tell(trial, state=pruned)

    def stop(self, proposal: Proposal, cost: Cost, curve: Sequence[float]) -> None:
        """Tell that a training was ended early."""
        trial = self._trials.pop(proposal.number)
        trial.set_user_attr("found", {"state": "stopped", "cost": asdict(cost), "curve": list(curve)})
        (pruned,) = _states("PRUNED")
        self._study.tell(trial, state=pruned)

    def finish(
        self, proposal: Proposal, cost: Cost, accuracies: Sequence[float], curve: Sequence[float], weights: Path | None
    ) -> None:
        """Tell what a candidate costs and how good it is (percent of the validation set, one a seed)."""
        trial = self._trials.pop(proposal.number)
        found = {"state": "complete", "cost": asdict(cost), "accuracies": list(accuracies), "curve": list(curve)}
        if weights is not None:
            found["weights"] = str(weights.relative_to(self._folder))
        trial.set_user_attr("found", found)
        self._study.tell(trial, [sum(accuracies) / len(accuracies), cost.of(self._search.minimize)])

    def hopeless(self, cost: Cost, curve: Sequence[float]) -> bool:
        """Whether a training is behind those that cost no more: by Optuna's median pruner, whose trials are only these.

        A candidate is never held against a dearer one: what is cheap may be less accurate.
        """
        if not self._search.prune:
            return False
        import optuna
        from optuna.trial import create_trial

        what = self._search.minimize
        done = (trial.user_attrs["found"] for trial in self._trials_in("COMPLETE"))
        rivals = [one["curve"] for one in done if one["curve"] and Cost(**one["cost"]).of(what) <= cost.of(what)]
        peers = optuna.create_study(direction="maximize")
        for rival in rivals:
            peers.add_trial(create_trial(value=rival[-1], intermediate_values=dict(enumerate(rival))))
        (running,) = _states("RUNNING")
        own = create_trial(state=running, intermediate_values=dict(enumerate(curve)))
        return optuna.pruners.MedianPruner(_RIVALS, _WARM_UP_EPOCHS).prune(peers, own)

    def rows(self) -> list[dict[str, Any]]:
        """What is known of each candidate, the one row for those proposed several times, in the order of trials.

        Keys: trial, options, state ("complete", "stopped", "refused"), cost, accuracies, curve, weights, reason.
        """
        rows: dict[str, dict[str, Any]] = {}
        empty: dict[str, Any] = {"cost": None, "accuracies": [], "curve": [], "weights": None, "reason": None}
        for trial in self._trials_in("COMPLETE", "PRUNED"):
            options, found = trial.user_attrs["begun"]["options"], trial.user_attrs["found"]
            key = Candidate(options).key
            if key not in rows or (found["state"] == "complete" and rows[key]["state"] != "complete"):
                rows[key] = {"trial": trial.number, "options": options, **empty, **found}
        return list(rows.values())

    def _trials_in(self, *states: str) -> list[optuna.trial.FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=_states(*states))

    def _take_back(self) -> None:
        """Give up the trials of processes that are gone, and have them proposed again, before others."""
        (failed,) = _states("FAIL")
        for trial in self._trials_in("RUNNING"):
            worker = trial.user_attrs.get("begun", {}).get("worker")
            if worker == self._worker or (worker is not None and _is_held(_worker_file(self._folder, worker))):
                continue
            self._study.tell(trial.number, state=failed)
            if worker is not None:
                _worker_file(self._folder, worker).unlink(missing_ok=True)
            if trial.params:
                self._study.enqueue_trial(trial.params, skip_if_exists=False)


@contextlib.contextmanager
def study_in(folder: Path, space: Space, search: Search, seed: int) -> Iterator[Study]:
    """The study of a folder, begun when there is none, for this process as one of those that work on it.

    Raises InputError for a file that is not a study.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    file = folder / "study.db"
    worker = uuid.uuid4().hex
    try:
        with locked(folder):
            storage = optuna.storages.RDBStorage(
                f"sqlite:///{file.resolve()}", engine_kwargs={"connect_args": {"timeout": _SQLITE_WAIT_SECONDS}}
            )
            study = optuna.create_study(
                study_name="search", storage=storage, directions=["maximize", "minimize"], load_if_exists=True
            )
            begun = len(study.get_trials(deepcopy=False))
            if not begun and (own_student := space.recipes_own()) is not None:
                study.enqueue_trial(own_student)  # what others are to be held against
        # Another stream for each process and each resumption: the same one would propose the same candidates again.
        study.sampler = optuna.samplers.TPESampler(seed=(seed * 1_000_003 + begun) % 2**32, multivariate=True)
        own = _worker_file(folder, worker)
        own.parent.mkdir(exist_ok=True)
        with own.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                yield Study(study, folder, space, search, worker)
            finally:
                own.unlink(missing_ok=True)
                storage.remove_session()
    except (SQLAlchemyError, json.JSONDecodeError) as error:
        said = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"{file}: {said}", "delete it to begin the search anew; what was trained is kept") from None


def _worker_file(folder: Path, worker: str) -> Path:
    return folder / "workers" / worker


def _is_held(file: Path) -> bool:
    try:
        with file.open("r+") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _states(*names: str) -> tuple[Any, ...]:
    from optuna.trial import TrialState

    return tuple(TrialState[name] for name in names)
