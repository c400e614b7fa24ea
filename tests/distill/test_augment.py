"""Views of an image, beside plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from needs import import_needed

torch = import_needed("torch")

from edgekd.distill.answers import table_of  # noqa: E402
from edgekd.distill.augment import Augment, augment_named  # noqa: E402
from edgekd.distill.feeds import ArrayFeed  # noqa: E402
from edgekd.distill.teachers import Teacher, ensemble_of  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

IMAGES = torch.arange(1, 1 + 2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """(channels, height, width) moved, the border filled with 0."""
    padded = np.pad(image, ((0, 0), (4, 4), (4, 4)))
    return padded[:, 4 - down : 4 - down + image.shape[1], 4 - right : 4 - right + image.shape[2]]


def test_the_views_are_all_flips_and_shifts_once() -> None:
    augment = Augment(flip=True, shift=1)
    image = IMAGES[1].numpy()
    expected = {
        moved(mirrored, down, right).tobytes()
        for mirrored in (image, np.ascontiguousarray(image[:, :, ::-1]))
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    }
    assert augment.views == len(expected) == 18

    views = torch.arange(augment.views)
    seen = augment.apply(IMAGES[1:2].expand(18, -1, -1, -1), views)

    assert {np.ascontiguousarray(one.numpy()).tobytes() for one in seen} == expected


@pytest.mark.parametrize("name", ["none", "flip", "shift", "shift-flip"])
def test_view_0_is_the_image_itself(name: str) -> None:
    augment = augment_named(name, (3, 4, 5))
    assert torch.equal(augment.apply(IMAGES, torch.zeros(2, dtype=torch.long)), IMAGES)


def test_every_image_gets_its_own_view() -> None:
    seen = Augment(flip=True).apply(IMAGES, torch.tensor([0, 1]))
    assert torch.equal(seen[0], IMAGES[0])
    assert torch.equal(seen[1], IMAGES[1].flip(2))


def test_all_views_are_drawn_about_equally() -> None:
    drawn = Augment(flip=True, shift=1).draw(18_000, torch.Generator().manual_seed(0))
    counts = torch.bincount(drawn, minlength=18)
    assert len(counts) == 18
    assert (counts - 1000).abs().max() < 150


@pytest.mark.parametrize(("name", "shape"), [("mirror", (1, 8, 8)), ("flip", (64,)), ("shift", (3, 100))])
def test_what_cannot_be_augmented_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="augment"):
        augment_named(name, shape)


def test_a_feed_repeats_its_epochs_and_gives_every_sample_the_answer_to_its_view() -> None:
    x, y = torch.rand(50, 1, 4, 4), torch.arange(50)
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 50))
    augment = Augment(flip=True)
    table = table_of(ensemble_of([Teacher(teacher)], None, x[:4], 50), x, augment, None, {})

    def feed() -> ArrayFeed:
        return ArrayFeed(x, y, batch_size=8, augment=augment, seed=3, answers=table)

    first, again, second = list(feed().epoch(0)), list(feed().epoch(0)), list(feed().epoch(1))

    assert len(first) == len(feed()) == 6
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.y, b.y)
        torch.testing.assert_close(a.answers[0], teacher(a.x))
        assert torch.equal(a.chosen, a.y)
    order = torch.cat([batch.y for batch in first])
    assert len(set(order.tolist())) == 48
    assert not torch.equal(order, torch.cat([batch.y for batch in second]))
    mirrored = [not torch.equal(x[y[i]], batch.x[i]) for batch in first for i, y in [(j, batch.y) for j in range(8)]]
    assert 8 < sum(mirrored) < 40
