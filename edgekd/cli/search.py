"""edgekd search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekd.cli import print_json
from edgekd.cli.plan_options import SIZE
from edgekd.cli.run import OUT, RECIPE, read_recipe

if TYPE_CHECKING:
    from edgekd.config import Recipe


@click.command()
@RECIPE
@click.option("--board", metavar="NAME|FILE", help="The board that students must fit; the recipe's without it.")
@OUT
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="Candidates to train in all.")
@click.option("--seconds", type=click.IntRange(min=1), metavar="S", help="Begin no candidate after so long.")
@click.option("--flash", type=SIZE, metavar="SIZE", help="Bytes (or 24K) of flash that the model may add.")
@click.option("--ram", type=SIZE, metavar="SIZE", help="Bytes (or 8K) of RAM that the model may add, with its stack.")
@click.option("--instructions", type=click.IntRange(min=1), metavar="N", help="Most instructions an inference.")
@click.option("--latency-ms", type=float, metavar="MS", help="Longest inference, where the board's clock tells it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(recipe: Path, board: str | None, out: Path | None, as_json: bool, **changes: Any) -> None:
    """Search the students of RECIPE that fit a board: accuracy against what they cost there.

    The table [search] of the recipe says which options of the student are tried; each family has defaults. A candidate
    that does not fit the board or a budget is not trained. The same command again goes on; begun in several terminals,
    all work on one search. For each student of the front a recipe for `edgekd run` is written.
    """
    from edgekd.cli.console import console, progress_display
    from edgekd.report.front import front_notes, front_table
    from edgekd.search.stage import run_search

    plan = _changed(read_recipe(recipe), changes)
    folder = out or Path("runs") / plan.name
    with progress_display() as progress:
        result = run_search(plan, folder, board=board, progress=progress)
    if as_json:
        print_json(result)
    console.print(front_table(result))
    for line in front_notes(result):
        console.print(line, soft_wrap=True, markup=False)
    found = folder / "search"
    console.print(f"recipes: {found / 'front'}; plot: {found / 'front.svg'}", soft_wrap=True, markup=False)


def _changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    """The recipe with other values in [search]; those that are None stay."""
    from pydantic import ValidationError

    from edgekd.config import Search
    from edgekd.errors import InputError

    given = {name: value for name, value in changes.items() if value is not None}
    try:
        search = Search.model_validate({**recipe.search.model_dump(exclude_unset=True), **given})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return recipe.model_copy(update={"search": search})
