"""Results as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

Row = tuple[str, str, str]  # what, figure, how to read it


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
    return table(title, [*accuracy_rows(result), *speed_rows(result), *link_rows(result["link"])])


def bench_table(result: Mapping[str, Any]) -> Table:
    """What `edgekd bench` found."""
    title = f"{result['model']} on {result['board']}"
    rows = [exact_row(result["bit_exact"]), *speed_rows(result), *memory_rows(result)]
    return table(title, rows)


def accuracy_rows(result: Mapping[str, Any]) -> list[Row]:
    low, high = result["accuracy_interval_95"]
    note = f"of {result['samples']} samples; 95 % interval {100 * low:.1f} to {100 * high:.1f} %"
    return [("accuracy on the board", f"{100 * result['accuracy']:.2f} %", note), exact_row(result["bit_exact"])]


def exact_row(exact: Mapping[str, Any]) -> Row:
    return ("outputs equal in every byte", f"{exact['equal']} of {exact['of']}", f"to {exact['oracle']}'s")


def speed_rows(result: Mapping[str, Any]) -> list[Row]:
    speed = result["per_inference"]
    shown = (("instructions", "{:,}", ""), ("cycles", "{:,}", ""), ("micros", "{:,.1f}", " µs"))
    return [
        (
            f"{name} an inference" if not unit else "time of an inference",
            form.format(speed[name]) + unit,
            speed["source"],
        )
        for name, form, unit in shown
        if speed[name] is not None
    ]


def memory_rows(result: Mapping[str, Any]) -> list[Row]:
    flash, ram = result["flash_bytes"], result["ram_bytes"]
    return [
        ("flash", f"{flash['total']:,} B", f"weights {flash['weights']:,}, engine {flash['engine']:,}"),
        (
            "RAM",
            f"{ram['total']:,} B",
            f"arena with input and output {ram['arena']:,}, static {ram['static']:,}, stack {ram['stack']:,}",
        ),
    ]


def link_rows(link: Mapping[str, Any]) -> list[Row]:
    sent, received = link["bytes_sent"], link["bytes_received"]
    note = f"{sent:,} bytes sent, {received:,} received, {link['retries']} retries"
    return [("serial link", f"{link['seconds']:.1f} s", note)]
