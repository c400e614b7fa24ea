"""edgekd compile: a .tflite into C11 that needs nothing else."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekd.cli import print_json
from edgekd.cli.plan_options import plan_options

if TYPE_CHECKING:
    from edgekd.compiler import CompiledModel
    from edgekd.compiler.graph import Tensor
    from edgekd.compiler.plan import Optimize
    from edgekd.compiler.storages import Buffers


@click.command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("--target", required=True, metavar="TARGET", help="host, cortex-m0, …-m4, …-m55, rv32imc or avr.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where the C files go.")
@click.option("--name", metavar="NAME", help="Prefix of files and C names; by default the model's file name.")
@click.option(
    "--buffers",
    type=click.Choice(["separate", "arena"]),
    default="separate",
    show_default=True,
    help="Inputs and outputs are the caller's, or in the arena, where an inference may write over its inputs.",
)
@plan_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def command(
    model: Path,
    target: str,
    out: Path,
    name: str | None,
    buffers: Buffers,
    optimize: Optimize,
    ram_limit: int | None,
    as_json: bool,
) -> None:
    """Compile MODEL to C: NAME.h, NAME.c, NAME_weights.c and the kernels they call.

    The files build with any C11 compiler and need nothing else of edgekd; NAME.h says how to call the model.
    """
    from edgekd.compiler import PlanOptions, compile_model

    options = PlanOptions(buffers, optimize, ram_limit)
    compiled = compile_model(model, out, target=target, name=name, options=options)
    if as_json:
        print_json(_as_json(compiled, model))
    else:
        _tell(compiled)


def _as_json(compiled: CompiledModel, model: Path) -> dict[str, Any]:
    return {
        "model": str(model),
        "model_sha256": compiled.sha256,
        "name": compiled.name,
        "target": compiled.target,
        "out": str(compiled.out),
        "files": [path.name for path in compiled.files],
        "inputs": [_tensor(tensor) for tensor in compiled.inputs],
        "outputs": [_tensor(tensor) for tensor in compiled.outputs],
        "arena_bytes": compiled.arena_bytes,
        "whole_arena_bytes": compiled.whole_arena_bytes,
        "buffers": compiled.options.buffers,
        "optimize": compiled.options.optimize,
        "stages": [{"operators": stage.calls, "order": stage.order} for stage in compiled.plan.stages],
        "input_bytes": compiled.input_bytes,
        "output_bytes": compiled.output_bytes,
        "weight_bytes": compiled.weight_bytes,
        "constant_bytes": compiled.constant_bytes,
        "channels": compiled.channels,
        "constant_channels": compiled.constant_channels,
        "macs": compiled.macs,
        "operators": [asdict(operator) for operator in compiled.operators],
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    pair = tensor.quantization is not None and not tensor.quantization.per_channel
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "scale": tensor.scale if pair else None,
        "zero_point": tensor.zero_point if pair else None,
    }


def _tell(compiled: CompiledModel) -> None:
    from rich.table import Table

    from edgekd.cli.console import console

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operator")
    table.add_column("input")
    table.add_column("output")
    for column in ("MACs", "weights", "arena"):
        table.add_column(column, justify="right")
    for operator in compiled.operators:
        table.add_row(
            f"{operator.index} {operator.name}",
            _shapes(operator.inputs),
            _shapes(operator.outputs),
            f"{operator.macs:,}" if operator.macs else "",
            f"{operator.weight_bytes:,}" if operator.weight_bytes else "",
            f"{operator.live_bytes:,}",
        )
    console.print(table)
    where = " in it" if compiled.options.buffers == "arena" else ""
    buffers = f"input {compiled.input_bytes:,} B and output {compiled.output_bytes:,} B{where}"
    console.print(
        f"\n{compiled.macs:,} multiply-accumulates; {compiled.weight_bytes:,} B of weights, "
        f"{compiled.constant_bytes:,} B with tables\n{_left_out(compiled)}"
        f"RAM: arena {compiled.arena_bytes:,} B, {buffers}, beside the stack\n{_rows(compiled)}"
        f"{len(compiled.files)} files in {compiled.out}; {compiled.name}.h says how to call it",
        markup=False,
        soft_wrap=True,
    )


def _left_out(compiled: CompiledModel) -> str:
    if compiled.constant_channels == 0:
        return ""
    channels = f"{compiled.constant_channels:,} of {compiled.channels:,} channels"
    return f"{channels} are left out: they never change, whatever the input\n"


def _rows(compiled: CompiledModel) -> str:
    """What going row by row saves, and its cost: none of the results is computed twice."""
    chains = [stage.calls for stage in compiled.plan.stages if len(stage.calls) > 1]
    if compiled.arena_bytes == compiled.whole_arena_bytes:
        return ""
    named = "; together as they come: " + ", ".join(f"{calls[0]} to {calls[-1]}" for calls in chains) if chains else ""
    return (
        f"     row by row, computing nothing twice{named}; whole images (--optimize speed) would need an arena of "
        f"{compiled.whole_arena_bytes:,} B\n"
    )


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " + ".join("x".join(str(extent) for extent in shape) or "scalar" for shape in shapes)
