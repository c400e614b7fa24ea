"""edgekd bench."""

from __future__ import annotations

from pathlib import Path

import click

from edgekd.cli import print_json


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="NAME|FILE", help="A board of `edgekd boards`, or a profile's path.")
@click.option("--engine", type=click.Choice(["aot", "tflm"]), default="aot", show_default=True)
@click.option("--samples", type=click.IntRange(min=1), default=10, show_default=True, help="Inferences to measure.")
@click.option("--port", metavar="URL", help="Serial port or pyserial URL of a flashed board; emulated without it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(model: Path, board: str, engine: str, samples: int, port: str | None, as_json: bool) -> None:
    """Measure speed, flash and RAM of MODEL (a .tflite) on a board, over seeded noise.

    Exit code 1: the board's outputs are not all equal to TensorFlow Lite Micro's.
    """
    from edgekd.cli.console import console, progress_display
    from edgekd.cli.eval import require_bit_exact
    from edgekd.evaluate.api import bench_model
    from edgekd.report.tables import bench_table

    with progress_display() as progress:
        result = bench_model(model, board, engine=engine, samples=samples, port=port, progress=progress)
    if as_json:
        print_json(result)
    else:
        console.print(bench_table(result))
    require_bit_exact(result)
