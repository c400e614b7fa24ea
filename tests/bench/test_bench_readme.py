"""The README shows what the record says."""

from __future__ import annotations

import json
from pathlib import Path

from engine_bench.table import short, summary

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_shows_the_recorded_figures() -> None:
    rows = json.loads((ROOT / "scripts" / "results" / "bench_engine.json").read_text())["rows"]
    readme = (ROOT / "README.md").read_text()
    for made in (summary(rows), short(rows)):
        assert made in readme, f"put the output of scripts/bench_engine --table --short into README.md:\n{made}"
