"""edgekd run, and the stages of a recipe one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekd import paths
from edgekd.cli import print_json

if TYPE_CHECKING:
    from edgekd.config import Recipe

RECIPE = click.argument("recipe", type=click.Path(path_type=Path))
OUT = click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Run directory; runs/NAME without it.")

SEEDS = click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Train N students and controls that differ by seed, for mean, deviation and a paired t-test.",
)


@click.command(epilog=f"Recipes by name: {', '.join(paths.recipes())}.")
@RECIPE
@OUT
@SEEDS
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(recipe: Path, out: Path | None, seeds: int | None, as_json: bool) -> None:
    """Run RECIPE: teachers, student, int8 model, firmware, board, report.

    RECIPE is a .toml file, or the name of one that edgekd brings.

    What did not change since the last run is kept. Exit code 1: the run is complete and its result misses a gate.
    """
    from edgekd.cli.console import StageDisplay, console
    from edgekd.errors import BadResultError
    from edgekd.report import print_summary
    from edgekd.run import run_recipe

    plan = with_distill(read_recipe(recipe), seeds=seeds)
    run = run_recipe(plan, out or Path("runs") / plan.name, observer=StageDisplay())
    if as_json:
        print_json(run.result)
    print_summary(run.result, console)
    console.print(f"\nreport: {run.folder / 'report.html'}", soft_wrap=True, markup=False)
    if run.result["failures"]:
        raise BadResultError("the result misses what was asked of it", *run.result["failures"])


def read_recipe(name_or_path: Path) -> Recipe:
    """A checked recipe, see config.load_recipe. Its own folder and the current one can hold the modules it names as
    `module:callable`."""
    from edgekd.config import load_recipe, recipe_path

    path = recipe_path(name_or_path)
    recipe = load_recipe(path)
    for folder in (path.parent, Path.cwd()):
        # Last, so that a file there called like an installed package does not take its place.
        if str(folder.resolve()) not in sys.path:
            sys.path.append(str(folder.resolve()))
    return recipe


def with_distill(recipe: Recipe, **changes: object) -> Recipe:
    """The recipe with other values in [distill]; those that are None stay. Checked as the file was."""
    given = {name: value for name, value in changes.items() if value is not None}
    return changed(recipe, distill={**recipe.distill.model_dump(exclude_unset=True), **given}) if given else recipe


def changed(recipe: Recipe, **tables: object) -> Recipe:
    """The recipe with other tables, as if its file had them. Raises InputError for what the file may not say."""
    from pydantic import ValidationError

    from edgekd.config import Recipe
    from edgekd.errors import InputError

    try:
        # With what was set alone, so that defaults that depend on other values stay defaults.
        return Recipe.model_validate({**recipe.model_dump(exclude_unset=True), **tables})
    except ValidationError as error:
        first = error.errors()[0]
        place, said = ".".join(map(str, first["loc"])), str(first["msg"]).removeprefix("Value error, ")
        raise InputError(*(f"{place}: {said}" if place else said).split("\n")) from None


def stage_command(name: str, text: str) -> click.Command:
    """A command that runs a recipe up to and including the stage `name`."""

    @click.command(name=name, help=text)
    @RECIPE
    @OUT
    def stage(recipe: Path, out: Path | None) -> None:
        run_until(name, recipe, out)

    return stage


def run_until(
    name: str, recipe: Path, out: Path | None = None, change: Callable[[Recipe], Recipe] = lambda recipe: recipe
) -> Path:
    """Run `recipe` up to the stage `name`, showing progress; returns the folder of what the stage made."""
    from edgekd.cli.console import StageDisplay, console
    from edgekd.run import run_recipe

    plan = change(read_recipe(recipe))
    run = run_recipe(plan, out or Path("runs") / plan.name, until=name, observer=StageDisplay())
    console.print(f"{name}: {run.folder / name}", soft_wrap=True, markup=False)
    return run.folder / name
