"""Damaged copies of a .tflite file: what a broken download, a bad tool or somebody curious would feed the compiler."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

_EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def flipped_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def extreme_words(data: bytes, chance: random.Random) -> bytes:
    """Sizes, offsets and dimensions turned huge, negative or zero."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 3))):
        at = chance.randrange(len(changed) // 4 - 1) * 4
        struct.pack_into("<I", changed, at, chance.choice(_EXTREMES))
    return bytes(changed)


def cyclic_offsets(data: bytes, chance: random.Random) -> bytes:
    """Offsets that lead back: to themselves, to the root, to each other."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32))):
        at = chance.randrange(len(changed) // 4 - 1) * 4
        target = chance.choice((at, 0, 4, chance.randrange(len(changed))))
        struct.pack_into("<I", changed, at, (target - at) & 0xFFFFFFFF)
    return bytes(changed)


def swapped_blocks(data: bytes, chance: random.Random) -> bytes:
    size = chance.choice((4, 16, 256))
    a, b = (chance.randrange(max(1, len(data) - size)) for _ in range(2))
    changed = bytearray(data)
    changed[a : a + size], changed[b : b + size] = data[b : b + size], data[a : a + size]
    return bytes(changed[: len(data)])


def grown_fields(data: bytes, chance: random.Random) -> bytes:
    """Numbers that stay plausible: a dimension, an index or a count one off, doubled, halved or small."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(changed) // 4 - 1) * 4
        value = struct.unpack_from("<I", changed, at)[0]
        new = chance.choice((value + 1, value - 1, value * 2, value // 2, chance.randrange(64)))
        struct.pack_into("<I", changed, at, new & 0xFFFFFFFF)
    return bytes(changed)


_KINDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncated,
    flipped_bits,
    extreme_words,
    cyclic_offsets,
    swapped_blocks,
    grown_fields,
)


def mutants(data: bytes, count: int, *, seed: int = 0, structure: int | None = None) -> Iterator[tuple[str, bytes]]:
    """`count` damaged copies with the name of what was done to each; the same for the same seed.

    structure: only the first bytes up to there and the last as many are damaged in half of the copies: in a real
    model most of the bytes are weights, where a change is no damage.
    """
    chance = random.Random(seed)
    for index in range(count):
        kind = _KINDS[index % len(_KINDS)]
        if structure and kind is not truncated and chance.random() < 0.5 and len(data) > 2 * structure:
            start = chance.choice((0, len(data) - structure))
            part = kind(data[start : start + structure], chance)
            mutant = data[:start] + part + data[start + structure :]
        else:
            mutant = kind(data, chance)
        yield f"{kind.__name__} {index}", mutant
