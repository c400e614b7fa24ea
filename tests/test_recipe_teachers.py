"""Teachers and methods as a recipe names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekd.config import Recipe, load_recipe
from edgekd.errors import InputError

RECIPE = """\
name = "r"
data = { source = "digits" }
student = { model = "mlp", epochs = 1 }
"""
TEACHER = 'teacher = { model = "mlp", epochs = 1 }\n'


def loaded(folder: Path, text: str) -> Recipe:
    (folder / "r.toml").write_text(text)
    return load_recipe(folder / "r.toml")


def test_files_lie_beside_the_recipe(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, RECIPE + '[[teacher_files]]\npath = "t.onnx"\nweight = 2\nmean = [0.5]\n')
    assert [file.path for file in recipe.teacher_files] == [tmp_path / "t.onnx"]
    assert recipe.teacher is None


def test_options_of_a_method_stand_in_either_place(tmp_path: Path) -> None:
    text = RECIPE + TEACHER + '[distill]\nmethod = "dkd"\ntemperature = 3.0\noptions = { beta = 2.0 }\n'
    recipe = loaded(tmp_path, text)
    assert recipe.distill.method_options() == {"beta": 2.0, "temperature": 3.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RECIPE, r"r\.toml: teacher is missing\n.*\[\[teacher_files\]\]"),
        (RECIPE + '[[teacher_files]]\npath = "t.onnx"\nweight = 0\n', "teacher_files.0.weight"),
        (RECIPE + '[[teacher_files]]\npath = "t.onnx"\nwieght = 1\n', "unknown key teacher_files.0.wieght"),
        (RECIPE + TEACHER + "[distill]\nseeds = 0\n", "line 6: distill.seeds"),
        (
            RECIPE + TEACHER + "[distill]\ntemperature = 2.0\noptions = { temperature = 3.0 }\n",
            "line 5: .*temperature st",
        ),
        (RECIPE + TEACHER + '[distill]\nmethod = "reconstruction"\n', 'set task = "anomaly"'),
        (RECIPE + TEACHER + '[distill]\nlog = ["tensorbored"]\n', "distill.log.0"),
        (RECIPE + TEACHER + "[distill]\nmethods = 1\n", "did you mean distill.method"),
    ],
)
def test_a_wrong_recipe_says_where(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        loaded(tmp_path, text)
