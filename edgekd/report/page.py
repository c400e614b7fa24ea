"""report.html: one file, nothing loaded from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgekd.config import Recipe
from edgekd.report import plots
from edgekd.report.tables import (
    CLASS_COLUMNS,
    Row,
    board_score,
    class_cells,
    link_rows,
    memory_rows,
    network_rows,
    score_rows,
    speed_rows,
)


def render(recipe: Recipe, result: dict[str, Any]) -> str:
    """The page of a gathered result. Everything but our own plots is escaped."""
    environment = Environment(
        loader=PackageLoader("edgekd.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    recipe_text = json.dumps(recipe.model_dump(mode="json"), indent=2)
    return environment.get_template("page.html.j2").render(
        result=result, sections=_sections(result), recipe=recipe_text, classes=_classes(result)
    )


def _classes(result: dict[str, Any]) -> list[list[str]]:
    """The table by class, headings first."""
    names = result["data"]["class_names"]
    return [list(CLASS_COLUMNS), *(class_cells(row, names) for row in result["per_class"])]


def _sections(result: dict[str, Any]) -> list[dict[str, Any]]:
    names = result["data"]["class_names"]
    accuracy = result["accuracy"]
    bars = [
        *((f"teacher {number + 1}", value) for number, value in enumerate(accuracy["teachers"]) if value is not None),
        *([("ensemble", accuracy["ensemble"])] if accuracy["ensemble"] is not None else []),
        ("student, float", accuracy["student_float"]),
        ("student, int8", accuracy["student_int8"]),
        ("control, float", accuracy["control_float"]),
        ("control, int8", accuracy["control_int8"]),
    ]
    steps = [(f"{row['index']} {row['name']}", row["live_bytes"]) for row in result["model"]["operators"]]
    confusion = result["confusion"]
    host_samples = sum(map(sum, confusion["host"]))
    return [
        _section("On the board", [*score_rows(board_score(result)), *speed_rows(result), *link_rows(result["link"])]),
        _section("Student against control", network_rows(result), plots.accuracies(bars)),
        _section("Learning", [], plots.learning_curves(result["history"])),
        _section("Memory", memory_rows(result), plots.memory(steps)),
        _section(
            "Confusion",
            [],
            plots.confusion(confusion["host"], names, f"host, {host_samples} images"),
            plots.confusion(confusion["board"], names, f"board, {accuracy['board_samples']} images"),
        ),
    ]


def _section(title: str, rows: list[Row], *plots: str) -> dict[str, Any]:
    return {"title": title, "rows": rows, "plots": plots}
