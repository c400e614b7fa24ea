"""What a record says of the command that made it: all of it, but not where someone keeps files."""

from __future__ import annotations

import pytest
from provenance import without_folders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scripts/record_run search edgekd/recipes/digits.toml", None),
        ("scripts/bench_engine --models ../models", None),
        ("scripts/x --out /home/someone/records/a.json", "scripts/x --out a.json"),
        ("scripts/x --out=/home/someone/a.json", "scripts/x --out=a.json"),
        ("'/home/someone/a model.tflite' is no model", "'a model.tflite' is no model"),
        ("/tmp/run/model.tflite: damaged", "model.tflite: damaged"),
    ],
)
def test_absolute_paths_are_told_by_their_last_name(text: str, told: str | None) -> None:
    assert without_folders(text) == (text if told is None else told)
