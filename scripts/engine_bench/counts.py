"""Writes the instruction counts that tests/emulated/test_instruction_counts.py holds the kernels to."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from edgekd.files import write_atomically
from engine_bench.measure import say

_TESTS = Path(__file__).resolve().parents[2] / "tests"


def update() -> int:
    """Count anew and write the file, saying what changed."""
    sys.path.insert(0, str(_TESTS))  # the models are those of the test
    from counted_models import BOARDS, COUNTS, count, counted_models

    before = json.loads(COUNTS.read_text()) if COUNTS.is_file() else {}
    after: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for board in BOARDS:
            after[board] = {}
            for name, data in counted_models().items():
                after[board][name] = count(name, data, board, Path(folder))
                was = before.get(board, {}).get(name)
                change = f", {after[board][name] / was - 1:+.1%}" if was else ""
                say(f"{name} on {board}: {after[board][name]:,} instructions{change}")
    write_atomically(COUNTS, json.dumps(after, indent=1) + "\n")
    say(f"written: {COUNTS}")
    return 0
