"""A small case of scripts/bench_farm: the same code, a record of the same shape, every answer right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.emulated
def test_a_small_case_is_recorded(tmp_path: Path) -> None:
    out = tmp_path / "farm.json"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "EDGEKD_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "farm_bench", "--samples", "8", "--repetitions", "1", "--out", str(out)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    kept = json.loads((ROOT / "scripts" / "results" / "bench_farm.json").read_text())
    assert record.keys() == kept.keys() and record["result"].keys() == {"line", "cores"} >= kept["result"].keys()
    for found in record["result"].values():
        assert found["equal"] == found["answers"] == 2 * 8
        assert found["repetitions"][0].keys() == {"seconds_1", "seconds_4"} and found["ratio"] > 0
    assert done.stdout.count("16 of 16 outputs equal") == 2


def test_the_record_is_of_a_commit_and_reaches_its_goal() -> None:
    """A line's throughput is its own: four of them carry 3.6 times what one does, whatever the machine."""
    record = json.loads((ROOT / "scripts" / "results" / "bench_farm.json").read_text())
    assert not record["uncommitted"] and len(record["commit"]) == 40
    line = record["result"]["line"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"answer {line['ratio']:.2f} times as fast as one (± {line['deviation']:.2f} over 3 runs" in readme
    assert line["baud"] == 115_200 and line["equal"] == line["answers"] and line["ratio"] >= 3.6
