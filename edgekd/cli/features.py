"""edgekd features: the front end of a recipe as C for a board."""

from __future__ import annotations

from pathlib import Path

import click

from edgekd.cli import print_json


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where the C files go.")
@click.option("--json", "as_json", is_flag=True, help="Print the names of the files as JSON on stdout.")
def command(recipe: Path, out: Path, as_json: bool) -> None:
    """Write the C that computes, on a board, the features that RECIPE trains on: sound in, int8 frames out.

    The files build with any C11 compiler and need nothing else of edgekd; features.h says how to call them.
    """
    from edgekd.cli.console import console
    from edgekd.cli.run import read_recipe
    from edgekd.data import front_end
    from edgekd.features import c_files

    data = read_recipe(recipe).data
    chosen = front_end(data.source, **data.options)
    files = c_files(chosen, out)
    if as_json:
        print_json({"out": str(out), "files": [file.name for file in files]})
        return
    console.print(
        f"{chosen.features} features ({chosen.kind}) of each {chosen.window} samples, one frame every {chosen.hop}, "
        f"at {chosen.sample_rate} Hz\n{len(files)} files in {out}; features.h says how to call them",
        markup=False,
        soft_wrap=True,
    )
