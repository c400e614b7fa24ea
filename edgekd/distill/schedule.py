"""One-cycle learning rate: up in a line, down in a cosine (Smith & Topin 2017, arXiv:1708.07120)."""

from __future__ import annotations

import math

_FLOOR = 1e-3  # of the peak, at both ends: the first step already moves, the last ones settle


def one_cycle(step: int, steps: int, peak: float, warmup: float = 0.25) -> float:
    """Learning rate of step `step` of `steps` (from 0); `peak` is reached after the share `warmup` of them."""
    rising = warmup * steps
    if step < rising:
        share = (step + 1) / (rising + 1)
    else:
        share = 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1.0, steps - rising)))
    return peak * (_FLOOR + (1 - _FLOOR) * share)
