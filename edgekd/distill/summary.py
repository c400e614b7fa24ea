"""What distill.json says of a run's networks."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from edgekd.config import Recipe
from edgekd.data import Dataset
from edgekd.distill.comparison import compared
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.inputs import Samples
from edgekd.distill.keep import Trained
from edgekd.distill.methods import Method, identity_of_method
from edgekd.distill.teachers import Ensemble
from edgekd.distill.teachers.member import Member
from edgekd.distill.teachers.stored import StoredMember


@dataclass(frozen=True)
class Networks:
    """teachers: those trained here. together: with those of files. students, controls: one a seed. between:
    assistants, generations, and networks before they were pruned; whole: student and control of the first seed among
    the latter, or none."""

    teachers: Sequence[Trained]
    together: Ensemble
    students: Sequence[Trained]
    controls: Sequence[Trained]
    between: Sequence[Trained]
    whole: Sequence[Trained] = ()

    def trained(self) -> list[Trained]:
        return [*self.teachers, *self.between, *self.students, *self.controls]


def summary(
    recipe: Recipe,
    dataset: Dataset,
    parts: Mapping[str, Samples],
    networks: Networks,
    macs: Mapping[str, int],
    method: Method,
) -> dict[str, Any]:
    """JSON values. Nothing was chosen by the test set: this is where it is asked."""
    test = parts["test"]

    def figures(trained: Trained) -> dict[str, Any]:
        tested = accuracy(predict(trained.model, test.x), test.y)
        parameters = sum(p.numel() for p in trained.model.parameters())
        return {**trained.record, "test_accuracy": tested, "parameters": parameters}

    students, controls = [[figures(one) for one in group] for group in (networks.students, networks.controls)]
    given = networks.together.members[len(networks.teachers) :]
    return {
        "data": {
            "name": dataset.name,
            "sample_shape": list(dataset.sample_shape),
            "class_names": list(dataset.class_names),
            **{part: len(samples.x) for part, samples in parts.items()},
        },
        "teachers": [
            *({**figures(one), "macs": macs["teacher"]} for one in networks.teachers),
            *(_of_file(member, parts) for member in given),
        ],
        "ensemble": {"count": len(networks.together.members), **_together(networks.together, parts)},
        "student": {**students[0], "macs": macs["student"]},
        "control": {**controls[0], "macs": macs["student"]},
        "seeds": _seeds(students, controls),
        "prune": _prune(recipe, [figures(one) for one in networks.whole], macs),
        "method": identity_of_method(method),
        "augment": recipe.distill.augment,
        "select": recipe.distill.select,
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
        "versions": {name: importlib.metadata.version(name) for name in ("edgekd", "torch", "numpy")},
    }


def _prune(recipe: Recipe, whole: Sequence[dict[str, Any]], macs: Mapping[str, int]) -> dict[str, Any] | None:
    """Student and control of the first seed before channels were left out; None where none were."""
    if recipe.prune is None:
        return None
    rows = {name: {**row, "macs": macs["whole"]} for name, row in zip(("student", "control"), whole, strict=True)}
    return {"share": recipe.prune.share, "criterion": recipe.prune.criterion, **rows}


def _seeds(students: Sequence[dict[str, Any]], controls: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Students and controls of all seeds on the test set, float; None when there is one seed."""
    if len(students) == 1:
        return None
    tested = [[row["test_accuracy"] for row in rows] for rows in (students, controls)]
    return {"count": len(students), "test_accuracy": compared(*tested)}


def _together(teachers: Ensemble, parts: Mapping[str, Samples]) -> dict[str, float | None]:
    val, test = parts["val"], parts["test"]
    said = {
        "val": teachers.validation(val.x),
        "test": None if teachers.stored else teachers.ask(test.x),
    }
    return {
        f"{part}_accuracy": None if one is None else accuracy(teachers.probabilities(one, 1.0), parts[part].y)
        for part, one in said.items()
    }


def _of_file(member: Member, parts: Mapping[str, Samples]) -> dict[str, Any]:
    """The row of a teacher that was not trained here."""
    tested = None
    if not isinstance(member, StoredMember):
        tested = accuracy(member.ask(parts["test"].x), parts["test"].y)
    return {"file": str(member.spec.source), "test_accuracy": tested, "history": [], "seconds": 0.0}
