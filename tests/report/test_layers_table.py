from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from edgekd.report.tables import layers_table

WIDTH = 100


def row(operator: int, stage: list[int], kernel: str, macs: int, m4_cycles: int | None) -> dict[str, Any]:
    return {
        "operator": operator,
        "stage": stage,
        "kernel": kernel,
        "outputs": [[1, 48, 48, 128]],
        "instructions": 12_345_678,
        "share": 0.25,
        "macs": macs,
        "instructions_per_mac": 12_345_678 / macs if macs else None,
        "m4_cycles": m4_cycles,
        "live_bytes": 221_184,
    }


def shown(m4_cycles: int | None) -> list[str]:
    """The table's lines for four layers, two of them in one loop."""
    kernels = ["conv_2d_s8", "depthwise_conv_2d_s8_dsp", "fully_connected_s8", "softmax_s8"]
    stages = [[9], [10, 11], [10, 11], [12]]
    rows = [
        row(9 + at, stage, f"edgekd_{kernel}", 0 if kernel == "softmax_s8" else 2_949_120, m4_cycles)
        for at, (stage, kernel) in enumerate(zip(stages, kernels, strict=True))
    ]
    total = {key: rows[0][key] for key in ("instructions", "macs", "instructions_per_mac", "m4_cycles", "live_bytes")}
    around = {key: rows[3][key] for key in ("instructions", "share", "macs", "instructions_per_mac", "m4_cycles")}
    method = "by the manual" if m4_cycles else None
    layers = {"rows": rows, "around": around, "total": total, "m4_cycle_method": method}
    text = StringIO()
    Console(width=WIDTH, file=text).print(layers_table({"layers": layers}))
    return text.getvalue().rstrip().splitlines()


def test_a_row_of_large_figures_fits_on_one_line_of_a_hundred_columns() -> None:
    title, heading, *rows, caption = shown(98_765_432)
    assert len(rows) == 4 + 2 and rows[-1].split()[:2] == ["total", "12,345,678"]
    assert "M4 cycles" in heading and all(line.rstrip().endswith("98,765,432") for line in rows)
    assert "estimated. by the manual" in caption and max(map(len, [title, heading, *rows, caption])) <= WIDTH
    first = rows[0].split()
    assert first == [
        "9",
        "conv_2d_s8",
        "48×48×128",
        "12,345,678",
        "25.0",
        "2,949,120",
        "4.19",
        "221,184",
        "98,765,432",
    ]


def test_layers_of_one_loop_are_bracketed() -> None:
    numbers = [line[:5].rstrip() for line in shown(1)[2:6]]
    assert numbers == [" 9", "10 ┐", "11 ┘", "12"]


def test_no_column_of_cycles_without_an_estimate() -> None:
    title, heading, *_, total = shown(None)
    assert "M4" not in title + heading and total.split()[0] == "total"
