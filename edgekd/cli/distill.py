"""edgekd distill."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekd.cli.run import OUT, RECIPE, SEEDS, changed, run_until, with_distill

if TYPE_CHECKING:
    from edgekd.config import Recipe


@click.command()
@RECIPE
@OUT
@SEEDS
@click.option("--method", metavar="NAME", help="What the student learns of its teachers, for example dkd.")
@click.option(
    "--kd-teacher", metavar="MODEL", help="The teachers' network, or a trained one: .onnx, .keras, .h5, .npz."
)
@click.option("--kd-temp", type=float, metavar="T", help="Temperature of the soft targets.")
@click.option("--kd-distill-wt", type=float, metavar="W", help="Weight of the teachers' part of the loss.")
@click.option("--kd-student-wt", type=float, metavar="W", help="Weight of the labels' part of the loss.")
@click.option("--kd-start-epoch", type=int, metavar="N", help="The epoch, from 0, where the teachers begin.")
def command(recipe: Path, out: Path | None, seeds: int | None, **options: Any) -> None:
    """Train the teachers, the student and its control as RECIPE says.

    The options --kd-… have the names of Distiller and stand before what RECIPE says.
    """
    run_until("distill", recipe, out, change=lambda plan: _changed(plan, seeds, **options))


def _changed(
    recipe: Recipe,
    seeds: int | None,
    method: str | None,
    kd_teacher: str | None,
    kd_temp: float | None,
    kd_distill_wt: float | None,
    kd_student_wt: float | None,
    kd_start_epoch: int | None,
) -> Recipe:
    given = {"soft_weight": kd_distill_wt, "start_epoch": kd_start_epoch}
    # Options of the recipe's own method say nothing to another one.
    kept = {} if method is not None and method != recipe.distill.method else recipe.distill.options
    options = {**kept, **{name: value for name, value in given.items() if value is not None}}
    plan = with_distill(
        recipe,
        seeds=seeds,
        method=method,
        temperature=kd_temp,
        hard_weight=kd_student_wt,
        options=options if options != recipe.distill.options else None,
    )
    return plan if kd_teacher is None else _taught_by(plan, kd_teacher)


def _taught_by(recipe: Recipe, teacher: str) -> Recipe:
    """The recipe with another teacher: a file that is there, or a network to train in place of the recipe's."""
    from edgekd.errors import InputError

    if Path(teacher).suffix.lower() in {".onnx", ".keras", ".h5", ".hdf5", ".npz", ".npy"}:
        return changed(recipe, teacher=None, teacher_files=[{"path": Path(teacher).resolve()}])
    if recipe.teacher is None:
        raise InputError(
            f"--kd-teacher {teacher}: the recipe has no [teacher] that says how to train it",
            "add [teacher] to the recipe, or give a file: .onnx, .keras, .h5, .npz",
        )
    table = {**recipe.teacher.model_dump(exclude_unset=True), "model": teacher}
    return changed(recipe, teacher=table, teacher_files=[])
