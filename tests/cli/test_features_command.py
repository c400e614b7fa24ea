"""edgekd features: from a recipe to C."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from needs import require_program

from edgekd.cli import cli
from edgekd.errors import InputError

RECIPES = Path(__file__).resolve().parents[2] / "edgekd" / "recipes"


@pytest.mark.cc
def test_the_front_end_of_a_recipe_becomes_c_that_compiles(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        cli,
        ["features", str(RECIPES / "keywords.toml"), "--out", str(tmp_path / "c"), "--json"],
        catch_exceptions=False,
    )
    assert run.exit_code == 0
    files = json.loads(run.stdout)["files"]
    assert {path.name for path in (tmp_path / "c").iterdir()} == set(files) >= {"features.h", "front_end.c"}
    assert "#define FRONT_END_FEATURES 10\n" in (tmp_path / "c" / "front_end.h").read_text()
    sources = [name for name in files if name.endswith(".c")]
    subprocess.run([require_program("gcc"), "-std=c11", "-Werror", "-c", *sources], cwd=tmp_path / "c", check=True)


def test_a_recipe_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="watch is not sound"):
        CliRunner().invoke(
            cli, ["features", str(RECIPES / "inertial.toml"), "--out", str(tmp_path / "c")], catch_exceptions=False
        )
    assert not (tmp_path / "c").exists()
