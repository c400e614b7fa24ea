"""edgekd boards."""

from __future__ import annotations

import json

from click.testing import CliRunner

from edgekd.cli.boards import command


def test_json_is_the_profiles_and_alone_on_stdout() -> None:
    result = CliRunner().invoke(command, ["--json"])
    assert result.exit_code == 0
    assert result.stderr == ""
    boards = {board["name"]: board for board in json.loads(result.stdout)}
    assert boards["netduinoplus2"]["memory"]["ram"] == 131072
    assert boards["netduinoplus2"]["cpu"]["core"] == "cortex-m4"
    assert boards["mps2-an386"]["emulator"]["machine"] == "mps2-an386"
    assert not boards["mps2-an386"]["can_upload"]
    assert boards["nucleo_f446re"]["emulator"] is None and boards["nucleo_f446re"]["can_upload"]


def test_the_list_for_people_goes_to_stderr() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert result.stdout == ""
    for name in ("mps2-an386", "netduinoplus2", "nucleo_f446re"):
        assert name in result.stderr
