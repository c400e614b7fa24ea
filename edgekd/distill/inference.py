"""Asking a network without changing it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

_BATCH = 512  # large enough to be fast, small enough for a few MB of activations


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """`model` in evaluation mode inside, every module's own mode again outside."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@torch.no_grad()
def predict(model: nn.Module, x: Tensor) -> Tensor:
    """Logits of every sample in evaluation mode: (samples, classes), on the CPU. x: (samples, channels, …)."""
    device = device_of(model)
    with evaluating(model):
        return torch.cat([model(arranged(batch.to(device))).cpu() for batch in torch.split(x, _BATCH)])


def accuracy(scores: Tensor, y: Tensor) -> float:
    """Percent of samples whose highest score is that of their label. scores: (samples, classes); y: (samples,)."""
    return 100.0 * float((scores.argmax(dim=1) == y).double().mean())


def device_of(model: nn.Module) -> torch.device:
    """Where a network computes; the CPU for one without parameters."""
    parameter = next(model.parameters(), None)
    return parameter.device if parameter is not None else torch.device("cpu")


def arranged(x: Tensor) -> Tensor:
    """Images with their channels last in memory (the shape stays): convolutions on a CPU are faster that way."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
