"""Multiply-accumulates of a network, counted by running it once."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from edgekd.distill.inference import device_of, evaluating


@torch.no_grad()
def count_macs(model: nn.Module, sample_shape: tuple[int, ...]) -> int:
    """Multiply-accumulates of convolutions and linear layers for one sample, (channels, …); other layers count 0."""
    total = 0

    def count(module: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        nonlocal total
        weight = module.weight
        assert isinstance(weight, torch.Tensor)
        total += output.numel() * math.prod(weight.shape[1:])

    layers = [module for module in model.modules() if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with evaluating(model):
            model(torch.zeros((1, *sample_shape), device=device_of(model)))
    finally:
        for hook in hooks:
            hook.remove()
    return total
