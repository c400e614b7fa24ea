"""The command line: one thin module a command, loaded when the command is named.

A module `edgekd/cli/<command>.py` has one click command, `command`. It parses, calls a stage and prints: JSON on
stdout, everything else on stderr.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import click

from edgekd.errors import EdgekdError

# Name -> one line for `edgekd --help`, in the order of the data's way. Kept here so that help loads nothing else.
COMMANDS = {
    "run": "Run a recipe: teachers, student, int8 model, firmware, board, report.",
    "search": "Search the students that fit a board: accuracy against cost.",
    "distill": "Train the teachers, the student and its control.",
    "convert": "Convert the student to an int8 .tflite and verify it on TensorFlow Lite Micro.",
    "compile": "Compile a .tflite to C11 that needs nothing else.",
    "features": "Write the C that computes a recipe's audio features on a board.",
    "deploy": "Make the firmware for a board, build it, check that it fits, upload it.",
    "eval": "Measure accuracy and speed of a model on a board.",
    "bench": "Measure speed, flash and RAM of a model on a board.",
    "diff": "Compare every tensor of one inference on a board with the host's.",
    "report": "Write the report of a finished run again.",
    "boards": "List the boards edgekd knows.",
    "doctor": "Show which tools are here, and how to get those that are not.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"edgekd.cli.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "See 'edgekd --help'."
            ctx.fail(f"no such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="edgekd")
def cli() -> None:
    """From a PyTorch teacher to a measured, bit-exact int8 student on a microcontroller.

    The shortest way through: edgekd run digits
    """


def print_json(value: Any) -> None:
    """One JSON value on stdout: the only thing any command writes there."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def main() -> None:
    """Entry point of the `edgekd` program: 0 good, 1 a bad result, 2 bad input or a missing tool."""
    try:
        cli(prog_name="edgekd", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except EdgekdError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped: what was finished is kept; run the same command again to go on", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:  # a folder that may not be written, a disk that is full
        click.echo(f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}", err=True)
        sys.exit(2)
    sys.exit(0)
