"""Results as tables for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.markup import escape
from rich.table import Table

from edgekd.report.networks import network_rows
from edgekd.report.rows import Row


def table(title: str, rows: Iterable[Row]) -> Table:
    """Three columns: what, figure, remark."""
    made = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False)
    made.add_column()
    made.add_column(justify="right")
    made.add_column(style="dim")
    for row in rows:
        made.add_row(*row)
    return made


def eval_table(result: Mapping[str, Any]) -> Table:
    """What `edgekd eval` found."""
    title = f"{result['model']} on {result['board']}"
    speed = speed_rows(result) if result["per_inference"] else []  # boards of several kinds have no speed in common
    rows = [*score_rows(result), *speed, *link_rows(result["link"]), *journal_rows(result)]
    return table(title, rows)


def boards_table(result: Mapping[str, Any]) -> Table:
    """What each board of `edgekd eval --farm` did."""
    made = Table(title="By board", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("board", "kind", "at", "answered", "equal", "retries", "state"):
        made.add_column(heading, justify="right" if heading in ("answered", "equal", "retries") else "left")
    troubles = [
        board["why"] if board["why"].startswith(board["name"]) else f"{board['name']}: {board['why']}"
        for board in result["boards"]
        if board["why"]
    ]
    made.caption, made.caption_justify = escape("\n".join(troubles)), "left"
    for board in result["boards"]:
        answers = (f"{board[key]:,}" for key in ("answered", "equal"))
        retries = str(board["link"].get("retries", 0))
        cells = (board["name"], board["profile"], board["port"] or "emulated", *answers, retries, board["state"])
        made.add_row(*(escape(str(cell)) for cell in cells))
    return made


def bench_table(result: Mapping[str, Any]) -> Table:
    """What `edgekd bench` found."""
    title = f"{result['model']} on {result['board']}"
    rows = [exact_row(result["bit_exact"]), *speed_rows(result), *memory_rows(result), *link_rows(result["link"])]
    return table(title, rows)


def layers_table(result: Mapping[str, Any]) -> Table:
    """What `edgekd bench --layers` found: a row for each layer, their sum below."""
    found = result["layers"]
    made = Table(title="One inference by layer", title_justify="left", title_style="bold", box=None, pad_edge=False)
    made.show_footer = True
    columns = _LAYER_COLUMNS
    if found["m4_cycle_method"] is None:
        columns = {heading: cell for heading, cell in columns.items() if heading != "M4 cycles"}
    else:
        made.caption, made.caption_justify = f"M4 cycles: estimated. {found['m4_cycle_method']}", "left"
    total = {**found["total"], "kernel": "total", "share": 1.0}
    for heading, cell in columns.items():
        justify: Literal["left", "right"] = "left" if heading in ("#", "kernel", "output") else "right"
        made.add_column(heading, cell(total), justify=justify, no_wrap=heading != "kernel")
    for row in [*found["rows"], {**found["around"], "kernel": "around the layers"}]:
        made.add_row(*(cell(row) for cell in columns.values()))
    return made


def _count(value: int | None) -> str:
    return f"{value:,}" if value else ""


def _number(row: Mapping[str, Any]) -> str:
    """The operator's index, with a bracket around those that run in one loop."""
    number, stage = row.get("operator", ""), row.get("stage", [])
    bracket = {stage[0]: " ┐", stage[-1]: " ┘"}.get(number, " │") if len(stage) > 1 else ""
    return f"{number:>2}{bracket}"


# Of layers_table, by heading: the text of a row.
_LAYER_COLUMNS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "#": _number,
    "kernel": lambda row: row["kernel"].removeprefix("edgekd_"),
    "output": lambda row: " ".join("×".join(map(str, shape[1:] or shape)) for shape in row.get("outputs", [])),
    "instructions": lambda row: f"{row['instructions']:,}",
    "%": lambda row: f"{100 * row['share']:.1f}",
    "MACs": lambda row: _count(row["macs"]),
    "per MAC": lambda row: f"{row['instructions_per_mac']:.2f}" if row["instructions_per_mac"] else "",
    "arena": lambda row: _count(row.get("live_bytes")),
    "M4 cycles": lambda row: _count(row["m4_cycles"]),
}


