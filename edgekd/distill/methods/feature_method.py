"""Base of the methods that compare features of student and teacher, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgekd.distill import features
from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.distill.methods.soft_targets import soft_targets
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.distill.teachers.member import ModuleMember
from edgekd.errors import InputError

Shape = tuple[int, ...]


class Comparison(nn.Module):
    """How features of one pair of layers are compared; a Module, so that it may train projections."""

    def forward(self, student: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
        """A scalar. student, teacher: features, (batch, channels, …)."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class FeatureMethod(Method):
    """hard_weight · CE(labels) + weight · mean over the teachers of the sum over pairs of layers + soft targets.

    weight: of the features. soft_weight, temperature: soft targets beside them (see soft_targets.py), 0 for none, as
    the papers compare the methods. student_layers, teacher_layers: names as in `named_modules()`, pair by pair; chosen
    when left out, see features.py.
    """

    weight: float = option(1.0, 0.0, 1e9)
    hard_weight: float = hard_option(1.0)
    soft_weight: float = option(0.0, 0.0, 1e6)
    temperature: float = option(4.0, 0.1, 100.0)
    student_layers: Sequence[str] = ()
    teacher_layers: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("student_layers", "teacher_layers"):
            layers = getattr(self, name)
            if isinstance(layers, str) or not all(isinstance(layer, str) for layer in layers):
                raise InputError(f"{self.name}: {name} is {layers!r}", 'a list of layer names, for example ["3", "7"]')
            object.__setattr__(self, name, tuple(layers))
        if len(self.student_layers) != len(self.teacher_layers) and self.student_layers and self.teacher_layers:
            raise InputError(
                f"{self.name}: {len(self.student_layers)} student_layers and {len(self.teacher_layers)} "
                "teacher_layers: they are compared pair by pair"
            )

    @property
    def asks(self) -> bool:
        return self.soft_weight > 0

    def choose(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the pairs of stages, first to last, that are compared when no layers are named."""
        return pairs

    def comparison(self, student: Shape, teacher: Shape, setting: Setting, place: int) -> Comparison:
        """How a pair of layers is compared; student, teacher: shapes of a sample's features, (channels, …)."""
        raise NotImplementedError

    def check(self, teachers: Ensemble) -> None:
        teachers.module_members(self.name)

    def build(self, setting: Setting) -> Loss:
        return _FeatureLoss(self, setting)


class _Lesson(nn.Module):
    """One teacher's features beside the student's."""

    def __init__(self, method: FeatureMethod, member: ModuleMember, setting: Setting, place: int) -> None:
        super().__init__()
        of_student = features.shapes_of(setting.student, setting.sample)
        of_teacher = features.shapes_of(member.module, member.prepared(setting.sample))
        self.pairs = _pairs(method, of_student, of_teacher, member.title)
        self.comparisons = nn.ModuleList(
            method.comparison(of_student[s], of_teacher[t], setting, 1000 * place + index)
            for index, (s, t) in enumerate(self.pairs)
        )
        self.taps = features.Taps(member.module, [teacher for _, teacher in self.pairs])
        self.member = (member,)  # in a tuple, so that the teacher is not a part of this Module

    def forward(self, of_student: Sequence[Tensor], batch: Batch) -> Tensor:
        with torch.no_grad():
            self.member[0].run(batch.x)
        losses = [
            comparison(mine, said, batch)
            for comparison, mine, said in zip(self.comparisons, of_student, self.taps.take(), strict=True)
        ]
        return torch.stack(losses).sum()


class _FeatureLoss(nn.Module):
    def __init__(self, method: FeatureMethod, setting: Setting) -> None:
        super().__init__()
        self._method, self._teachers = method, setting.teachers
        members = setting.teachers.module_members(method.name)
        self.lessons = nn.ModuleList(_Lesson(method, member, setting, place) for place, member in enumerate(members))
        self._taps = features.Taps(
            setting.student, [student for lesson in self._lessons() for student, _ in lesson.pairs]
        )

    def _lessons(self) -> list[_Lesson]:
        return [lesson for lesson in self.lessons if isinstance(lesson, _Lesson)]

    def forward(self, logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        method, seen, losses = self._method, self._taps.take(), []
        for lesson in self._lessons():
            own, seen = seen[: len(lesson.pairs)], seen[len(lesson.pairs) :]
            losses.append(lesson(own, batch))
        parts = {**hard(method.hard_weight, logits, batch), "feature": (method.weight, torch.stack(losses).mean())}
        if method.soft_weight:
            said = self._teachers.probabilities(batch.answers, method.temperature)
            parts["soft"] = (method.soft_weight, soft_targets(logits, said, temperature=method.temperature))
        return weighted(**parts)

    def close(self) -> None:
        self._taps.close()
        for lesson in self._lessons():
            lesson.taps.close()


def _pairs(
    method: FeatureMethod, student: dict[str, Shape], teacher: dict[str, Shape], title: str
) -> list[tuple[str, str]]:
    """Layers to compare: the named ones, or chosen ones."""
    mine = [features.check_layer(name, student, "the student") for name in method.student_layers]
    theirs = [features.check_layer(name, teacher, title) for name in method.teacher_layers]
    if mine and theirs:
        return list(zip(mine, theirs, strict=True))
    pairs = features.paired(mine or features.stages(student), theirs or features.stages(teacher))
    chosen = pairs if mine or theirs else method.choose(pairs)
    if not chosen or (mine and len(chosen) < len(mine)) or (theirs and len(chosen) < len(theirs)):
        raise InputError(
            f"{method.name}: found no layers to compare in the student and {title}",
            "name them: student_layers = [...], teacher_layers = [...]",
        )
    return chosen
