"""Changes of training images that keep their class: a mirror image, a shift by a few pixels.

An image has a fixed number of *views*. Each epoch draws one view an image, so a teacher's answer to every view can
be computed once and kept where that is less work.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgekd.errors import InputError

_SHIFT = 2  # pixels; about 7 % of a 28×28 image


@dataclass(frozen=True)
class Augment:
    """flip: left and right may be swapped. shift: largest move in pixels, each way; the border is filled with 0."""

    flip: bool = False
    shift: int = 0

    @property
    def views(self) -> int:
        """How many different views an image has, 1 for none but itself; view 0 is the image itself."""
        return (2 if self.flip else 1) * (2 * self.shift + 1) ** 2

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """A view for each of `count` images, all equally likely: int64 (count,)."""
        if self.views == 1:
            return torch.zeros(count, dtype=torch.int64)
        return torch.randint(self.views, (count,), generator=generator)

    def apply(self, x: Tensor, views: Tensor) -> Tensor:
        """Image i as its view views[i]. x: (batch, channels, height, width); returns the same shape."""
        if self.views == 1:
            return x
        height, width = x.shape[2:]
        side = 2 * self.shift + 1
        moves, flipped = (views // 2, views % 2) if self.flip else (views, torch.zeros_like(views))
        # Rotated so that move 0 is no shift: 0, 1, …, shift, -shift, …, -1.
        down = (moves // side + self.shift) % side
        right = (moves % side + self.shift) % side
        rows = down[:, None] + torch.arange(height)
        columns = torch.arange(width)
        columns = right[:, None] + torch.where(flipped[:, None] == 1, columns.flip(0), columns)
        padded = torch.nn.functional.pad(x, [self.shift] * 4)
        batch = torch.arange(len(x))[:, None, None]
        # Indexing with the channel axis sliced in between puts it last: (batch, height, width, channels).
        return padded[batch, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)


def augment_named(name: str, sample_shape: tuple[int, ...]) -> Augment:
    """The augmentation a recipe names: none, flip, shift or shift-flip. sample_shape: channels first.

    Raises InputError for another name, or when samples are not images.
    """
    known = {
        "none": Augment(),
        "flip": Augment(flip=True),
        "shift": Augment(shift=_SHIFT),
        "shift-flip": Augment(flip=True, shift=_SHIFT),
    }
    if name not in known:
        raise InputError(f"no augmentation is called {name!r}", "known: " + ", ".join(known))
    if known[name].views > 1 and len(sample_shape) != 3:
        raise InputError(
            f"augment {name!r} needs images, samples have the shape {list(sample_shape)}", 'set augment = "none"'
        )
    return known[name]