def summary_tables(result: Mapping[str, Any]) -> list[Table]:
    """What a whole run found."""
    board = [
        *score_rows(board_score(result)),
        *speed_rows(result),
        *memory_rows(result),
        *link_rows(result["link"]),
    ]
    return [
        table(f"{result['name']}, {tested_on(result)}", network_rows(result)),
        table(f"On {result['board_title']}", board),
    ]


def tested_on(result: Mapping[str, Any]) -> str:
    """What the figures of `network_rows` are of."""
    name, unit = ("accuracy", "samples") if result["task"] == "classify" else ("AUC", "clips")
    return f"{name} on {result['data']['test']:,} test {unit}"


def board_score(result: Mapping[str, Any]) -> dict[str, Any]:
    """A run's figures under the keys `edgekd eval` gives them, for `score_rows`."""
    name, factor = ("accuracy", 100) if result["task"] == "classify" else ("auc", 1)
    score = result[name]
    interval = score["board_interval_95"]
    return {
        "task": result["task"],
        "macro_f1": score["board_macro_f1"],
        name: score["board"] / factor,
        f"{name}_interval_95": interval and [bound / factor for bound in interval],
        "samples": score["board_samples"],
        "bit_exact": result["bit_exact"],
    }


def score_rows(result: Mapping[str, Any]) -> list[Row]:
    """Accuracy of a classifier or AUC of an anomaly detector, and whether the outputs are right."""
    return [*_SCORE_ROWS[result["task"]](result), exact_row(result["bit_exact"])]


def _accuracy_rows(result: Mapping[str, Any]) -> list[Row]:
    low, high = result["accuracy_interval_95"]
    note = f"{result['samples']:,} samples; {100 * low:.1f} to {100 * high:.1f} at 95 %"
    return [
        ("accuracy on the board", f"{100 * result['accuracy']:.2f} %", note),
        ("mean F1 of the classes", f"{result['macro_f1']:.4f}", ""),
    ]


def _auc_rows(result: Mapping[str, Any]) -> list[Row]:
    interval = result["auc_interval_95"]
    spread = f"{interval[0]:.4f} to {interval[1]:.4f} at 95 %" if interval else "no interval"
    note = f"{result['samples']:,} samples by reconstruction error; {spread}"
    return [("AUC on the board", f"{result['auc']:.4f}", note)]


_SCORE_ROWS = {"classify": _accuracy_rows, "anomaly": _auc_rows}
_MOST_CLASSES = 30  # that a terminal shows without the title scrolling away


def classes_table(result: Mapping[str, Any]) -> Table:
    """A row for each class; of many classes those with the lowest F1."""
    rows, title = result["per_class"], "By class"
    if len(rows) > _MOST_CLASSES:
        rows = sorted(rows, key=lambda row: (row["f1"] is None, row["f1"]))[:_MOST_CLASSES]
        title = f"The {_MOST_CLASSES} of {len(result['per_class'])} classes with the lowest F1"
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in CLASS_COLUMNS:
        made.add_column(heading, justify="left" if heading == "class" else "right")
    for row in rows:
        made.add_row(*map(escape, class_cells(row, result.get("class_names"))))
    return made


CLASS_COLUMNS = ("class", "precision", "recall", "F1", "samples")


def class_cells(row: Mapping[str, Any], names: Sequence[str] | None) -> list[str]:
    """A row of `per_class` as text, in the order of CLASS_COLUMNS. names: of the classes, else they are numbers."""
    figures = ("–" if row[key] is None else f"{row[key]:.4f}" for key in ("precision", "recall", "f1"))
    return [names[row["class"]] if names else str(row["class"]), *figures, f"{row['support']:,}"]


def exact_row(exact: Mapping[str, Any]) -> Row:
    return ("outputs equal in every byte", f"{exact['equal']} of {exact['of']}", f"to {exact['oracle']}'s")


