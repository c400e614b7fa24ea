"""The forward half of a training step: a network and its loss as one Module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.inference import arranged, device_of
from edgekd.errors import EdgekdError, InputError

# What torch raises when a network and its input do not fit.
_MISFIT = (RuntimeError, ValueError, TypeError, IndexError, AttributeError)


class Step(nn.Module):
    """(batch) -> (loss, its parts), computed where the network is. precision, name: see training.py."""

    def __init__(self, model: nn.Module, loss: Loss, precision: str, name: str) -> None:
        super().__init__()
        self.model = model
        self.loss_module = loss.to(device_of(model)) if isinstance(loss, nn.Module) else None
        self._loss, self._name = (loss,), name  # in a tuple, so that a Module is registered once
        self._autocast = precision == "bfloat16"

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        device = device_of(self.model)
        answers = batch.answers.to(device) if batch.answers is not None else None
        batch = batch._replace(x=batch.x.to(device), y=batch.y.to(device), answers=answers)
        try:
            with torch.autocast(device.type, torch.bfloat16, enabled=self._autocast):
                logits = self.model(arranged(batch.x))
        except _MISFIT as error:
            if _is_out_of_memory(error):
                raise
            raise InputError(
                f"{self._name} cannot be trained on a batch of shape {list(batch.x.shape)}: "
                f"{str(error).splitlines()[0]}",
                "samples are (batch, channels, height, width); a batch of one sample does not suit batch normalisation",
            ) from error
        try:
            return self._loss[0](logits.float(), batch)
        except _MISFIT as error:
            if _is_out_of_memory(error):
                raise
            raise InputError(
                f"the loss of {self._name} cannot be computed of logits of shape {list(logits.shape)}: "
                f"{str(error).splitlines()[0]}",
                "a loss of your own takes (student_out, teacher_out, target) and returns a scalar",
            ) from error


@contextlib.contextmanager
def memory_advice(name: str, batch: Batch) -> Iterator[None]:
    """Says what to try when memory runs out inside. Raises EdgekdError then."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise EdgekdError(
            f"memory ran out in training {name} on a batch of {len(batch.x)} samples",
            f"try a smaller batch_size, for example {max(1, len(batch.x) // 2)}",
            'or precision = "bfloat16", or a narrower network',
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    """torch has an exception for accelerators; of the CPU's allocator it tells in words."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)
