"""Samples for networks of other frameworks: channels first, as here, or last."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from edgekd.errors import InputError


def layout_of(declared: Sequence[int | None], x: Tensor, title: str) -> str:
    """The layout in which samples fit a declared shape without its batch; None in it fits anything.

    Raises InputError when none does, or both do and differ.
    """
    shape = list(x.shape[1:])
    if len(shape) < 2:
        return "channels-first"
    first, last = _fits(shape, declared), _fits([*shape[1:], shape[0]], declared)
    if first and last and shape != [*shape[1:], shape[0]]:
        raise InputError(
            f"{title} declares samples of shape {list(declared)}: channels may be first or last",
            'say which: layout = "channels-first" or "channels-last"',
        )
    if not first and not last:
        raise InputError(
            f"{title} declares samples of shape {list(declared)}, these are {shape} with channels first",
            "input_size=(height, width) resizes them",
        )
    return "channels-first" if first else "channels-last"


def arranged_as(x: Tensor, layout: str) -> Tensor:
    """Samples, (samples, channels, …), in a layout."""
    return x.movedim(1, -1).contiguous() if layout == "channels-last" and x.ndim > 2 else x


def _fits(shape: Sequence[int], declared: Sequence[int | None]) -> bool:
    return len(shape) == len(declared) and all(
        side is None or side == size for side, size in zip(declared, shape, strict=True)
    )
