"""Tests of scripts/check_link: its package lies in scripts/."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from host_board import build_board

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))


@pytest.fixture(scope="session")
def toy_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware with the toy engine."""
    return build_board(tmp_path_factory.mktemp("board") / "toy")
