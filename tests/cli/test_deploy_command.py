"""edgekd deploy, as programs call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_models import classifier

from edgekd.cli.deploy import command
from edgekd.device.lock import BusyError, held, identity


@pytest.mark.emulated
def test_json_tells_where_the_image_is_and_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEKD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("small.tflite").write_bytes(classifier())
    arguments = ["small.tflite", "--board", "mps2-an386"]
    result = CliRunner().invoke(command, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["project"] == "small-mps2-an386"
    assert Path(told["elf"]).is_file()
    flash = told["flash_bytes"]
    assert flash["total"] == flash["weights"] + flash["engine"]
    assert told["ram_bytes"]["arena"] > 0
    assert told["built"] is True and told["uploaded"] is False

    again = CliRunner().invoke(command, [*arguments, "--port", "/dev/ttyACM0"])
    assert again.exit_code == 0 and again.stdout == ""
    assert "(unchanged)" in again.stderr
    assert "nothing to do: mps2-an386 is emulated" in again.stderr


def test_a_board_in_use_is_not_flashed(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(classifier())
    port = str(tmp_path / "port")
    arguments = [str(model), "--board", "netduinoplus2", "--port", port, "--out", str(tmp_path / "project")]
    with held(identity(port), "bench"):
        result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, BusyError) and "netduinoplus2 is in use by" in str(result.exception)
    assert not (tmp_path / "project").exists()
