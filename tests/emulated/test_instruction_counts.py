"""Kernels must not become slower unnoticed: instructions of small models against the committed counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from counted_models import BOARDS, COUNTS, count, counted_models

TOLERANCE = 0.02


@pytest.mark.emulated
@pytest.mark.parametrize("board", BOARDS)
def test_an_inference_takes_no_more_instructions_than_before(board: str, tmp_path: Path) -> None:
    committed = json.loads(COUNTS.read_text())[board]
    models = counted_models()
    assert set(committed) == set(models)
    counted = {name: count(name, model, board, tmp_path) for name, model in models.items()}
    slower = {name: f"{committed[name]} -> {n}" for name, n in counted.items() if n > committed[name] * (1 + TOLERANCE)}
    assert not slower, (
        f"instructions of an inference on {board} rose: {slower}; if that is meant, say why and run"
        " scripts/bench_engine --update-counts"
    )
