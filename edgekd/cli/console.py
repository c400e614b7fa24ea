"""What a person sees while stages run: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from edgekd.progress import Progress

_SECONDS_BETWEEN_LINES = 10.0

console = Console(stderr=True, highlight=False)


class StageDisplay:
    """The Observer of edgekd.run: names each stage, shows how far it is and how long it still takes."""

    @contextlib.contextmanager
    def stage(self, name: str, title: str) -> Iterator[Progress]:
        started = time.monotonic()
        console.print(f"[bold]{name}[/bold]  {title}", soft_wrap=True)
        with progress_display() as progress:
            yield progress
        console.print(f"  done in {_clock(time.monotonic() - started)}")

    def unchanged(self, name: str, title: str) -> None:
        console.print(f"[bold]{name}[/bold]  {title}: nothing changed, kept", soft_wrap=True)


@contextlib.contextmanager
def progress_display() -> Iterator[Progress]:
    """A Progress that draws a bar on a terminal and prints lines into a file or pipe."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("  "),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)

        def show(done: float, total: float, text: str) -> None:
            bars.update(task, completed=done, total=total, description=text)

        yield show


class _Lines:
    """One line whenever the text changes or some seconds have passed."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._printed = 0.0
        self._task = ""

    def __call__(self, done: float, total: float, text: str) -> None:
        now = time.monotonic()
        task = text.split(",")[0]
        if task == self._task and now - self._printed < _SECONDS_BETWEEN_LINES:
            return
        self._printed, self._task = now, task
        elapsed = now - self._started
        share = done / total if total > 0 else 0.0
        left = f", about {_clock(elapsed / share - elapsed)} left" if share > 0.02 else ""
        console.print(f"  {share:4.0%}  {text}  ({_clock(elapsed)}{left})", markup=False, soft_wrap=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
