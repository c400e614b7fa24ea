"""Places blocks that live for a span of steps into one memory, so that no two alive at once get in each other's way."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
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
class Overlap:
    """How block `new` may share memory with block `old`, which is read while `new` is written.

    new may begin at least `below` bytes before old begins, or at least `above` bytes after it begins, or, if `same`,
    exactly where old begins. None: only so that they do not meet.
    """

    below: int | None = None
    above: int | None = None
    same: bool = False


@dataclass(frozen=True)
class Packing:
    """offsets: of each block, in the order given. total: bytes of the memory. bound: no packing is smaller."""

    offsets: tuple[int, ...]
    total: int
    bound: int


def aligned(size: int) -> int:
    """`size` rounded up to a whole number of alignments."""
    return -(-size // ALIGNMENT) * ALIGNMENT


# For block i and a neighbour j that has its place: the differences start_i - start_j that are forbidden, as open
# intervals.
_Forbidden = tuple[tuple[int, int], ...]


def pack(
    blocks: Sequence[Block], overlaps: Mapping[tuple[int, int], Overlap] | None = None, *, thorough: bool = True
) -> Packing:
    """The smallest packing found among several greedy orders and, if they miss the bound, random ones.

    Greedy in the sense of "Efficient Memory Management for Deep Neural Net Inference" (Pisarchyk and Lee, 2020,
    section 5): blocks one after the other, each at the lowest offset free of those it shares a step with. Which
    order is best differs from graph to graph, and trying all costs milliseconds. The result depends on nothing
    but the arguments.

    overlaps: by (new, old), indices into blocks; old's last step is new's first. thorough: try the random orders.
    """
    overlaps = overlaps or {}
    neighbours = _neighbours(blocks, overlaps)
    bound = _bound(blocks, overlaps)
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
    if thorough:
        best = _shuffle(blocks, neighbours, best, bound, min(_SHUFFLES, tries - len(orders)))
    return Packing(tuple(best[1]), best[0], bound)


def _neighbours(
    blocks: Sequence[Block], overlaps: Mapping[tuple[int, int], Overlap]
) -> list[list[tuple[int, _Forbidden]]]:
    """For each block those that share a step with it, and how it may not lie towards them."""
    found: list[list[tuple[int, _Forbidden]]] = [[] for _ in blocks]
    alive: list[int] = []
    for i in sorted(range(len(blocks)), key=lambda i: blocks[i].first):
        alive = [j for j in alive if blocks[j].last >= blocks[i].first]
        for j in alive:
            old, new = (i, j) if (j, i) in overlaps else (j, i)
            intervals = _forbidden(blocks[new], blocks[old], overlaps.get((new, old), Overlap()))
            found[new].append((old, intervals))
            found[old].append((new, tuple((-high, -low) for low, high in intervals)))
        alive.append(i)
    return found


def _forbidden(new: Block, old: Block, overlap: Overlap) -> _Forbidden:
    """The differences new's start - old's start at which they are in each other's way."""
    low = -aligned(new.size) if overlap.below is None else -min(aligned(overlap.below), aligned(new.size))
    high = aligned(old.size) if overlap.above is None else min(aligned(overlap.above), aligned(old.size))
    if low >= high:
        return ()
    return ((low, 0), (0, high)) if overlap.same and low < 0 < high else ((low, high),)


def _bound(blocks: Sequence[Block], overlaps: Mapping[tuple[int, int], Overlap]) -> int:
    """The most bytes alive at once. Where blocks overlap, before the new one is written, or after."""
    spans = [(block.first, block.last) for block in blocks]
    changes: dict[int, int] = {}
    for block, (first, last) in zip(blocks, spans, strict=True):
        changes[2 * first] = changes.get(2 * first, 0) + aligned(block.size)
        changes[2 * last + 2] = changes.get(2 * last + 2, 0) - aligned(block.size)
    for new in {new for new, _ in overlaps}:  # as if it came in the second half of its first step …
        changes[2 * spans[new][0]] -= aligned(blocks[new].size)
        changes[2 * spans[new][0] + 1] = changes.get(2 * spans[new][0] + 1, 0) + aligned(blocks[new].size)
    for old in {old for _, old in overlaps}:  # … and the old one went in the middle of its last
        changes[2 * spans[old][1] + 1] = changes.get(2 * spans[old][1] + 1, 0) - aligned(blocks[old].size)
        changes[2 * spans[old][1] + 2] += aligned(blocks[old].size)
    most = now = 0
    for step in sorted(changes):
        now += changes[step]
        most = max(most, now)
    return most


def _pressure(blocks: Sequence[Block], neighbours: Sequence[Sequence[tuple[int, _Forbidden]]], i: int) -> int:
    """Bytes of everything that shares a step with block i, itself included."""
    return blocks[i].size + sum(blocks[j].size for j, _ in neighbours[i])


def _place(
    blocks: Sequence[Block], neighbours: Sequence[Sequence[tuple[int, _Forbidden]]], order: Sequence[int]
) -> tuple[int, list[int]]:
    """Total bytes and offsets when the blocks are placed in this order."""
    offsets = [-1] * len(blocks)
    total = 0
    for i in order:
        taken = sorted(
            (offsets[j] + low, offsets[j] + high)
            for j, intervals in neighbours[i]
            if offsets[j] >= 0
            for low, high in intervals
        )
        at = 0
        for low, high in taken:
            if low >= at:
                break  # neither this interval nor one that begins later holds `at`
            at = max(at, high)
        offsets[i] = at
        total = max(total, at + aligned(blocks[i].size))
    return total, offsets


def _shuffle(
    blocks: Sequence[Block],
    neighbours: Sequence[Sequence[tuple[int, _Forbidden]]],
    best: tuple[int, list[int]],
    bound: int,
    tries: int,
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
