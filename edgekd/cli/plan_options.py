"""Options that several commands share: how the ahead-of-time engine is to be made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

OPTIMIZE = ("speed", "balanced", "ram", "flash")


class _Size(click.ParamType[int]):
    """Bytes: 65536, or 64K."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from edgekd.toml_schema import size_in_bytes

        try:
            return size_in_bytes(int(value) if str(value).isdigit() else value)
        except ValueError as error:
            self.fail(str(error).replace("\n", "; "), param, ctx)


SIZE = _Size()


def plan_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --optimize and --ram-limit, as `optimize` and `ram_limit`."""
    limit = click.option(
        "--ram-limit",
        type=SIZE,
        metavar="SIZE",
        help="Bytes (or 64K) for tensors and scratch: saves RAM beyond what --optimize says until it fits.",
    )
    optimize = click.option(
        "--optimize",
        type=click.Choice(OPTIMIZE),
        default="balanced",
        show_default=True,
        help="What matters most: whole images at once, row by row where that saves RAM, or small code.",
    )
    return optimize(limit(command))
