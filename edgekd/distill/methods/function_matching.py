"""Function matching (Beyer et al., CVPR 2022, arXiv:2106.05237): a patient and consistent teacher.

Student and teachers see the very same view of an image, labels are not used, mixup carries the images beyond the
training set ("aggressive mixup"), and the schedule is long: give many times the epochs of plain training.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods.base import Method, Setting, option, weighted
from edgekd.distill.methods.soft_targets import soft_targets
from edgekd.errors import InputError


@dataclass(frozen=True, kw_only=True)
class FunctionMatching(Method):
    """T² · KL(teachers ‖ student at T) on mixed images. temperature: 1 in the paper's main runs (section 3.1)."""

    name = "function-matching"
    mixes = True

    temperature: float = option(1.0, 0.1, 100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start_epoch:
            raise InputError(f"{self.name}: start_epoch is {self.start_epoch}", "mixed images have no labels: use 0")

    @property
    def needs_labels(self) -> bool:
        return False

    def build(self, setting: Setting) -> Loss:
        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            teacher = setting.teachers.probabilities(batch.answers, self.temperature)
            return weighted(soft=(1.0, soft_targets(logits, teacher, temperature=self.temperature)))

        return loss
