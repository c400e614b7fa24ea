"""Rows put into a record one board after another, and figures that are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from engine_bench import kept, record
from engine_bench.models import Model

from edgekd.errors import InputError


def model(folder: Path, data: bytes = b"one") -> Model:
    path = folder / "kws.tflite"
    path.write_bytes(data)
    return Model("kws", path, macs=7)


def test_a_board_replaces_its_own_rows_and_no_others(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    for board, figure in (("b2", 1), ("b1", 2), ("b2", 3)):
        results = record.begin(out, [model(tmp_path)])
        record.put(results, {"board": board, "model": "kws", "figure": figure})
        record.save(results, out)
    assert [(row["board"], row["figure"]) for row in record.load(out)["rows"]] == [("b1", 2), ("b2", 3)]


def test_another_file_of_the_same_name_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    record.save(record.begin(out, [model(tmp_path)]), out)
    with pytest.raises(InputError, match="another kws"):
        record.begin(out, [model(tmp_path, b"two")])


@pytest.mark.parametrize("text", ["[]", "{", '{"rows": []}'])
def test_what_is_no_record_is_refused(text: str, tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    out.write_text(text)
    with pytest.raises(InputError, match="not"):
        record.load(out)


def test_figures_are_measured_once_for_the_same_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path))
    calls: list[dict[str, Any]] = []

    def measure() -> dict[str, Any]:
        calls.append({"flash": len(calls)})
        return calls[-1]

    found = [kept.figures(inputs, measure) for inputs in (("a", "b"), ("a", "b"), ("ab", ""))]
    assert found == [{"flash": 0}, {"flash": 0}, {"flash": 1}]
    for path in (tmp_path / "bench").iterdir():
        path.write_text("{")  # a damaged file is measured again
    assert kept.figures(("a", "b"), measure) == {"flash": 2}
    assert len(calls) == 3


def test_a_failure_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path))
    assert kept.figures(["a"], lambda: {"failed": "no compiler"}) == {"failed": "no compiler"}
    assert kept.figures(["a"], lambda: {"flash": 1}) == {"flash": 1}


def test_no_record_tells_where_someone_keeps_files() -> None:
    records = [*(Path(__file__).resolve().parents[2] / "scripts" / "results").rglob("*.json")]
    assert records
    for path in records:
        assert not re.findall(r'(?<=["\s=])/\w[^\s"]*', path.read_text()), path.name
