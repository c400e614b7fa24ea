"""edgekd boards: what can be named after --board."""

from __future__ import annotations

import click

from edgekd.cli import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON on stdout.")
def command(as_json: bool) -> None:
    """List the boards edgekd knows.

    A board of your own is one TOML file: --board ./mine.toml. Start from a copy of one of these.
    """
    from edgekd.firmware.board import board_path, list_boards

    boards = list_boards()
    if as_json:
        print_json([{**board.model_dump(mode="json"), "can_upload": board.can_upload} for board in boards])
        return
    width = max(len(board.name) for board in boards)
    for board in boards:
        memory = f"{board.memory.flash // 1024:5} kB flash {board.memory.ram // 1024:5} kB RAM"
        ways = " and ".join(
            way for way, there in (("emulated", board.emulator), ("real board", board.can_upload)) if there
        )
        core = f"{board.cpu.core:11} {board.cpu.clock_hz // 10**6:4} MHz"
        click.echo(f"{board.name:{width}}  {core} {memory}  {board.title}; {ways}", err=True)
    click.echo(f"\nprofiles: {board_path(boards[0].name).parent}", err=True)
