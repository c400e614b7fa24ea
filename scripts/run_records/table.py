"""Records of recipes and of searches as Markdown tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from edgekd.report.front import cost_of, options_text
from edgekd.report.result import shown

Result = Mapping[str, Any]
Columns = Mapping[str, Callable[[Any], str]]


def recipes_table(records: Sequence[Mapping[str, Any]]) -> str:
    """A row a recipe. Student and control are float, mean ± deviation over the seeds; from `int8` on the first student
    alone, as it ran on the board. An accuracy is of the whole test set, the board has as many samples as are equal."""
    named = [
        {"file": PurePath(record["command"].split()[2]).name, **record["result"]}
        for record in sorted(records, key=lambda record: -record["result"]["model"]["weight_bytes"])
    ]
    return _markdown(_RECIPE_COLUMNS, named)


def search_table(record: Mapping[str, Any]) -> str:
    """A row for each student of the front; below, what became of all candidates."""
    result, counts = record["result"], record["result"]["counts"]
    unit = result["unit"]
    columns: Columns = {
        "student on the front": lambda row: options_text(row["options"], result["space"]),
        "float": lambda row: f"{row['accuracy']:.2f} %",
        "int8": lambda row: f"{row['int8']['val_accuracy']:.2f} %" if row["int8"] else "–",
        unit: lambda row: f"{cost_of(row)[unit]:,}",
        "flash, B": lambda row: f"{cost_of(row)['flash']:,}",
        "RAM, B": lambda row: f"{cost_of(row)['ram']:,}",
    }
    ends = f"{counts['refused']} refused untrained, {counts['stopped']} ended early, {counts['complete']} trained"
    return f"{_markdown(columns, result['front'])}\n\n{sum(counts.values())} candidates: {ends}."


def _markdown(columns: Columns, rows: Sequence[Any]) -> str:
    head = [f"| {' | '.join(columns)} |", "|---|" + "---:|" * (len(columns) - 1)]
    return "\n".join([*head, *(f"| {' | '.join(cell(row) for cell in columns.values())} |" for row in rows)])


def _measure(result: Result) -> str:
    return "accuracy" if result["task"] == "classify" else "auc"


def _score(of: str) -> Callable[[Result], str]:
    return lambda result: shown(_measure(result), result[_measure(result)][of])


def _teachers(result: Result) -> str:
    scores = result[_measure(result)]["teachers"]
    return f"{len(scores)}: {shown(_measure(result), statistics.fmean(scores))}"


def _over_seeds(who: str) -> Callable[[Result], str]:
    """student or control, with a deviation where there are several seeds."""

    def cell(result: Result) -> str:
        measure, seeds = _measure(result), result["seeds"]
        if seeds is None:
            return shown(measure, result[measure][f"{who}_float"])
        found = seeds[f"test_{measure}"][who]
        return f"{shown(measure, found['mean'])} ± {shown(measure, found['deviation']).removesuffix(' %')}"

    return cell


def _p_value(result: Result) -> str:
    p = result["seeds"] and result["seeds"][f"test_{_measure(result)}"]["difference"]["p_value"]
    return "–" if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


_RECIPE_COLUMNS: Columns = {
    "recipe": lambda result: f"`{result['file']}`",
    "teachers": _teachers,
    "together": _score("ensemble"),
    "seeds": lambda result: str(result["seeds"]["count"] if result["seeds"] else 1),
    "student": _over_seeds("student"),
    "control": _over_seeds("control"),
    "p": _p_value,
    "int8": _score("student_int8"),
    "weights, B": lambda result: f"{result['model']['weight_bytes']:,}",
    "flash, B": lambda result: f"{result['flash_bytes']['total']:,}",
    "RAM, B": lambda result: f"{result['ram_bytes']['total']:,}",
    "instructions": lambda result: f"{result['per_inference']['instructions']:,}",
    "equal on the board": lambda result: f"{result['bit_exact']['equal']:,} of {result['bit_exact']['of']:,}",
}
