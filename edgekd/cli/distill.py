"""edgekd distill."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgekd.cli.run import OUT, RECIPE, SEEDS, changed, run_until

if TYPE_CHECKING:
    from edgekd.config import Recipe


@click.command()
@RECIPE
@OUT
@SEEDS
@click.option("--method", metavar="NAME", help="What the student learns of its teachers: dkd, say, at its defaults.")
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


def _changed(recipe: Recipe, seeds: int | None, method: str | None, kd_teacher: str | None, **given: Any) -> Recipe:
    """The recipe with what the options say. given: those that are of the method, by name."""
    table = recipe.distill.model_dump(exclude_unset=True)
    if method is not None and method != recipe.distill.method:
        # What the recipe says of its own method says nothing to another one.
        table = {name: value for name, value in table.items() if name not in ("options", "temperature", "hard_weight")}
        table["method"] = method
    new = _method_options(recipe, method or recipe.distill.method, given)
    if new:
        kept = {name: value for name, value in table.pop("options", {}).items() if name not in new}
        table |= {name: new.pop(name) for name in ("temperature", "hard_weight") if name in new}
        table["options"] = {**kept, **new}
    if seeds is not None:
        table["seeds"] = seeds
    plan = changed(recipe, distill=table)
    if plan.task == "classify":
        _check_weights(plan, given)
    return plan if kd_teacher is None else _taught_by(plan, kd_teacher)


def _method_options(recipe: Recipe, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The values given, by the names of the method's options. Raises InputError for one that it does not have."""
    from edgekd.errors import InputError

    given = {name: value for name, value in given.items() if value is not None}
    names = {
        "kd_temp": "temperature",
        # A loss of the user's own is the teachers' part.
        "kd_distill_wt": "weight" if ":" in method else "soft_weight",
        "kd_student_wt": "hard_weight",
        "kd_start_epoch": "start_epoch",
    }
    if given and recipe.task == "classify":
        from edgekd.distill.methods import options_of

        known = options_of(method)
        for name in given:
            if names[name] not in known:
                flag = "--" + name.replace("_", "-")
                raise InputError(f"{flag}: {method} has no {names[name]}", "its options: " + ", ".join(known))
    return {names[name]: value for name, value in given.items()}


def _check_weights(recipe: Recipe, given: dict[str, Any]) -> None:
    """Raise InputError for options that say nothing, because soft targets have no weight."""
    from edgekd.distill.methods import method_of
    from edgekd.errors import InputError

    if given["kd_temp"] is None and given["kd_student_wt"] is None:
        return
    method: Any = method_of(recipe.distill.method, dict(recipe.distill.method_options()))
    weight = getattr(method, "soft_weight", 1.0)
    if weight is None and method.hard_weight == 1.0 and given["kd_student_wt"] is not None:
        raise InputError(
            f"--kd-student-wt 1 leaves the teachers of {method.name} no weight: it is 1 less that of the labels",
            "say theirs, too, for example --kd-distill-wt 0.5",
        )
    if weight == 0.0 and given["kd_temp"] is not None:
        raise InputError(
            f"--kd-temp: soft targets have no weight in {method.name} as it is set",
            "give them some, for example --kd-distill-wt 0.5",
        )


def _taught_by(recipe: Recipe, teacher: str) -> Recipe:
    """The recipe with another teacher: a file that is there, or a network to train in place of the recipe's."""
    from edgekd.errors import InputError
    from edgekd.models import options_taken

    if ":" not in teacher and (Path(teacher).suffix or Path(teacher).exists()):
        return changed(recipe, teacher=None, teacher_files=[{"path": Path(teacher).resolve()}])
    if recipe.teacher is None:
        raise InputError(
            f"--kd-teacher {teacher}: the recipe has no [teacher] that says how to train it",
            "add [teacher] to the recipe, or give a file: .onnx, .keras, .h5, .npz",
        )
    table = {**recipe.teacher.model_dump(exclude_unset=True), "model": teacher}
    if teacher != recipe.teacher.model:
        table["options"] = options_taken(teacher, recipe.teacher.options)
    return changed(recipe, teacher=table, teacher_files=[])
