"""The README and the page of the benchmark show what the records say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_bench.table import short, summary

ROOT = Path(__file__).resolve().parents[2]


def recorded(name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads((ROOT / "scripts" / "results" / name).read_text())["rows"]
    return rows


def test_the_readme_shows_the_recorded_means() -> None:
    made = summary(recorded("bench_engine.json"))
    readme = (ROOT / "README.md").read_text()
    assert made in readme, f"put the first table of scripts/bench_engine --table --short into README.md:\n{made}"


@pytest.mark.parametrize("record", ["bench_engine.json", "bench_small_boards.json"])
def test_the_page_of_the_benchmark_shows_each_model(record: str) -> None:
    made, page = short(recorded(record)), ROOT / "scripts" / "engine_bench" / "README.md"
    assert made in page.read_text(), f"put the last table of scripts/bench_engine --table --short into {page}:\n{made}"
