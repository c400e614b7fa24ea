"""How far a run's training is: the share of its multiply-accumulates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgekd.config import Recipe
from edgekd.progress import Progress

_TRAINING_PASSES = 3  # forward, backward to the inputs, backward to the weights: each about as much as forward

Share = Callable[[float, str], None]


class Work:
    """samples: of the training set. macs: of "teacher" and "student" for one sample. views: of an augmented sample.

    asking: share of the student's work that is spent on the teachers before it begins, see api.feed_of.
    """

    def __init__(self, recipe: Recipe, samples: int, macs: Mapping[str, int], views: int, progress: Progress) -> None:
        teacher = _TRAINING_PASSES * recipe.teacher.epochs * samples * macs["teacher"]
        alone = _TRAINING_PASSES * recipe.student.epochs * samples * macs["student"]
        asked = min(views, recipe.student.epochs) * samples * macs["teacher"] * recipe.teacher.count
        self._progress = progress
        self._work = {f"teacher-{index}": teacher for index in range(recipe.teacher.count)}
        self._work |= {"student": alone + asked, "control": alone}
        self.asking = asked / (alone + asked) if 0 < views <= recipe.student.epochs else 0.0

    def begin(self, name: str) -> Share:
        """A function to be told the share of `name` that is done, and a line of text; what comes before is done."""
        names = list(self._work)
        before = sum(self._work[earlier] for earlier in names[: names.index(name)])
        total = sum(self._work.values())

        def share(done: float, text: str) -> None:
            self._progress(before + done * self._work[name], total, text)

        return share
