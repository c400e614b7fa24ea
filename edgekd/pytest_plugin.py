"""pytest plugin: your model on a board, in your tests.

    # conftest.py
    @pytest.fixture(scope="session")
    def edgekd_model():
        return Path("model.tflite")

    # test_on_board.py
    def test_says_seven(device, picture_of_a_seven):
        assert device.infer(picture_of_a_seven).argmax() == 7

    @pytest.mark.edgekd(ram="64k", isa="dsp")       # skipped, with the reason, where the board has less
    def test_is_tflm(device, picture_of_a_seven):
        assert device.infer(picture_of_a_seven) == edgekd.exactly(device.reference(picture_of_a_seven))

`pytest` runs it on an emulated board, `pytest --edgekd-board NAME --edgekd-port /dev/ttyACM0` on a real one,
`pytest --edgekd-farm FILE` on a free board of a farm, with `-n 4` (pytest-xdist) on four of them.

Fixtures:

    board               the board of this session, or of this worker of pytest-xdist: nobody else has it meanwhile
    deployed(model)     the board with a model on it, built and flashed unless it runs that already
    device              deployed(edgekd_model): infer, reference, evaluate, bench, reset
    edgekd_model        for you to define, or --edgekd-model FILE
    edgekd_board        the board's name; define it to compute one

This module is loaded in every pytest run of everyone who has edgekd installed, so it imports nothing at the top.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from edgekd.device.farm import Farm
    from edgekd.evaluate.board import HeldBoard
    from edgekd.evaluate.under_test import BoardUnderTest

_DEFAULT_BOARD = "mps2-an386"
_HELD = pytest.StashKey["HeldBoard"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("edgekd", "models on boards (edgekd)")
    group.addoption("--edgekd-board", metavar="NAME", help=f"board of `edgekd boards` ({_DEFAULT_BOARD})")
    group.addoption("--edgekd-port", metavar="URL", help="serial port of a real board; without it one is emulated")
    group.addoption(
        "--edgekd-farm", metavar="FILE", help="take a free board of this farm, of any kind or --edgekd-board"
    )
    group.addoption("--edgekd-model", metavar="FILE", help="the .tflite to put on the board")
    group.addoption(
        "--edgekd-wait", metavar="SECONDS", type=float, default=600.0, help="for a board that is in use (%(default)g)"
    )
    parser.addini("edgekd_board", "board of `edgekd boards`, unless --edgekd-board names one")
    parser.addini(
        "edgekd_farm", "farm to take a board of, unless --edgekd-farm or --edgekd-port names one", type="paths"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "edgekd(ram, flash, isa, core, board, emulated): skip the test where the board has not at least this RAM or "
        'flash ("64k"), these CPU features ("dsp"), one of these cores or profiles, or is real or emulated',
    )


@pytest.fixture(scope="session")
def edgekd_board(pytestconfig: pytest.Config) -> str | None:
    """Name or profile of the board; override it, or use --edgekd-board. None: any one of the farm."""
    return pytestconfig.getoption("--edgekd-board") or pytestconfig.getini("edgekd_board") or None


@pytest.fixture(scope="session")
def edgekd_model(pytestconfig: pytest.Config) -> Path:
    """Path of the .tflite on the board; override it, or use --edgekd-model."""
    name = pytestconfig.getoption("--edgekd-model")
    if name is None:
        pytest.fail(
            "the device fixture needs a model: pass --edgekd-model FILE.tflite, or define a fixture edgekd_model that "
            "returns its path",
            pytrace=False,
        )
    return Path(name)


@pytest.fixture(scope="session")
def _edgekd_held(edgekd_board: str | None, pytestconfig: pytest.Config) -> Iterator[HeldBoard]:
    """The board, by a name that no fixture of a user's shadows."""
    with _told():
        from edgekd.evaluate.board import hold_any

        farm, profile = _farm(pytestconfig, edgekd_board)
        wait = float(pytestconfig.getoption("--edgekd-wait"))
        holding = hold_any(farm, profile, wait=wait, waiting=lambda words: _say(pytestconfig, words))
        held = holding.__enter__()
    pytestconfig.stash[_HELD] = held
    try:
        yield held
    finally:
        del pytestconfig.stash[_HELD]
        with _told():
            holding.__exit__(None, None, None)


