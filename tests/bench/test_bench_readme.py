"""The README shows what the record says."""

from __future__ import annotations

import json
from pathlib import Path

from engine_bench.table import short, summary

ROOT = Path(__file__).resolve().parents[2]


def recorded(name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads((ROOT / "scripts" / "results" / name).read_text())["rows"]
    return rows


def test_the_readme_shows_the_recorded_figures() -> None:
    rows, small = recorded("bench_engine.json"), recorded("bench_small_boards.json")
    readme = (ROOT / "README.md").read_text()
    for made in (summary(rows), short(rows), short(small)):
        assert made in readme, f"put the output of scripts/bench_engine --table --short into README.md:\n{made}"
