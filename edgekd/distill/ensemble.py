"""Several teachers as one: the average of their class probabilities, not of their logits.

Hinton et al. 2015 (arXiv:1503.02531, section 3) distill "an ensemble of 10 models" through the average of their
predictions; a mean of probabilities lets a teacher that is unsure count as unsure.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgekd.distill.inference import predict
from edgekd.distill.soft_targets import soften


def average(logits: Sequence[Tensor], temperature: float) -> Tensor:
    """Mean over the teachers of their probabilities at `temperature`; logits: one (batch, classes) a teacher."""
    return torch.stack([soften(one, temperature) for one in logits]).mean(dim=0)


@torch.no_grad()
def ensemble(teachers: Sequence[nn.Module], x: Tensor, temperature: float) -> Tensor:
    """What the teachers say of `x` together: probabilities at `temperature`, (samples, classes), on the CPU.

    x: (samples, channels, …), on any device. Teachers are asked in evaluation mode and get their mode back.
    """
    return average([predict(teacher, x) for teacher in teachers], temperature)
