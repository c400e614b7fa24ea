"""scripts/nightly on few graphs: what it writes, and that it names the graph that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from random_graphs import __main__ as nightly

pytestmark = [pytest.mark.cc, pytest.mark.emulated]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["random_graphs", *arguments])
    return nightly.main()


def test_the_record_says_how_many_graphs_ran_where(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "record.json"
    arguments = ["3", "--target", "cortex-m4", "--board", "mps2-an386", "--board-graphs", "2", "--out", str(out)]
    assert run(monkeypatch, *arguments) == 0
    record = json.loads(out.read_text())
    assert record["exact"] and record["graphs"] == 5 and len(record["commit"]) == 40
    assert record["command"] == f"scripts/nightly {' '.join([*arguments[:-1], out.name])}"
    assert {name: target["graphs"] for name, target in record["targets"].items()} == {"cortex-m4": 3, "mps2-an386": 2}
    assert {"gcc", "arm-none-eabi-gcc", "qemu-system-arm", "tflite-micro"} <= set(record["versions"])


def test_a_graph_that_differs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "record.json"
    monkeypatch.setattr(nightly, "random_parts", lambda random, total: [("ADD", n) for n in range(total)])
    monkeypatch.setattr(
        nightly,
        "differing_on_host",
        lambda parts, *_: ["ADD, seed 1: sample 0, at 2: 3, not 4"] if ("ADD", 1) in parts else [],
    )
    assert run(monkeypatch, "4", "--target", "host", "--out", str(out)) == 1
    record = json.loads(out.read_text())
    (wrong,) = record["targets"]["host"]["differing"]
    assert (wrong["graph"], wrong["seed"]) == ("ADD", 1) and "at 2: 3, not 4" in wrong["problem"]
    assert not record["exact"] and "NOT EXACT" in capsys.readouterr().out
