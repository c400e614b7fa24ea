"""Random numbers that depend on a seed and a place, not on what ran before.

Every epoch begins with streams made of (seed, epoch), so training that resumes at an epoch draws what an
uninterrupted one draws.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def mixed(*parts: int) -> int:
    """A 63-bit seed made of several numbers, so that neighbouring parts give unrelated streams."""
    state = np.random.SeedSequence(parts).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's, numpy's and torch's global random numbers start from `seed` inside; their state returns outside.

    torch: of the CPU. For dropout, a loader's shuffling and transforms of the user's.
    """
    kept_python, kept_numpy, kept_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(kept_python)
        np.random.set_state(kept_numpy)
        torch.set_rng_state(kept_torch)
