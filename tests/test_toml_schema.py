"""What a person sees of a TOML file with mistakes: all of them at once, with lines and remedies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgekd
from edgekd.config import Recipe, load_recipe
from edgekd.errors import InputError
from edgekd.toml_schema import load_toml, parse_toml

GOOD = """\
name = "demo"

[data]
source = "digits"

[teacher]
model = "teacher"
epochs = 2

[student]
model = "student"
epochs = 2
"""


def error_of(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_toml(text, Path("r.toml"), Recipe)
    return str(caught.value)


def test_a_good_recipe_gets_the_defaults() -> None:
    recipe = parse_toml(GOOD, Path("r.toml"), Recipe)
    assert recipe.teacher.count == 3
    assert recipe.deploy.board == "mps2-an386"


def test_an_unknown_key_is_refused_with_its_line_and_a_suggestion() -> None:
    message = error_of(GOOD.replace('source = "digits"', 'source = "digits"\nvalidaton = 5'))
    assert "r.toml, line 5: unknown key data.validaton" in message
    assert "did you mean data.validation?" in message


def test_an_unknown_table_is_refused_with_a_suggestion() -> None:
    message = error_of(GOOD + "\n[distil]\ntemperature = 2.0\n")
    assert "line 14: unknown key distil" in message
    assert "did you mean distill?" in message


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    message = error_of(GOOD.replace("epochs = 2", "epochs = 0") + "\n[distill]\ntemperature = nan\nhard_weight = -2\n")
    lines = [line for line in message.splitlines() if line.startswith("r.toml")]
    assert [line.split(":")[0] for line in lines] == [f"r.toml, line {n}" for n in (8, 12, 15, 16)]


@pytest.mark.parametrize("value", ['"2"', "true", "2.0"])
def test_a_text_or_true_is_no_number(value: str) -> None:
    assert "line 8: teacher.epochs: Input should be a valid integer" in error_of(GOOD.replace("= 2", f"= {value}", 1))


def test_a_missing_key_names_its_table() -> None:
    assert "data.source is missing" in error_of(GOOD.replace('source = "digits"', ""))


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 65, "naïve"])
def test_a_name_that_cannot_be_a_folder_is_refused(name: str) -> None:
    assert "cannot name a folder" in error_of(GOOD.replace('"demo"', f'"{name}"'))


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"name = ", b"x" * (1 << 21), b"[" * 5000):
        path = tmp_path / "r.toml"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"r\.toml"):
            load_toml(path, Recipe)
    with pytest.raises(InputError, match="No such file"):
        load_toml(tmp_path / "none.toml", Recipe)
    with pytest.raises(InputError, match="directory"):
        load_toml(tmp_path, Recipe)


def test_a_relative_data_path_belongs_to_the_recipes_folder(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(GOOD.replace('"digits"', '"npz"\npath = "my.npz"'))
    assert load_recipe(path).data.path == tmp_path / "my.npz"


def test_a_recipe_that_ships_goes_by_its_name_and_ones_own_by_its_path(tmp_path: Path) -> None:
    assert load_recipe("digits") == load_recipe(Path(edgekd.__file__).parent / "recipes" / "digits.toml")
    own = tmp_path / "mine"  # without .toml
    own.write_text(GOOD)
    assert load_recipe(own).data.source == "digits"


@given(st.text(max_size=200))
def test_any_text_is_a_recipe_or_an_input_error(text: str) -> None:
    try:
        parse_toml(text, Path("r.toml"), Recipe)
    except InputError as error:
        assert "r.toml" in str(error)  # noqa: PT017 - both ways out are right
