"""A run redoes what changed, keeps what did not, and survives interruption and damage."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import edgekd.run
from edgekd.config import Recipe
from edgekd.errors import EdgekdError, InputError
from edgekd.files import sha256_of, write_atomically
from edgekd.progress import Progress
from edgekd.run import run_recipe
from edgekd.stages import Stage, tree_digest


def recipe(**changes: Any) -> Recipe:
    network = {"model": "m", "epochs": 1}
    return Recipe.model_validate(
        {"name": "r", "data": {"source": "digits"}, "teacher": network, "student": network, **changes}
    )


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two stages in place of the real ones, the second made from the first; what ran is listed."""
    log: list[str] = []

    def stage(
        name: str, inputs: Callable[[Recipe, Path], dict[str, Any]], text: Callable[[Recipe, Path], str]
    ) -> Stage:
        def run(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
            log.append(name)
            write_atomically(folder / name / "made.txt", text(recipe, folder))
            return [folder / name / "made.txt"]

        return Stage(name, name, inputs, run)

    def of_first(recipe: Recipe, folder: Path) -> dict[str, Any]:
        return {"first": sha256_of(folder / "first" / "made.txt")}

    stages = (
        stage("first", lambda recipe, _: {"seed": recipe.seed}, lambda recipe, _: str(recipe.seed)),
        stage("second", of_first, lambda _, folder: (folder / "first" / "made.txt").read_text() * 2),
    )
    monkeypatch.setattr(edgekd.run, "STAGES", stages)
    return log


def test_a_second_run_does_nothing(tmp_path: Path, done: list[str]) -> None:
    run_recipe(recipe(), tmp_path)
    run_recipe(recipe(), tmp_path)
    assert done == ["first", "second"]


def test_only_what_depends_on_a_change_is_redone(tmp_path: Path, done: list[str]) -> None:
    run_recipe(recipe(), tmp_path)
    run_recipe(recipe(evaluate={"samples": 7}), tmp_path)
    assert done == ["first", "second"]
    run_recipe(recipe(seed=1), tmp_path)
    assert done == ["first", "second"] * 2


def test_a_file_that_was_altered_or_deleted_is_made_again(tmp_path: Path, done: list[str]) -> None:
    run_recipe(recipe(), tmp_path)
    (tmp_path / "second" / "made.txt").write_text("altered")
    run_recipe(recipe(), tmp_path)
    (tmp_path / "second" / "made.txt").unlink()
    run_recipe(recipe(), tmp_path)
    assert done == ["first", "second", "second", "second"]
    assert (tmp_path / "second" / "made.txt").read_text() == "00"


def test_a_stage_that_fails_is_tried_again_and_the_ones_before_it_are_kept(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
        raise InputError("no")

    first, second = edgekd.run.STAGES
    monkeypatch.setattr(edgekd.run, "STAGES", (first, Stage("second", "", second.inputs, fail)))
    with pytest.raises(InputError):
        run_recipe(recipe(), tmp_path)
    monkeypatch.setattr(edgekd.run, "STAGES", (first, second))
    run_recipe(recipe(), tmp_path)
    assert done == ["first", "second"]


def test_until_stops_there_and_an_unknown_stage_is_named(tmp_path: Path, done: list[str]) -> None:
    run_recipe(recipe(), tmp_path, until="first")
    assert done == ["first"]
    with pytest.raises(InputError, match="third"):
        run_recipe(recipe(), tmp_path, until="third")


def test_a_damaged_manifest_is_named(tmp_path: Path, done: list[str]) -> None:
    run_recipe(recipe(), tmp_path)
    for damage in ("{", "[]", '{"stages": 1}', '{"stages": {"first": {"inputs": {"seed": 0}}}}', "\xff"):
        (tmp_path / "manifest.json").write_text(damage)
        with pytest.raises(InputError, match=r"manifest\.json: damaged"):
            run_recipe(recipe(), tmp_path)


def test_two_runs_in_one_folder_do_not_mix(tmp_path: Path, done: list[str]) -> None:
    with (tmp_path / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(EdgekdError, match="in use"):
            run_recipe(recipe(), tmp_path)
    assert done == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, done: list[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        run_recipe(recipe(), tmp_path / "file" / "run")


def test_the_digest_of_a_tree_sees_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = tree_digest(tmp_path)
    (tmp_path / "a").write_text("2")
    changed = tree_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({before, changed, tree_digest(tmp_path)}) == 3