def speed_rows(result: Mapping[str, Any]) -> list[Row]:
    speed = result["per_inference"]
    shown = (
        ("instructions", "instructions an inference", "{:,}"),
        ("cycles", "cycles an inference", "{:,}"),
        ("micros", "time of an inference", "{:,.1f} µs"),
    )
    spread = f"{speed['minimum']:,} to {speed['maximum']:,}"
    rows = [(text, form.format(speed[key]), "") for key, text, form in shown if speed[key] is not None]
    if not rows:
        return [("ticks an inference", spread, speed["source"])]
    percentiles = ", ".join(f"{speed[key]:,}" for key in ("p50", "p90", "p99"))
    # The spread is in the first one's unit.
    return [(*rows[0][:2], spread), *rows[1:], ("  median, p90, p99", percentiles, "")]


def memory_rows(result: Mapping[str, Any]) -> list[Row]:
    flash, ram = result["flash_bytes"], result["ram_bytes"]
    return [
        ("flash", f"{flash['total']:,} B", f"weights {flash['weights']:,} + engine {flash['engine']:,}"),
        ("RAM", f"{ram['total']:,} B", f"arena {ram['arena']:,} + static {ram['static']:,} + stack {ram['stack']:,}"),
    ]


def link_rows(link: Mapping[str, Any]) -> list[Row]:
    return [("serial link", f"{link['seconds']:.1f} s", _link_note(link))]


def _link_note(link: Mapping[str, Any]) -> str:
    sent, received = link["bytes_sent"] / 1000, link["bytes_received"] / 1000
    note = f"{sent:,.1f} kB sent, {received:,.1f} back, {link['retries']} retries"
    rates, refused = (" and ".join(map(str, link.get(key, ()))) for key in ("baud", "baud_refused"))
    note += f", {rates} baud" if rates else ""
    return note + (f", {refused} baud did not work" if refused else "")


def journal_rows(result: Mapping[str, Any]) -> list[Row]:
    """What was taken from an earlier, interrupted evaluation; nothing where nothing was."""
    journal = result["journal"]
    rows = [("kept from before", f"{journal['kept']:,}", f"of {result['samples']:,}")] if journal["kept"] else []
    if journal["damaged_lines"]:
        rows.append(("damaged journal lines", f"{journal['damaged_lines']:,}", "their samples were run again"))
    return rows


def diff_table(result: Mapping[str, Any]) -> Table:
    """What `edgekd diff` compared: a row for each operator that runs, in the order of execution."""
    title = f"{result['model']} on {result['board']}, one inference"
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("#", "kernel", "output", "its inputs", "its output"):
        made.add_column(heading, justify="right" if heading == "#" else "left")
    rows: dict[int, dict[str, Any]] = {}
    for look in result["looks"]:
        row = rows.setdefault(look["operator"], {"look": look, "read": True, "made": True, "sent": True})
        row[look["moment"]] &= look["equal"]
        if look["moment"] == "made":
            row["look"] = look
    for number, row in rows.items():
        output = "equal" if row["made"] and row["sent"] else "[bold]differs[/bold]"
        look = row["look"]
        made.add_row(
            str(number),
            look["kernel"].removeprefix("edgekd_") or look["operator_name"],
            "×".join(map(str, look["shape"][1:] or look["shape"])),
            "equal" if row["read"] else "[bold]differ[/bold]",
            output,
        )
    made.caption, made.caption_justify = f"serial link: {_link_note(result['link'])}", "left"
    return made


def difference_lines(first: Mapping[str, Any]) -> list[str]:
    """The first difference in words."""
    moment = {"made": "output of", "read": "input of", "sent": "output of the model, last"}[first["moment"]]
    lines = [
        f"first difference: {moment} operator {first['operator']} ({first['operator_name']}, {first['kernel'] or 'no'} "
        f"kernel), tensor {first['tensor']!r}",
        f"  {first['wrong']:,} of {first['of']:,} values differ, by {first['largest']:g} at most",
    ]
    lines += [f"  at {value['at']}: board {value['board']}, host {value['host']}" for value in first["values"]]
    lines += ["  …"] if first["wrong"] > len(first["values"]) else []
    return lines + [f"  likely: {cause}" for cause in first["causes"]]
