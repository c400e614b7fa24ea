"""The front of a search, as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table


def front_table(result: Mapping[str, Any]) -> Table:
    """A row for each student of the front, cheapest first. result: of edgekd.search."""
    unit = result["unit"]
    title = f"{result['name']} on {result['board']}: validation accuracy against {_minimized(result)}"
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    timed = result["latency_method"] is not None
    headings = ["#", "student", "accuracy", "int8", unit, *(["ms"] if timed else []), "flash", "RAM"]
    for heading in headings:
        made.add_column(heading, justify="left" if heading == "student" else "right")
    for number, row in enumerate(result["front"], start=1):
        int8, cost = row["int8"], cost_of(row)
        made.add_row(
            str(number),
            escape(options_text(row["options"], result["space"])),
            f"{row['accuracy']:.2f}" + (f" ± {row['deviation']:.2f}" if row["deviation"] is not None else ""),
            f"{int8['val_accuracy']:.2f}" if int8 else "",
            f"{cost[unit]:,}",
            *([f"{cost['latency_ms']:.3g}"] if timed else []),
            f"{cost['flash']:,}",
            f"{cost['ram']:,}",
        )
    return made


def front_notes(result: Mapping[str, Any]) -> list[str]:
    """What to know beside the table."""
    counts, seeds = result["counts"], result["seeds"]
    lines = [
        f"{sum(counts.values())} candidates: {counts['complete']} trained for {result['epochs']} epochs, "
        f"{counts['stopped']} ended early, {counts['refused']} did not fit and were not trained",
        f"accuracy: % of the validation set, which chose the front; {seeds} seed{'s' if seeds > 1 else ''}",
    ]
    lines += [f"ms: {result['latency_method']}"] if result["latency_method"] else []
    over = [
        str(number) for number, row in enumerate(result["front"], start=1) if row["int8"] and row["int8"]["refused"]
    ]
    lines += [f"with trained weights over the budget, by a little: {', '.join(over)}; shown untrained"] if over else []
    if result["in_work"]:
        lines.append(f"so far: other processes still have {result['in_work']} candidates; the last one tells all")
    return [*lines, *result["notes"]]


def _minimized(result: Mapping[str, Any]) -> str:
    return str({"speed": result["unit"], "flash": "flash", "ram": "RAM"}[result["minimize"]])


def cost_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a student of the front takes: as trained and converted, where that is measured, else untrained."""
    cost: Mapping[str, Any] = (row["int8"] and row["int8"]["cost"]) or row["cost"]
    return cost


def options_text(options: Mapping[str, Any], space: Mapping[str, Any]) -> str:
    """What was searched; the rest is the same for all."""
    return ", ".join(f"{name} {_value(options[name])}" for name in space)


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else json.dumps(value)
