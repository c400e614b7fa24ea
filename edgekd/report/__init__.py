"""The report of a run: result.json, report.html and a table in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekd.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from edgekd.config import Recipe


def run_report(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    """The stage `report`: writes folder/result.json and folder/report.html from what the other stages left."""
    from edgekd.files import write_atomically
    from edgekd.report.page import render
    from edgekd.report.result import gather

    progress(0, 2, "gathering results")
    result = gather(recipe, folder)
    progress(1, 2, "drawing plots")
    page = render(recipe, result)
    write_atomically(folder / "result.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    write_atomically(folder / "report.html", page)
    return [folder / "result.json", folder / "report.html"]


def print_summary(result: dict[str, Any], console: Console) -> None:
    """The run's figures as tables."""
    from edgekd.report.tables import summary_tables

    for table in summary_tables(result):
        console.print()
        console.print(table)
