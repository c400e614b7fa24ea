"""The toy board: built once, started as often as a test likes."""

from __future__ import annotations

from pathlib import Path

import pytest
from host_board import build_board


@pytest.fixture(scope="session")
def toy_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware with the toy engine (tests/firmware/runtime/host/toy_engine.c): one inference, one exchange."""
    return build_board(tmp_path_factory.mktemp("board") / "toy")


@pytest.fixture(scope="session")
def large_toy_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with tensors of many frames."""
    return build_board(tmp_path_factory.mktemp("board") / "large", "TOY_BYTES=2500u")
