"""The report's plots, as SVG text that goes into the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgekd.errors import ToolError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREY = "#2563eb", "#ea580c", "#9ca3af"


def learning_curves(history: Mapping[str, Sequence[Mapping[str, float]]], key: str, label: str) -> str:
    """A figure of the validation set by epoch, one line a network; rows need `epoch` and `key`."""

    def draw(axes: Axes) -> None:
        for name, rows in history.items():
            colour = _BLUE if name == "student" else _ORANGE if name == "control" else _GREY
            xs = [row["epoch"] for row in rows]
            axes.plot(xs, [row[key] for row in rows], label=name, color=colour, marker="o", markersize=3)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)

    return _svg(draw, (6.4, 3.6), "learning-curves")


def accuracies(rows: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars of test accuracy in percent, the axis cut to where they differ."""
    return _bars(rows, "test accuracy, %", "%.2f", 1.0, 100.5)


def areas(rows: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars of AUC on the test set, the axis cut to where they differ."""
    return _bars(rows, "AUC on the test set", "%.4f", 0.01, 1.005)


def _bars(rows: Sequence[tuple[str, float]], label: str, form: str, margin: float, most: float) -> str:
    def draw(axes: Axes) -> None:
        names, values = [name for name, _ in rows], [value for _, value in rows]
        colours = [_ORANGE if "control" in name else _BLUE if "student" in name else _GREY for name in names]
        bars = axes.barh(names, values, color=colours)
        axes.bar_label(bars, fmt=form, padding=3)
        axes.invert_yaxis()
        low = max(0.0, min(values) - max(margin, 0.5 * (max(values) - min(values))))
        axes.set_xlim(low, min(most, max(values) + 0.25 * (max(values) - low)))
        axes.set_xlabel(f"{label}  (axis does not start at 0)")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)

    return _svg(draw, (6.4, 0.5 * len(rows) + 1.0), "accuracies")


def confusion(matrix: Sequence[Sequence[int]], names: Sequence[str], title: str) -> str:
    """Rows: the true class; columns: the answer; counts written in the cells."""

    def draw(axes: Axes) -> None:
        axes.imshow([[count**0.5 for count in row] for row in matrix], cmap="Blues")
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
        axes.set_xlabel("answer")
        axes.set_ylabel("true class")
        axes.set_title(title, fontsize=9)
        peak = max(max(row) for row in matrix)
        for y, row in enumerate(matrix):
            for x, count in enumerate(row):
                if count:
                    shade = "white" if count > peak / 3 else "black"
                    axes.text(x, y, str(count), ha="center", va="center", fontsize=6, color=shade)

    side = 2.2 + 0.28 * len(names)
    return _svg(draw, (side, side), f"confusion {title}")


def memory(steps: Sequence[tuple[str, int]]) -> str:
    """Bytes of the arena in use at each operator."""

    def draw(axes: Axes) -> None:
        axes.bar(range(len(steps)), [used / 1024 for _, used in steps], color=_BLUE)
        axes.set_xticks(range(len(steps)), [name for name, _ in steps], rotation=60, ha="right", fontsize=7)
        axes.set_ylabel("arena in use, KiB")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)

    return _svg(draw, (6.4, 3.4), "memory")


def front(result: Mapping[str, Any]) -> str:
    """Validation accuracy (percent) against cost: candidates of a search, and the line of those that none beats."""
    key, unit = {"speed": (result["unit"], result["unit"]), "flash": ("flash", "bytes"), "ram": ("ram", "bytes")}[
        result["minimize"]
    ]

    def draw(axes: Axes) -> None:
        for rows, colour, label in (
            ([row for row in result["candidates"] if row["state"] == "complete"], _GREY, "candidates"),
            (result["front"], _BLUE, "front"),
        ):
            costs, found = [row["cost"][key] for row in rows], [row["accuracy"] for row in rows]
            line = "-" if label == "front" else ""
            errors = [row["deviation"] or 0.0 for row in rows] if result["seeds"] > 1 else None
            axes.errorbar(
                costs,
                found,
                yerr=errors,
                fmt="o" + line,
                color=colour,
                label=label,
                markersize=4,
                drawstyle="steps-post",
            )
        for number, row in enumerate(result["front"], start=1):
            at = (row["cost"][key], row["accuracy"])
            axes.annotate(str(number), at, xytext=(4, 4), textcoords="offset points", fontsize=8)
        limit = result["budget"].get(key)
        if limit is not None:
            axes.axvline(limit, color=_ORANGE, linestyle="--", label="budget")
        what = {"flash": "flash", "ram": "RAM"}.get(key, "an inference")
        axes.set_xlabel(
            f"{unit}, {what}, on {result['measured_on']}" if key != unit else f"{unit} {what}, {result['measured_on']}"
        )
        axes.set_ylabel("validation accuracy, %")
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)

    return _svg(draw, (6.4, 4.0), "front")


def _svg(draw: Callable[[Axes], None], size: tuple[float, float], salt: str) -> str:
    """Draw on fresh axes and return one <svg> element, equal for equal input."""
    pyplot, settings = _matplotlib()
    with pyplot.rc_context({**settings, "svg.hashsalt": salt}):
        figure: Figure
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        try:
            draw(axes)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        finally:
            pyplot.close(figure)
    text = buffer.getvalue()
    # Inside HTML the XML prologue is an error; ids must not collide between the plots of one page.
    element = text[text.index("<svg") :]
    prefix = re.sub(r"[^a-z]+", "-", salt.lower())
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{prefix}-", element)


def _matplotlib() -> tuple[Any, dict[str, Any]]:
    try:
        import matplotlib
    except ImportError:
        raise ToolError(
            "the report's plots need matplotlib, which is not installed", "pip install 'edgekd[train]'"
        ) from None
    matplotlib.use("svg")
    from matplotlib import pyplot

    return pyplot, {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
