"""The record of an experiment as a Markdown table."""

from __future__ import annotations

from typing import Any

_HEAD = "| {title}, {data}, {seeds} | distilled | control | difference | 95 % | p |\n|---|---:|---:|---:|---:|---:|"


def table(record: dict[str, Any]) -> str:
    """A row a comparison, mean ± deviation over the seeds; a line a value below."""
    seeds = f"{record['seeds']} seed" + ("s" if record["seeds"] > 1 else "")
    result = record["result"]
    rows = [
        _HEAD.format(title=record["title"], data=record["settings"]["data"]["source"], seeds=seeds),
        *(_row(one) for one in result["comparisons"]),
    ]
    values = "; ".join(f"{one['title']} {_number(one['value'], one['unit'])}" for one in result["values"])
    return "\n".join(rows) + (f"\n\n{values[0].upper()}{values[1:]}." if values else "")


def _row(one: dict[str, Any]) -> str:
    unit, difference = one["unit"], one["difference"]
    cells = [one["title"]]
    for side in ("student", "control"):
        mean = _number(one[side]["mean"], "%") if unit == "%" else _bare(one[side]["mean"], unit)
        cells.append(f"{mean} ± {_bare(one[side]['deviation'], unit)}")
    cells.append(f"{_bare(difference['mean'], unit, '+')} ± {_bare(difference['deviation'], unit)}")
    interval, p = difference["interval_95"], difference["p_value"]
    cells.append("–" if interval is None else " to ".join(_bare(end, unit, "+") for end in interval))
    cells.append("–" if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}")
    return "| " + " | ".join(cells) + " |"


def _number(value: float, unit: str) -> str:
    return f"{_bare(value, unit)} {unit}".rstrip()


def _bare(value: float, unit: str, sign: str = "") -> str:
    """Points to hundredths, counts to tenths, what has no unit as it is."""
    form = "g" if not unit else ",.2f" if unit in ("%", "points") else ",.1f"
    return f"{value:{sign}{form}}"
