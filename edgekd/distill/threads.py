"""As many threads as a step pays for: on a small network, waiting for each other costs more than it saves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

# Multiply-accumulates of a forward pass over one batch that keep one thread busy for about half a millisecond,
# some ten times what it takes to wake another.
_WORTH_A_THREAD = 25_000_000


@contextlib.contextmanager
def suited_threads(macs: int) -> Iterator[None]:
    """torch's thread count for steps of `macs` multiply-accumulates inside, its own again outside.

    Never more than torch was set to. The count follows from the network and the batch alone, so that results repeat.
    """
    own = torch.get_num_threads()
    torch.set_num_threads(max(1, min(own, macs // _WORTH_A_THREAD)))
    try:
        yield
    finally:
        torch.set_num_threads(own)
