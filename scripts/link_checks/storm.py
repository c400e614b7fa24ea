"""Inferences over a line that damages bytes, to a board that restarts: every result is that of its sample, or there is
an error. storm_boards.py has the boards."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgekd.device.client import connect
from edgekd.device.proxy import KINDS, after_bytes, at_random
from link_checks.record import RESULTS, circumstances, first_line, save
from link_checks.storm_boards import Sample, Subject, emulated_subject, host_board

_BYTES_BESIDE = 27  # of a sample on the wire, and not sent twice: so that the last restart comes before the last sample


def run(
    subject: Subject, inferences: int, one_in: int, restarts: int, seed: int, seconds: float = math.inf
) -> dict[str, Any]:
    """Stream so many samples; what came of them. one_in: bytes, one of which is damaged, in each direction. seconds:
    after which no more are begun, and the restarts that were to come are left out."""
    presses = begun = 0

    def press() -> None:
        nonlocal presses
        presses += 1
        restart()

    every = inferences * (subject.sample_bytes + _BYTES_BESIDE) // (restarts + 1)
    positions = [every * (number + 1) + 17 * number for number in range(restarts)]
    ways = after_bytes(positions, press, at_random(KINDS, one_in, seed)), at_random(KINDS, one_in, seed + 1)
    started = time.monotonic()
    with subject.running(*ways) as (restart, url), connect(url) as device:
        right = wrong = out_of_order = 0

        def samples() -> Iterator[Sample]:
            nonlocal begun
            while begun < inferences and time.monotonic() < started + seconds:
                begun += 1
                yield subject.sample(begun - 1)

        for expected, result in enumerate(device.stream(samples(), prefetch=subject.prefetch)):
            out_of_order += result.index != expected
            if result.outputs[0] == subject.answer(result.index):
                right += 1
            else:
                wrong += 1
        damaged = device.stats().damaged_frames
        link = asdict(device.link)
    return {
        "inferences": begun,
        "right": right,
        "wrong": wrong,
        "out_of_order": out_of_order,
        "missing": begun - right - wrong,
        "restarts_made": presses,
        "one_byte_damaged_in": one_in,
        "faults": list(KINDS),
        "damaged_frames_at_the_board_since_its_last_restart": damaged,
        "link": link,
        "seconds": round(time.monotonic() - started, 1),
        "seed": seed,
    }


def is_good(result: dict[str, Any]) -> bool:
    return bool(0 < result["right"] == result["inferences"] and result["out_of_order"] == result["wrong"] == 0)


def main(
    command: str,
    board: str | None,
    inferences: int,
    one_in: int,
    restarts: int,
    seed: int,
    seconds: float,
    out: Path | None,
) -> int:
    """board: an emulated one, instead of the firmware built for this machine."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subject = host_board(folder) if board is None else emulated_subject(board, folder, inferences, seed)
        made_by = circumstances(command, {name: first_line(name, "--version") for name in subject.programs})
        result = run(subject, inferences, one_in, restarts, seed, seconds)
    print(", ".join(f"{name} {value}" for name, value in result.items() if not isinstance(value, (dict, list))))
    print(", ".join(f"{name} {value}" for name, value in result["link"].items()))
    save(out or RESULTS / "link_storm.json", made_by, result, key=subject.name)
    return int(not is_good(result))
