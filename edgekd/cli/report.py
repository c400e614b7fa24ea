"""edgekd report."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN")
def command(folder: Path) -> None:
    """Write result.json and report.html of the finished run in the folder RUN again."""
    from edgekd.cli.console import console
    from edgekd.report import print_summary, write_report

    result = write_report(folder)
    print_summary(result, console)
    console.print(f"\nreport: {folder / 'report.html'}", soft_wrap=True, markup=False)
