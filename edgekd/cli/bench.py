"""edgekd bench."""

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
@click.option("--engine", type=click.Choice(["aot", "tflm"]), default="aot", show_default=True)
@click.option("--samples", type=click.IntRange(min=1), default=10, show_default=True, help="Inferences to measure.")
@click.option("--port", metavar="URL", help="Serial port or pyserial URL of a flashed board; emulated without it.")
@click.option("--baud", type=int, metavar="RATE", help="Bits a second on --port; without it what the profile says.")
@click.option("--layers", is_flag=True, help="What each layer costs, too: counted in QEMU, so not with --port.")
@plan_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(
    model: Path,
    board: str,
    engine: str,
    samples: int,
    port: str | None,
    baud: int | None,
    layers: bool,
    optimize: Optimize,
    ram_limit: int | None,
    as_json: bool,
) -> None:
    """Measure speed, flash and RAM of MODEL (a .tflite) on a board, over seeded noise.

    --layers counts the instructions of each layer, and on Cortex-M3, M4, M7 and M33 estimates the cycles that a
    Cortex-M4 with memory as fast as itself would take for them.
    Exit code 1: the board's outputs are not all equal to TensorFlow Lite Micro's.
    """
    from edgekd.cli.console import console, progress_display
    from edgekd.cli.eval import require_bit_exact
    from edgekd.evaluate.api import bench_model
    from edgekd.report.tables import bench_table, layers_table

    with progress_display() as progress:
        result = bench_model(
            model,
            board,
            engine=engine,
            optimize=optimize,
            ram_limit=ram_limit,
            samples=samples,
            port=port,
            baud=baud,
            layers=layers,
            progress=progress,
        )
    if as_json:
        print_json(result)
    else:
        console.print(bench_table(result))
        if layers:
            console.print(layers_table(result))
    require_bit_exact(result)
