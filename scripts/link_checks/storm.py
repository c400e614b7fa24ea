"""Inferences over a line that damages bytes, to a board that restarts: every result is that of its sample, or there is
an error. The board is the firmware built for this machine with the sanitizers, its engine one whose answers the host
can work out (tests/firmware/runtime/host/toy_engine.c)."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host_board import board_on_tcp, build_board

from edgekd.device.client import connect
from edgekd.device.proxy import KINDS, after_bytes, at_random
from link_checks.record import RESULTS, circumstances, first_line, save

_BYTES_OF_A_SAMPLE = 130  # on the wire, and not sent twice: so that the last restart comes before the last sample


def toy_sample(seed: int) -> list[bytes]:
    """Random inputs that ask the engine for nothing but the answer."""
    chance = random.Random(seed)
    return [bytes([chance.randrange(100)]) + chance.randbytes(99), chance.randbytes(3)]


def toy_answer(sample: list[bytes]) -> bytes:
    a, b = sample
    return bytes((value + b[i % len(b)]) % 256 for i, value in enumerate(a))


def run(program: Path, inferences: int, one_in: int, restarts: int, seed: int) -> dict[str, Any]:
    """Stream so many samples; what came of them. one_in: bytes, one of which is damaged, in each direction."""
    presses = 0

    def press() -> None:
        nonlocal presses
        presses += 1
        board.restart()

    every = inferences * _BYTES_OF_A_SAMPLE // (restarts + 1)
    positions = [every * (number + 1) + 17 * number for number in range(restarts)]
    ways = after_bytes(positions, press, at_random(KINDS, one_in, seed)), at_random(KINDS, one_in, seed + 1)
    started = time.monotonic()
    with board_on_tcp(program, *ways) as (board, url), connect(url) as device:
        right = wrong = out_of_order = 0

        def samples() -> Iterator[list[bytes]]:
            return (toy_sample(number) for number in range(inferences))

        for expected, result in enumerate(device.stream(samples())):
            out_of_order += result.index != expected
            if result.outputs[0] == toy_answer(toy_sample(result.index)):
                right += 1
            else:
                wrong += 1
        damaged = device.stats().damaged_frames
        link = asdict(device.link)
    return {
        "inferences": inferences,
        "right": right,
        "wrong": wrong,
        "out_of_order": out_of_order,
        "missing": inferences - right - wrong,
        "restarts_made": presses,
        "one_byte_damaged_in": one_in,
        "faults": list(KINDS),
        "damaged_frames_at_the_board_since_its_last_restart": damaged,
        "link": link,
        "seconds": round(time.monotonic() - started, 1),
        "seed": seed,
    }


def is_good(result: dict[str, Any]) -> bool:
    return bool(result["right"] == result["inferences"] and result["out_of_order"] == result["wrong"] == 0)


def main(command: str, inferences: int, one_in: int, restarts: int, seed: int, out: Path | None) -> int:
    made_by = circumstances(command, {"gcc": first_line("gcc", "--version")})
    with tempfile.TemporaryDirectory() as scratch:
        result = run(build_board(Path(scratch) / "board"), inferences, one_in, restarts, seed)
    print(", ".join(f"{name} {value}" for name, value in result.items() if not isinstance(value, (dict, list))))
    print(", ".join(f"{name} {value}" for name, value in result["link"].items()))
    save(out or RESULTS / "link_storm.json", made_by, result)
    return int(not is_good(result))
