"""PlatformIO's core folder: prepared once, repaired, safe for processes at once, without the user's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgekd.errors import ToolError
from edgekd.firmware import platformio
from edgekd.firmware.platformio import ensure_core, environment, pio


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_text(), path.stat().st_mtime_ns) for path in files}


def test_it_lies_below_edgekds_home_and_a_second_call_changes_nothing(fresh: Path) -> None:
    core = ensure_core()
    assert core.is_relative_to(fresh)
    before = snapshot(core)
    assert ensure_core() == core
    assert snapshot(core) == before


def test_platformio_takes_the_package_for_its_own(fresh: Path) -> None:
    result = pio(["pkg", "list", "--global", "--only-tools"])
    assert result.returncode == 0, result.stdout
    assert "tool-scons" in result.stdout


def test_a_damaged_package_is_repaired(fresh: Path) -> None:
    script = ensure_core() / "packages" / "tool-scons" / "scons.py"
    good = script.read_text()
    script.write_text(good[:10])
    ensure_core()
    assert script.read_text() == good


def test_several_processes_at_once(fresh: Path) -> None:
    code = "from edgekd.firmware.platformio import ensure_core; print(ensure_core())"
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(said) == 1
    package = Path(said.pop().strip()) / "packages" / "tool-scons"
    assert sorted(path.name for path in package.iterdir()) == [".piopm", "package.json", "scons.py"]
    assert json.loads((package / ".piopm").read_text())["name"] == "tool-scons"


def test_another_scons_than_platformio_wants_is_refused(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"platformio": "6.2.0", "scons": "4.5.2"}
    monkeypatch.setattr(platformio, "_version", versions.__getitem__)
    with pytest.raises(ToolError, match=r"builds with SCons \d+\.\d+\.\d+, installed is 4\.5\.2") as caught:
        ensure_core()
    assert "pip install scons==" in str(caught.value)


def test_a_home_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "file"))
    with pytest.raises(ToolError, match="cannot prepare PlatformIO's folder"):
        ensure_core()


def test_the_users_own_settings_do_not_reach_it(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORMIO_BUILD_FLAGS", "-DSURPRISE")
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", "/elsewhere")
    variables = environment()
    assert "PLATFORMIO_BUILD_FLAGS" not in variables
    assert variables["PLATFORMIO_CORE_DIR"] == str(ensure_core())
    assert variables["PLATFORMIO_SETTING_ENABLE_TELEMETRY"] == "no"
