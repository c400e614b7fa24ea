"""Tests of scripts/bench_engine: its package lies in scripts/; what it builds goes into a folder of this session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$EDGEKD_HOME."""
    folder = tmp_path_factory.mktemp("edgekd-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKD_HOME", str(folder))
        yield folder
