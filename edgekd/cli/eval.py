"""edgekd eval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgekd.cli import print_json

if TYPE_CHECKING:
    from edgekd.evaluate.scores import Task


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--board", metavar="NAME|FILE", help="A board of `edgekd boards`, or the path of a profile.")
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE.npz", help="Arrays x_test and y_test.")
@click.option(
    "--task",
    type=click.Choice(["classify", "anomaly"]),
    help="How answers are scored; without it, as an anomaly detector's where the output has the input's shape.",
)
@click.option("--samples", type=click.IntRange(min=1), help="Only the first ones.")
@click.option("--port", metavar="URL", help="Serial port or pyserial URL of a flashed board; emulated without it.")
@click.option("--baud", type=int, metavar="RATE", help="Bits a second on --port; without it what the profile says.")
@click.option(
    "--farm",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Share the samples out among the free boards of this farm; with --board, of one kind.",
)
@click.option(
    "--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="With --farm: for boards in use."
)
@click.option(
    "--journal", type=click.Path(path_type=Path), metavar="FILE", help="Keep the answers; ask only for those it lacks."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(
    model: Path,
    board: str | None,
    data: Path | None,
    task: Task | None,
    samples: int | None,
    port: str | None,
    baud: int | None,
    farm: Path | None,
    wait: float,
    journal: Path | None,
    as_json: bool,
) -> None:
    """Measure accuracy and speed of MODEL on a board.

    MODEL is a .tflite file, with --data and with --board or --farm; or a recipe (.toml), whose run is done up to this
    stage. A farm is a file that lists boards (README, "Farms"): they share the samples out, and a board that is lost on
    the way leaves its samples to the others.
    Stopped in the middle, the same command goes on where it was. With --journal the answers stay in FILE, one line of
    JSON each, and the command may be given again to have the result again.
    Exit code 1: the board's outputs are not all equal to TensorFlow Lite Micro's.
    """
    from edgekd.cli.console import console, progress_display
    from edgekd.cli.run import run_until
    from edgekd.report.tables import boards_table, classes_table, eval_table

    if model.suffix == ".toml":
        if baud is not None:
            raise click.UsageError("--baud is of a board at --port, and a recipe has its own: leave it out")
        result = json.loads((run_until("eval", model) / "eval.json").read_text())
    elif data is None or (board is None and farm is None):
        raise click.UsageError("a .tflite needs --data and --board or --farm; a recipe (.toml) has them inside")
    elif farm is not None:
        if port is not None:
            raise click.UsageError("--port names one board and --farm many: leave one out")
        if baud is not None:
            raise click.UsageError("--baud is of one board and --farm names many: leave one out")
        from edgekd.evaluate.on_farm import eval_on_farm

        with progress_display() as progress:
            result = eval_on_farm(
                model,
                farm,
                data,
                board=board,
                task=task,
                samples=samples,
                journal=journal,
                wait=wait,
                progress=progress,
            )
    else:
        assert board is not None
        from edgekd.evaluate.api import eval_model

        with progress_display() as progress:
            result = eval_model(
                model,
                board,
                data,
                task=task,
                samples=samples,
                port=port,
                journal=journal,
                baud=baud,
                progress=progress,
            )
    if as_json:
        print_json(result)
    else:
        console.print(eval_table(result))
        if "boards" in result:
            console.print()
            console.print(boards_table(result))
        if result["per_class"]:
            console.print()
            console.print(classes_table(result))
    require_bit_exact(result)


def require_bit_exact(result: dict[str, dict[str, int]]) -> None:
    """Raise BadResultError unless every output equals the oracle's."""
    from edgekd.errors import BadResultError

    exact = result["bit_exact"]
    if exact["equal"] != exact["of"]:
        raise BadResultError(f"{exact['of'] - exact['equal']} of {exact['of']} outputs differ from {exact['oracle']}'s")
