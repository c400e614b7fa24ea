"""What a search leaves: search.json, front.svg, and a recipe for each student of the front."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgekd.config import Options, Recipe
from edgekd.files import write_atomically
from edgekd.search.cost import Bench, Cost
from edgekd.search.space import Space

Row = dict[str, Any]
# What students are, of their options and the files of their weights; see edgekd.search.confirm.
Confirm = Callable[[Sequence[tuple[Options, Path]]], list[dict[str, Any]]]


def front_of(rows: Sequence[Row], what: str) -> list[Row]:
    """The candidates that no other one beats in accuracy without costing more, cheapest first. rows: of Study.rows."""
    complete = [row for row in rows if row["state"] == "complete"]
    front: list[Row] = []
    for row in sorted(complete, key=lambda row: (Cost(**row["cost"]).of(what), -statistics.fmean(row["accuracies"]))):
        if not front or statistics.fmean(row["accuracies"]) > statistics.fmean(front[-1]["accuracies"]):
            front.append(row)
    return front


def write_result(
    recipe: Recipe,
    bench: Bench,
    space: Space,
    rows: Sequence[Row],
    out: Path,
    confirm: Confirm,
    *,
    in_work: int = 0,
) -> dict[str, Any]:
    """Write the files, and return what search.json says.

    rows: all candidates, at least one of them complete. confirm: what trained students are in int8. in_work: candidates
    that other processes have not finished.
    """
    best = front_of(rows, recipe.search.minimize)
    confirmed = confirm([(row["options"], out / row["weights"]) for row in best])
    front = [
        {**_shown(row), "recipe": f"front/{number}.toml", "int8": int8}
        for number, (row, int8) in enumerate(zip(best, confirmed, strict=True), start=1)
    ]
    said = {
        "name": recipe.name,
        "board": bench.target.name,
        "board_title": bench.target.title,
        "measured_on": bench.emulated.name,
        "notes": bench.notes(),
        "minimize": recipe.search.minimize,
        "unit": bench.unit,
        "latency_method": bench.latency_method if recipe.search.latency_ms is not None else None,
        "budget": recipe.search.model_dump(
            mode="json", include={"flash", "ram", "instructions", "cycles", "latency_ms"}, exclude_none=True
        ),
        "epochs": recipe.search.epochs or recipe.student.epochs,
        "seeds": recipe.search.seeds,
        "space": space.description(),
        "counts": {**dict.fromkeys(("complete", "stopped", "refused"), 0), **Counter(row["state"] for row in rows)},
        "in_work": in_work,
        "front": front,
        "candidates": [_shown(row) for row in rows],
    }
    for old in out.glob("front/*.toml"):
        old.unlink()
    for number, row in enumerate(front, start=1):
        write_atomically(out / row["recipe"], recipe_text(recipe, row, number))
    from edgekd.report.plots import front as draw

    write_atomically(out / "front.svg", draw(said))
    write_atomically(out / "search.json", json.dumps(said, indent=2, allow_nan=False) + "\n")
    return said


def recipe_text(recipe: Recipe, row: Row, number: int) -> str:
    """The recipe of a student that was found, as TOML for `edgekd run`."""
    import tomli_w

    name = f"{recipe.name[:50]}-front-{number}"
    student = recipe.student.model_copy(update={"options": row["options"]})
    found = recipe.model_copy(update={"name": name, "student": student})
    table = found.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"search"})
    accuracy = f"{row['accuracy']:.2f} % of the validation set in the search"
    return f"# {accuracy}, which chose it by that: what it is worth, the test set says.\n{tomli_w.dumps(table)}"


def _shown(row: Row) -> Row:
    """A candidate for people and programs: the mean of its accuracies in percent, and their deviation, beside them."""
    found = row["accuracies"]
    return {
        **row,
        "accuracy": statistics.fmean(found) if found else None,
        "deviation": statistics.stdev(found) if len(found) > 1 else None,
    }
