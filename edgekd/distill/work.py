"""How far a run's training is: the share of its multiply-accumulates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgekd.progress import Progress

_TRAINING_PASSES = 3  # forward, backward to the inputs, backward to the weights: each about as much as forward

Share = Callable[[float, str], None]


def training_work(epochs: int, samples: int, macs: int) -> int:
    """Multiply-accumulates of a training. macs: of the network for one sample."""
    return _TRAINING_PASSES * epochs * samples * macs


class Work:
    """jobs: multiply-accumulates of each network's training by its name, in order."""

    def __init__(self, jobs: Mapping[str, int], progress: Progress) -> None:
        self._jobs, self._progress = dict(jobs), progress

    def begin(self, name: str) -> Share:
        """A function to be told the share of `name` that is done, and a line of text; what comes before is done.

        A network that is not among the jobs comes after all of them.
        """
        names, total = list(self._jobs), sum(self._jobs.values())
        known = name in self._jobs
        before = sum(self._jobs[earlier] for earlier in names[: names.index(name)]) if known else total
        own = self._jobs[name] if known else 0

        def share(done: float, text: str) -> None:
            self._progress(before + done * own, total, text)

        return share
