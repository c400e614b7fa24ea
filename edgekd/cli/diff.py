"""edgekd diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekd.cli import print_json
from edgekd.cli.plan_options import plan_options

if TYPE_CHECKING:
    from edgekd.compiler.plan import Optimize


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="NAME|FILE", help="A board of `edgekd boards`, or a profile's path.")
@click.option(
    "--input",
    "data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An .npz with x_test, or an .npy of one sample or many; without it noise, the same every time.",
)
@click.option("--index", type=click.IntRange(min=0), default=0, show_default=True, help="Which sample of it.")
@click.option("--port", metavar="URL", help="A real board, which gets firmware for this; emulated without it.")
@plan_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(
    model: Path,
    board: str,
    data: Path | None,
    index: int,
    port: str | None,
    optimize: Optimize,
    ram_limit: int | None,
    as_json: bool,
) -> None:
    """Compare every tensor of one inference of MODEL (a .tflite) on a board with TensorFlow Lite Micro's.

    Names the first layer that differs, with its values and what usually is the cause. The firmware has the kernels and
    the memory plan of `edgekd deploy` with the same --optimize and --ram-limit, and besides looks at each tensor when
    it is made and before it is read. A real board keeps that firmware: deploy to it again afterwards.
    Exit code 1: something differs.
    """
    from edgekd.cli.console import console, progress_display
    from edgekd.compiler.reader import read_tflite
    from edgekd.errors import BadResultError
    from edgekd.evaluate.diff import diff_model
    from edgekd.evaluate.samples import one_sample
    from edgekd.report.tables import diff_table, difference_lines

    sample = one_sample(read_tflite(model).inputs, data, index)
    with progress_display() as progress:
        result = diff_model(model, board, sample, port=port, optimize=optimize, ram_limit=ram_limit, progress=progress)
    if as_json:
        print_json(result)
    else:
        console.print(diff_table(result))
    if result["first"] is not None:
        raise BadResultError("\n".join(difference_lines(result["first"])))
