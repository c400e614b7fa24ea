"""A loss of the user's own: a function of (student_out, teacher_out, target)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.errors import InputError


@dataclass(frozen=True, kw_only=True)
class User(Method):
    """loss(student_out, teacher_out, target) returns a scalar; weight and hard_weight beside it.

    student_out, teacher_out: logits, (batch, classes); of several teachers, those whose probabilities at `temperature`
    are the mean of theirs. target: class indices, (batch,), -1 where there are no labels. By default the function
    is all there is, without cross-entropy with the labels beside it.
    """

    name = "user"

    loss: Callable[[Tensor, Tensor, Tensor], Tensor]
    temperature: float = option(1.0, 0.1, 100.0)
    weight: float = option(1.0, 0.0, 1e6)
    hard_weight: float = hard_option(0.0)

    def check(self, teachers: Ensemble) -> None:
        teachers.require_all_classes(self.name)

    def build(self, setting: Setting) -> Loss:
        name = getattr(self.loss, "__name__", type(self.loss).__name__)

        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.logits(batch.answers, self.temperature)
            value = self.loss(logits, teacher, batch.y)
            if not isinstance(value, Tensor) or value.ndim != 0 or not value.requires_grad:
                found = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
                if isinstance(value, Tensor) and value.ndim == 0:
                    found = "a number that does not depend on the student"
                raise InputError(f"the loss {name} returned {found}", "it must return a scalar made of student_out")
            return weighted(**hard(self.hard_weight, logits, batch), soft=(self.weight, value))

        return loss