@pytest.fixture(scope="session")
def board(_edgekd_held: HeldBoard) -> HeldBoard:
    """The board of this session: its profile, name, and what it runs. Nobody else has it until the session ends."""
    return _edgekd_held


@pytest.fixture(scope="session")
def deployed(_edgekd_held: HeldBoard) -> Callable[[Path | str], BoardUnderTest]:
    """deployed(MODEL): the board with this .tflite on it, built and flashed unless the board says that it runs it.

    A board runs one model at a time: what an earlier call with another model returned says so when it is used.
    A missing tool skips the test with the reason, and fails it where the environment variable CI is set.
    """

    def put(model: Path | str) -> BoardUnderTest:
        with _told():
            return _edgekd_held.deployed(Path(model))

    return put


@pytest.fixture
def device(deployed: Callable[[Path | str], BoardUnderTest], edgekd_model: Path) -> BoardUnderTest:
    """The board with `edgekd_model` on it, flashed only when it runs something else."""
    return deployed(edgekd_model)


@pytest.fixture
def _edgekd_requirements(request: pytest.FixtureRequest, _edgekd_held: HeldBoard) -> None:
    """Skips the test whose marker asks for more than the board has, before anything is built."""
    from edgekd.evaluate.requirements import unmet

    for marker in request.node.iter_markers("edgekd"):
        with _told():
            if marker.args:
                pytest.fail('pytest.mark.edgekd takes named arguments: ram="64k", isa="dsp"', pytrace=False)
            reason = unmet(marker.kwargs, _edgekd_held.profile, emulated=_edgekd_held.seat.url is None)
        if reason:
            pytest.skip(reason)


def pytest_itemcollected(item: pytest.Item) -> None:
    names: list[str] = getattr(item, "fixturenames", [])
    if item.get_closest_marker("edgekd") and "_edgekd_requirements" not in names:
        names.insert(0, "_edgekd_requirements")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Properties of the test in JUnit's XML: which board, build and model gave its result."""
    held = item.config.stash.get(_HELD, None)
    if held is not None and "_edgekd_held" in getattr(item, "fixturenames", ()):
        item.user_properties += [(f"edgekd_{key}", value) for key, value in held.provenance.items()]


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    import sys

    comparison = sys.modules.get("edgekd.evaluate.comparison")
    if comparison is None or op != "==":
        return None
    expected, actual = (right, left) if isinstance(right, comparison.Exactly) else (left, right)
    if not isinstance(expected, comparison.Exactly):
        return None
    return ["outputs differ from the expected ones", *expected.differences(actual)]


def _farm(config: pytest.Config, name: str | None) -> tuple[Farm, str | None]:
    """The boards to take one of, and the profile it must have."""
    from edgekd.device.farm import load_farm
    from edgekd.evaluate.board import single_board
    from edgekd.firmware.board import load_board

    port, file = config.getoption("--edgekd-port"), config.getoption("--edgekd-farm")
    if port and file:
        pytest.fail("--edgekd-port names a board and --edgekd-farm many: leave one out", pytrace=False)
    if file is None and port is None:
        file = next(iter(config.getini("edgekd_farm")), None)
    if file is None:
        name = name or _DEFAULT_BOARD
        return single_board(load_board(name), port, name), None
    return load_farm(Path(file)), name


def _say(config: pytest.Config, words: str) -> None:
    """A line for the person who wonders what pytest is waiting for."""
    reporter, capture = (config.pluginmanager.get_plugin(name) for name in ("terminalreporter", "capturemanager"))
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"edgekd: {words}")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What edgekd says against it ends the test, without a traceback."""
    from edgekd.errors import EdgekdError
    from edgekd.evaluate.board import MissingToolsError

    try:
        yield
    except MissingToolsError as error:
        _skip_or_fail(str(error))
    except EdgekdError as error:
        pytest.fail(str(error), pytrace=False)


def _skip_or_fail(reason: str) -> None:
    import os

    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
