"""Training in several processes, with torch's own DistributedDataParallel.

Start the same program in each of them (`torchrun --nproc-per-node 2 train.py`), call
`torch.distributed.init_process_group("gloo")` in it, then train as always: every process draws the same batches and
takes its part of each, so the losses are those of one process. Batch normalisation sees its process's part alone, and
so do losses that compare the samples of a batch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from edgekd.distill.feeds import Batch
from edgekd.errors import InputError


def processes() -> int:
    """How many processes train together; 1 outside of a process group."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this process is the one that writes files."""
    return processes() == 1 or distributed.get_rank() == 0


@contextlib.contextmanager
def shared(step: nn.Module) -> Iterator[nn.Module]:
    """`step` with its gradients averaged over the processes."""
    if processes() == 1:
        yield step
        return
    yield DistributedDataParallel(step, find_unused_parameters=True)


def own_part(batch: Batch) -> Batch:
    """This process's part of a batch. Raises InputError when the batch cannot be split evenly."""
    count = processes()
    if count == 1:
        return batch
    if len(batch.x) % count:
        raise InputError(
            f"a batch of {len(batch.x)} samples does not split evenly over {count} processes",
            f"choose a batch_size that is a multiple of {count}",
        )
    part = slice(distributed.get_rank(), None, count)
    return Batch(
        batch.x[part],
        batch.y[part],
        batch.answers[:, part] if batch.answers is not None else None,
        batch.chosen[part] if batch.chosen is not None else None,
        batch.epoch,
    )


def averaged(losses: dict[str, float]) -> dict[str, float]:
    """Each loss as the mean over the processes."""
    if processes() == 1:
        return losses
    values: Tensor = torch.tensor(list(losses.values()), dtype=torch.float64)
    distributed.all_reduce(values)
    return dict(zip(losses, (values / processes()).tolist(), strict=True))
