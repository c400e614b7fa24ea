"""pytest plugin: a `device` fixture, a board that runs your model.

    # conftest.py
    @pytest.fixture(scope="session")
    def edgekd_model():
        return Path("model.tflite")

    # test_on_board.py
    def test_says_seven(device, picture_of_a_seven):
        assert device.infer(picture_of_a_seven).argmax() == 7

`pytest` runs it on an emulated board, `pytest --edgekd-board NAME --edgekd-port /dev/ttyACM0` on a real one. The
model is built and flashed once a session. Instead of the fixture, `--edgekd-model FILE` names it.

This module is loaded in every pytest run of everyone who has edgekd installed, so it imports nothing at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from edgekd.evaluate.under_test import BoardUnderTest

_DEFAULT_BOARD = "mps2-an386"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("edgekd", "models on boards (edgekd)")
    group.addoption("--edgekd-board", metavar="NAME", help=f"board of `edgekd boards` ({_DEFAULT_BOARD})")
    group.addoption("--edgekd-port", metavar="URL", help="serial port of a real board; without it one is emulated")
    group.addoption("--edgekd-model", metavar="FILE", help="the .tflite to put on the board")
    parser.addini("edgekd_board", "board of `edgekd boards`, unless --edgekd-board names one", default=_DEFAULT_BOARD)


@pytest.fixture(scope="session")
def edgekd_board(pytestconfig: pytest.Config) -> str:
    """Name or profile of the board; override it, or use --edgekd-board."""
    return str(pytestconfig.getoption("--edgekd-board") or pytestconfig.getini("edgekd_board"))


@pytest.fixture(scope="session")
def edgekd_model(pytestconfig: pytest.Config) -> Path:
    """Path of the .tflite on the board; override it, or use --edgekd-model."""
    name = pytestconfig.getoption("--edgekd-model")
    if name is None:
        pytest.fail(
            "the device fixture needs a model: pass --edgekd-model FILE.tflite, or define a session-scoped fixture "
            "edgekd_model that returns its path",
            pytrace=False,
        )
    return Path(name)


@pytest.fixture(scope="session")
def device(
    edgekd_board: str,
    edgekd_model: Path,
    pytestconfig: pytest.Config,
    record_testsuite_property: Callable[[str, object], None],
) -> Iterator[BoardUnderTest]:
    """A board that runs `edgekd_model`: built and flashed once, the same for all tests of the session.

    A missing tool skips the test with the reason, and fails it where the environment variable CI is set.
    """
    from edgekd.errors import EdgekdError
    from edgekd.evaluate.board import MissingToolsError, board_under_test

    try:
        board = board_under_test(edgekd_model, edgekd_board, port=pytestconfig.getoption("--edgekd-port"), flash=True)
        with board as running:
            for key, value in running.provenance.items():
                record_testsuite_property(f"edgekd_{key}", value)
            yield running
    except MissingToolsError as error:
        _skip_or_fail(str(error))
    except EdgekdError as error:
        pytest.fail(str(error), pytrace=False)


def _skip_or_fail(reason: str) -> None:
    import os

    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
