"""edgekd report."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Run directory; runs/NAME without it.")
def command(recipe: Path, out: Path | None) -> None:
    """Write result.json and report.html of a finished run of RECIPE again."""
    from edgekd.cli.console import console, progress_display
    from edgekd.config import load_recipe
    from edgekd.report import print_summary, run_report
    from edgekd.report.result import gather

    plan = load_recipe(recipe)
    folder = out or Path("runs") / plan.name
    with progress_display() as progress:
        run_report(plan, folder, progress)
    print_summary(gather(plan, folder), console)
    console.print(f"\nreport: {folder / 'report.html'}", soft_wrap=True, markup=False)
