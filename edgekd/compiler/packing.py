"""Places blocks that live for a span of steps into one memory, so that no two alive at once overlap."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGNMENT = 4  # of every block: the kernels' widest access
_SHUFFLES = 200  # random orders tried when the sorted ones leave a gap above the lower bound
_WORK = 2_000_000  # pairs of blocks alive together looked at in all orders: keeps the largest graph to seconds
_SEED = 0


@dataclass(frozen=True)
class Block:
    """size: bytes. first, last: the steps it is alive, both included."""

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Packing:
    """offsets: of each block, in the order given. total: bytes of the memory. bound: no packing is smaller."""

    offsets: tuple[int, ...]
    total: int
    bound: int


def aligned(size: int) -> int:
    """`size` rounded up to a whole number of alignments."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def pack(blocks: Sequence[Block]) -> Packing:
    """The smallest packing found among several greedy orders and, if they miss the bound, random ones.

    Greedy in the sense of "Efficient Memory Management for Deep Neural Net Inference" (Pisarchyk and Lee, 2020,
    section 5): blocks one after the other, each at the lowest offset free of those it shares a step with. Which
    order is best differs from graph to graph, and trying all costs milliseconds. The result depends on nothing
    but `blocks`.
    """
    neighbours = _neighbours(blocks)
    bound = _bound(blocks)
    everyone = range(len(blocks))
    orders: list[Callable[[int], tuple[int, ...]]] = [
        lambda i: (-blocks[i].size, blocks[i].first),
        lambda i: (blocks[i].first, -blocks[i].size),
        lambda i: (blocks[i].first - blocks[i].last, -blocks[i].size),
        lambda i: (-blocks[i].size * (1 + blocks[i].last - blocks[i].first), blocks[i].first),
        lambda i: (-_pressure(blocks, neighbours, i), -blocks[i].size),
        lambda i: (-blocks[i].last, -blocks[i].size),
    ]
    pairs = len(blocks) + sum(len(others) for others in neighbours)
    tries = 1 + _WORK // max(pairs, 1)
    best: tuple[int, list[int]] | None = None
    for order in orders[:tries]:
        attempt = _place(blocks, neighbours, sorted(everyone, key=order))
        if best is None or attempt[0] < best[0]:
            best = attempt
        if best[0] == bound:
            break
    assert best is not None
    best = _shuffle(blocks, neighbours, best, bound, min(_SHUFFLES, tries - len(orders)))
    return Packing(tuple(best[1]), best[0], bound)


def _neighbours(blocks: Sequence[Block]) -> list[list[int]]:
    """For each block those that share a step with it."""
    found: list[list[int]] = [[] for _ in blocks]
    alive: list[int] = []
    for i in sorted(range(len(blocks)), key=lambda i: blocks[i].first):
        alive = [j for j in alive if blocks[j].last >= blocks[i].first]
        for j in alive:
            found[i].append(j)
            found[j].append(i)
        alive.append(i)
    return found


def _bound(blocks: Sequence[Block]) -> int:
    """The most bytes alive in any step."""
    changes: dict[int, int] = {}
    for block in blocks:
        changes[block.first] = changes.get(block.first, 0) + aligned(block.size)
        changes[block.last + 1] = changes.get(block.last + 1, 0) - aligned(block.size)
    most = now = 0
    for step in sorted(changes):
        now += changes[step]
        most = max(most, now)
    return most


def _pressure(blocks: Sequence[Block], neighbours: Sequence[Sequence[int]], i: int) -> int:
    """Bytes of everything that shares a step with block i, itself included."""
    return blocks[i].size + sum(blocks[j].size for j in neighbours[i])


def _place(blocks: Sequence[Block], neighbours: Sequence[Sequence[int]], order: Sequence[int]) -> tuple[int, list[int]]:
    """Total bytes and offsets when the blocks are placed in this order."""
    offsets = [-1] * len(blocks)
    total = 0
    for i in order:
        size = aligned(blocks[i].size)
        taken = sorted((offsets[j], offsets[j] + aligned(blocks[j].size)) for j in neighbours[i] if offsets[j] >= 0)
        at = 0
        for start, end in taken:
            if start - at >= size:
                break
            at = max(at, end)
        offsets[i] = at
        total = max(total, at + size)
    return total, offsets


def _shuffle(
    blocks: Sequence[Block], neighbours: Sequence[Sequence[int]], best: tuple[int, list[int]], bound: int, tries: int
) -> tuple[int, list[int]]:
    """Hill climbing: swap two places in the order, keep what is not worse."""
    generator = random.Random(_SEED)
    order = sorted(range(len(blocks)), key=lambda i: (best[1][i], -blocks[i].size))
    current = best[0]
    for _ in range(tries):
        if best[0] == bound:
            break
        a, b = generator.randrange(len(order)), generator.randrange(len(order))
        order[a], order[b] = order[b], order[a]
        attempt = _place(blocks, neighbours, order)
        if attempt[0] <= current:
            current = attempt[0]
            best = min(best, attempt, key=lambda found: found[0])
        else:
            order[a], order[b] = order[b], order[a]
    return best
