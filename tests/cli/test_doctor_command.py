"""edgekd doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgekd.cli import doctor
from edgekd.errors import ToolError


@pytest.mark.emulated
def test_where_everything_needed_is_here_it_says_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path))
    result = CliRunner().invoke(doctor.command, ["--json"])
    assert result.exit_code == 0, result.output
    found = {tool["name"]: tool for tool in json.loads(result.stdout)}
    assert found["platformio"]["version"].startswith("6.")
    for name in ("arm-none-eabi-gcc", "qemu-system-arm"):
        assert found[name]["found"]
        assert found[name]["version"][0].isdigit()
    assert found["PlatformIO core"]["version"].startswith(str(tmp_path))


def test_a_missing_compiler_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(doctor.command, [])
    assert isinstance(result.exception, ToolError)
    assert result.exception.exit_code == 2
    assert "missing: arm-none-eabi-gcc, qemu-system-arm" in str(result.exception)
    assert "apt-get install gcc-arm-none-eabi" in str(result.exception)
    assert result.stdout == ""


def test_what_only_training_needs_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = [doctor.Finding("a", "all", True, "1.0", "x"), doctor.Finding("torch", "training", False, "", "pip")]
    monkeypatch.setattr(doctor, "examine", lambda: tools)
    result = CliRunner().invoke(doctor.command, [])
    assert result.exit_code == 0
    assert "not here" in result.stderr and "pip" in result.stderr


def test_a_program_that_cannot_say_its_version_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gcc").write_text("not a program")
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert {tool.name: tool.version for tool in doctor.examine()}["gcc"] == ""
