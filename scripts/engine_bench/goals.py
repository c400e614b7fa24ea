"""What edgekd is to reach, and whether a record shows that it does. All goals are upper bounds of the fast builds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engine_bench.compare import FAST, Row, by_board, geometric_mean, is_right, ours, ratio


@dataclass(frozen=True)
class Goal:
    """An upper bound on one figure of edgekd's.

    core: of the boards it holds for; None means all. figure: of those in `_value`. share_of: the engine whose figure it
    is a fraction of; None for a bound on edgekd's own. model: the only one it is for; None means all.
    mean: of the geometric mean over a board's models. each: of every model. below: the same, and not to be reached.
    """

    core: str | None
    figure: str
    share_of: str | None = None
    model: str | None = None
    mean: float | None = None
    each: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Outcome:
    """text: the goal. board: or the core where no board was measured. value: None then. holds: None where a model
    has no figure. over: the models of the mean or, for a goal each has to reach, the worst of them."""

    text: str
    board: str
    value: float | None
    holds: bool | None
    over: str


GOALS = (
    # Against TensorFlow Lite Micro with CMSIS-NN, int8 kernels alone, -O3.
    Goal("cortex-m4", "instructions", "TFLM", mean=0.48, each=0.65),
    Goal("cortex-m4", "m4_cycles", "TFLM", mean=0.55),
    Goal("cortex-m4", "ram", "TFLM", mean=0.55),
    Goal("cortex-m4", "flash", "TFLM", mean=0.62),
    Goal("cortex-m55", "instructions", "TFLM", mean=0.75, each=0.95),
    Goal("cortex-m3", "instructions", "TFLM", mean=0.70),
    # Ahead of bakenn with each model on each board.
    Goal(None, "instructions", "bakenn", below=1.0),
    Goal(None, "ram", "bakenn", below=1.0),
    Goal(None, "flash", "bakenn", below=1.0),
    # Of edgekd's own, in instructions and bytes.
    Goal("rv32imc", "instructions a MAC", mean=3.2),
    Goal(None, "ram", model="kws", each=12_000),
    Goal(None, "ram", model="vww", each=50_000),
    Goal(None, "ram", model="ic", each=38_000),
    Goal(None, "code", each=14_000),
    Goal(None, "flash beyond weights and biases", each=20_000),
)


def check(rows: Sequence[Row], models: Collection[str]) -> list[Outcome]:
    """Every goal on every board it is for. models: those that a goal for a core must have figures of to hold."""
    return [outcome for goal in GOALS for outcome in _outcomes(goal, rows, models)]


def listing(outcomes: Sequence[Outcome]) -> str:
    """As Markdown."""
    words = {True: "holds", False: "MISSED", None: "not measured"}
    lines = ["| goal | board | measured | over | |", "|---|---|---:|---|---|"]
    for outcome in outcomes:
        value = "–" if outcome.value is None else _number(outcome.value)
        lines.append(f"| {outcome.text} | {outcome.board} | {value} | {outcome.over} | {words[outcome.holds]} |")
    return "\n".join(lines)


def _outcomes(goal: Goal, rows: Sequence[Row], models: Collection[str]) -> Iterator[Outcome]:
    what = f"{goal.figure} / {goal.share_of}" if goal.share_of else goal.figure
    what = f"{goal.model}: {what}" if goal.model else what
    boards = by_board(row for row in rows if goal.core in (None, row["core"]) and goal.model in (None, row["model"]))
    for board, there in boards.items() or {goal.core or "any": []}.items():
        found = {row["model"]: value for row in there if (value := _value(goal, row)) is not None}
        if goal.core is None and not found:
            continue  # a board that no model fits
        complete = goal.core is None or set(models) <= set(found)  # a small board need not hold all models
        if goal.mean is not None:
            mean = geometric_mean(found.values())
            holds = mean <= goal.mean if mean is not None and complete else None
            yield Outcome(f"{what}, mean <= {_number(goal.mean)}", board, mean, holds, ", ".join(found))
        worst = max(found, key=lambda model: found[model], default="")
        value = found.get(worst)
        over = f"worst of {len(found)}: {worst}" if found else ""
        if goal.each is not None:
            holds = value <= goal.each if value is not None and complete else None
            yield Outcome(f"{what}, each <= {_number(goal.each)}", board, value, holds, over)
        if goal.below is not None:
            holds = value < goal.below if value is not None and complete else None
            yield Outcome(f"{what}, each < {_number(goal.below)}", board, value, holds, over)


def _value(goal: Goal, row: Row) -> float | None:
    """A model's figure, None where it has none."""
    if goal.share_of is not None:
        return ratio(row, goal.share_of, FAST, goal.figure)
    figures = ours(row, FAST)
    if not is_right(figures):
        return None
    if goal.figure == "instructions a MAC":
        return figures["instructions"] / row["macs"] if "instructions" in figures else None
    if goal.figure == "flash beyond weights and biases":
        return float(figures["flash"] - figures["weights"])
    return float(figures[goal.figure])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}".rstrip("0").ljust(4, "0")
