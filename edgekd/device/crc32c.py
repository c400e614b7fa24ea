"""CRC-32C (Castagnoli 1993), the digest of whole samples and results: PROTOCOL.md, "Why two polynomials"."""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78  # reflected


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = [_entry(value) for value in range(256)]


def crc32c(data: bytes, crc: int = 0) -> int:
    """The checksum of `data`, carried on from that of what came before."""
    crc ^= 0xFFFFFFFF
    table = _TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
