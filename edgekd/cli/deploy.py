"""edgekd deploy: a model into a board's firmware."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekd.cli import print_json
from edgekd.cli.plan_options import plan_options

if TYPE_CHECKING:
    from edgekd.compiler.plan import Optimize
    from edgekd.firmware import Deployment


@click.command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL")
@click.option("--board", metavar="NAME|FILE", help="A name of `edgekd boards`, or the path of a profile of your own.")
@click.option("--engine", default="aot", show_default=True, help="What runs the model: aot (compiled C) or tflm.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The project; MODEL-BOARD without it.")
@click.option("--port", metavar="PORT", help="Upload to the board at this serial port.")
@click.option(
    "--protocol",
    type=click.Choice(["edgekd", "mlperf"]),
    default="edgekd",
    show_default=True,
    help="What the firmware speaks: edgekd's own, or MLPerf Tiny's for the benchmark's runner.",
)
@click.option("--benchmark", metavar="NAME", help="With --protocol mlperf: kws01, ic01, vww01 or ad01.")
@plan_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(
    model: Path,
    board: str | None,
    engine: str,
    out: Path | None,
    port: str | None,
    protocol: str,
    benchmark: str | None,
    optimize: Optimize,
    ram_limit: int | None,
    as_json: bool,
) -> None:
    """Make the firmware of MODEL for a board: a PlatformIO project, built and checked to fit; with --port, uploaded.

    MODEL is a .tflite file, with --board; or a recipe (.toml), whose run is done up to this stage. The project can be
    opened, changed and built by itself with `pio run`. A second run does only what changed.
    """
    if model.suffix == ".toml":
        from edgekd.cli.run import run_until

        run_until("deploy", model)
        return
    if (protocol == "mlperf") != (benchmark is not None):
        raise click.UsageError("--protocol mlperf and --benchmark NAME go together")
    if board is None:
        raise click.UsageError("a .tflite needs --board; a recipe (.toml) has it inside")
    from edgekd.cli.console import progress_display
    from edgekd.device.lock import held, identity
    from edgekd.firmware.board import load_board
    from edgekd.firmware.mlperf import find_benchmark, note

    profile = load_board(board)
    task = find_benchmark(benchmark) if benchmark else None
    from edgekd.firmware import deploy

    folder = out or Path(f"{model.stem}-{profile.name}")
    # Nobody else's evaluation or test is to lose its board.
    alone = held(identity(port), profile.name) if port and profile.can_upload else contextlib.nullcontext()
    with progress_display() as progress, alone:
        deployment = deploy(
            model,
            profile,
            folder,
            engine=engine,
            optimize=optimize,
            ram_limit=ram_limit,
            port=port,
            benchmark=task,
            progress=progress,
        )
    if task and deployment.project.compiled and (hint := note(task, deployment.project.compiled.graph)):
        click.echo(f"note: {hint}", err=True)
    if as_json:
        print_json(_as_json(deployment, model))
    else:
        _tell(deployment, port)


def _as_json(deployment: Deployment, model: Path) -> dict[str, Any]:
    flash = deployment.sizes.flash
    return {
        "model": str(model),
        "model_sha256": deployment.model_sha256,
        "board": deployment.board.name,
        "engine": deployment.engine,
        "project": str(deployment.project.folder),
        "elf": str(deployment.elf),
        "build_id": deployment.build_id,
        "flash_bytes": {**asdict(flash), "total": flash.total},
        "ram_bytes": asdict(deployment.sizes.ram),
        "image_bytes": asdict(deployment.sizes.image),
        "built": deployment.built,
        "uploaded": deployment.uploaded,
    }


def _tell(deployment: Deployment, port: str | None) -> None:
    board, sizes = deployment.board, deployment.sizes
    taken = sizes.image.ram + sizes.image.stack
    lines = [
        f"project {deployment.project.folder}, image {deployment.elf}" + ("" if deployment.built else " (unchanged)"),
        f"model   weights {sizes.flash.weights} B, engine {sizes.flash.engine} B, arena {sizes.ram.arena} B",
        f"flash   {sizes.image.flash} B of {board.memory.flash} B",
        f"RAM     {taken} B of {board.memory.ram} B, {sizes.image.stack} B of it reserved for the stack",
    ]
    if deployment.uploaded:
        lines.append(f"upload  {board.name} at {port} runs it now")
    elif port is not None or not board.can_upload:
        lines.append(f"upload  nothing to do: {board.name} is emulated, and `edgekd eval` loads the image itself")
    else:
        lines.append("upload  not asked for: add --port PORT")
    click.echo("\n".join(lines), err=True)
