"""Several teachers as one: the average of their class probabilities, not of their logits.

Hinton et al. 2015 (arXiv:1503.02531, section 3) distill "an ensemble of 10 models" through the average of their
predictions; a mean of probabilities lets a teacher that is unsure count as unsure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from edgekd.distill.teachers.member import Member, ModuleMember
from edgekd.distill.teachers.stored import StoredMember
from edgekd.errors import InputError


class Ensemble:
    """Teachers that are settled (see Member.settle), and how their answers become one.

    Answers are kept as the logits of each teacher, (teachers, samples, classes), -inf for classes it does not know:
    so they can be stored once and used at any temperature.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        weights = torch.tensor([member.spec.weight for member in self.members], dtype=torch.float64)
        self._weights = (weights / weights.sum()).float()
        self._known = torch.stack([member.known() for member in self.members])
        self._plain = bool(self._known.all()) and bool((weights == weights[0]).all())

    def ask(self, x: Tensor) -> Tensor:
        """What each teacher says of samples: logits, (teachers, samples, classes), on the CPU."""
        return torch.stack([member.ask(x) for member in self.members])

    def validation(self, x: Tensor) -> Tensor | None:
        """`ask` of the validation samples; None when only answers to the training samples are stored."""
        said = [m.validation(len(x)) if isinstance(m, StoredMember) else m.ask(x) for m in self.members]
        known = [one for one in said if one is not None]
        return torch.stack(known) if len(known) == len(said) else None

    def probabilities(self, answers: Tensor | None, temperature: float) -> Tensor:
        """The teachers' probabilities at `temperature` together, (samples, classes).

        A class is the mean over those who know it, by weight; what teachers who know different classes say is then
        scaled to add up to 1. answers: (teachers, samples, classes), of `ask`.
        """
        assert answers is not None, "a distilled student's feed has its teachers' answers"
        said = torch.softmax(answers / temperature, dim=-1)
        if self._plain:
            return said.mean(dim=0)
        shares = self._weights.to(said.device)[:, None, None] * self._known.to(said.device)[:, None, :]
        together = (shares * said).sum(dim=0) / shares.sum(dim=0).clamp_min(torch.finfo(said.dtype).tiny)
        return together / together.sum(dim=1, keepdim=True)

    def logits(self, answers: Tensor | None, temperature: float) -> Tensor:
        """Logits that at `temperature` give those probabilities, (samples, classes); of one teacher, its own."""
        assert answers is not None, "a distilled student's feed has its teachers' answers"
        if len(self.members) == 1:
            return answers[0]
        together = self.probabilities(answers, temperature)
        return temperature * together.clamp_min(torch.finfo(together.dtype).tiny).log()

    def require_all_classes(self, method: str) -> None:
        """Raise InputError unless each class is known to a teacher: other methods than soft targets need that."""
        unknown = (~self._known.any(dim=0)).nonzero().flatten().tolist()
        if unknown:
            raise InputError(
                f"{method}: no teacher knows the classes {', '.join(map(str, unknown))}",
                "soft-targets can do without them; see also edgekd.distill.bias",
            )

    def module_members(self, method: str) -> list[ModuleMember]:
        """The teachers, when all are torch networks. Raises InputError otherwise: only these show their layers."""
        for member in self.members:
            if not isinstance(member, ModuleMember):
                raise InputError(
                    f"{method} needs the layers of its teachers, and {member.title} is no torch.nn.Module",
                    "methods of logits take any teacher: soft-targets, dkd, dist, logit-standardization",
                )
        return [member for member in self.members if isinstance(member, ModuleMember)]

    def modules(self, method: str) -> list[nn.Module]:
        return [member.module for member in self.module_members(method)]

    @property
    def stored(self) -> list[StoredMember]:
        """Those whose answers are a table: they cannot be asked about other samples."""
        return [member for member in self.members if isinstance(member, StoredMember)]

    @property
    def classes(self) -> int:
        return int(self._known.shape[1])

    def member_digests(self) -> list[str]:
        """SHA-256 of what decides the answers of each teacher."""
        return [member.digest() for member in self.members]

    def digest(self) -> list[Any]:
        """JSON values that change exactly when what the teachers say together does."""
        return [self.member_digests(), [float(weight) for weight in self._weights]]
