"""report.html: one file, nothing loaded from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgekd.config import Recipe
from edgekd.report import plots
from edgekd.report.networks import network_rows
from edgekd.report.rows import Row
from edgekd.report.tables import (
    CLASS_COLUMNS,
    board_score,
    class_cells,
    link_rows,
    memory_rows,
    score_rows,
    speed_rows,
    tested_on,
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
    """The table by class, headings first; empty where there are no classes to tell apart."""
    if result["per_class"] is None:
        return []
    names = result["data"]["class_names"]
    return [list(CLASS_COLUMNS), *(class_cells(row, names) for row in result["per_class"])]


def _sections(result: dict[str, Any]) -> list[dict[str, Any]]:
    classify = result["task"] == "classify"
    score = result["accuracy" if classify else "auc"]
    bars = [
        *((f"teacher {number + 1}", value) for number, value in enumerate(score["teachers"]) if value is not None),
        *([("ensemble", score["ensemble"])] if score["ensemble"] is not None else []),
        ("student, float", score["student_float"]),
        ("student, int8", score["student_int8"]),
        ("control, float", score["control_float"]),
        ("control, int8", score["control_int8"]),
    ]
    compared = plots.accuracies(bars) if classify else plots.areas(bars)
    learned = ("val_accuracy", "validation accuracy, %") if classify else ("val_loss", "validation error")
    steps = [(f"{row['index']} {row['name']}", row["live_bytes"]) for row in result["model"]["operators"]]
    return [
        _section("On the board", [*score_rows(board_score(result)), *speed_rows(result), *link_rows(result["link"])]),
        _section(f"Student against control, {tested_on(result)}", network_rows(result), compared),
        _section("Learning", [], plots.learning_curves(result["history"], *learned)),
        _section("Memory", memory_rows(result), plots.memory(steps)),
        *([_confusion(result)] if classify else []),
    ]


def _confusion(result: dict[str, Any]) -> dict[str, Any]:
    names, confusion = result["data"]["class_names"], result["confusion"]
    host, board = sum(map(sum, confusion["host"])), result["accuracy"]["board_samples"]
    return _section(
        "Confusion",
        [],
        plots.confusion(confusion["host"], names, f"host, {host} samples"),
        plots.confusion(confusion["board"], names, f"board, {board} samples"),
    )


def _section(title: str, rows: list[Row], *plots: str) -> dict[str, Any]:
    return {"title": title, "rows": rows, "plots": plots}
