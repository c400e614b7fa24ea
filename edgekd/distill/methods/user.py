"""A loss of the user's own: a function of (student_out, teacher_out, target)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, hard, hard_option, option, weighted
from edgekd.errors import InputError


@dataclass(frozen=True, kw_only=True)
class User(Method):
    """loss(student_out, teacher_out, target) returns a scalar; weight and hard_weight beside it.

    student_out, teacher_out: logits, (batch, classes); of several teachers, those whose probabilities at `temperature`
    are the mean of theirs. target: class indices, (batch,). The function is all there is: by default no labels beside
    it.
    """

    name = "user"

    loss: Callable[[Tensor, Tensor, Tensor], Tensor]
    temperature: float = option(1.0, 0.1, 100.0)
    weight: float = option(1.0, 0.0, 1e6)
    hard_weight: float = hard_option(0.0)

    def build(self, setting: Setting) -> Loss:
        setting.teachers.require_all_classes(self.name)
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


def source_of(function: Any) -> str:
    """What tells one function from another in a checkpoint: its name and its source where there is one."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(type(function)))}"
    try:
        return name + "\n" + inspect.getsource(function)
    except (OSError, TypeError):
        return name
