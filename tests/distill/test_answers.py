"""Teachers' answers on disk: equal to asking, to the bit, and never those of another teacher or a damaged file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_samples import convnet, images
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import edgekd  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

TRAIN, VAL = images(64, seed=0), images(20, seed=1)


class Counted(nn.Module):
    """A teacher that counts the samples it is asked about."""

    def __init__(self, seed: int = 9) -> None:
        super().__init__()
        self.net, self.asked = convnet(6, seed), 0

    def forward(self, x: Any) -> Any:
        self.asked += len(x)
        return self.net(x)


def distilled(teacher: Any, cache: Path | None, **options: Any) -> Any:
    defaults: dict[str, Any] = {"epochs": 2, "batch_size": 16, "control": False, "train": TRAIN}
    options = {**defaults, **options}
    return edgekd.distill(teacher, convnet(3, 1), options.pop("train"), VAL, cache=cache, **options)


def weights(result: Any) -> bytes:
    return b"".join(value.numpy().tobytes() for value in result.student.state_dict().values())


def asked(teacher: Counted) -> int:
    """Samples of training and validation set; without the first look at the teacher, that 16 samples are for."""
    return teacher.asked - 16


# Every view asked about beforehand; more views than epochs; mixed images, that no table can hold.
WAYS: list[dict[str, Any]] = [
    {"augment": "none"},
    {"augment": "shift"},
    {"method": "function-matching", "augment": "flip"},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_cached_run_equals_an_uncached_one_to_the_bit_and_asks_nobody(way: dict[str, Any], tmp_path: Path) -> None:
    without = distilled(Counted(), None, **way)
    first, second = Counted(), Counted()
    made, taken = distilled(first, tmp_path, **way), distilled(second, tmp_path, **way)
    assert weights(made) == weights(taken) == weights(without)
    assert asked(first) >= 64 + len(VAL[0]) and asked(second) == 0
    assert not list(tmp_path.glob("*.partial"))


def test_answers_serve_every_method_and_temperature(tmp_path: Path) -> None:
    distilled(Counted(), tmp_path)
    for options in ({"temperature": 2.0}, {"method": "dkd"}, {"seed": 3}):
        teacher = Counted()
        distilled(teacher, tmp_path, **options)
        assert asked(teacher) == 0


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ({"train": (TRAIN[0] + np.float32(0.1), TRAIN[1])}, {}),
        ({"augment": "flip"}, {}),
        ({"seed": 3}, WAYS[1]),
        ({"batch_size": 32}, WAYS[1]),
    ],
)
def test_other_samples_views_and_seeds_are_asked_about_again(
    change: dict[str, Any], way: dict[str, Any], tmp_path: Path
) -> None:
    distilled(Counted(), tmp_path, **way)
    teacher = Counted()
    changed = distilled(teacher, tmp_path, **{**way, **change})
    assert asked(teacher) >= 64
    assert weights(changed) == weights(distilled(Counted(), None, **{**way, **change}))


def test_another_teacher_is_asked_even_when_one_weight_differs(tmp_path: Path) -> None:
    distilled(Counted(), tmp_path)
    teacher = Counted()
    with torch.no_grad():
        teacher.net[0].weight[0, 0, 0, 0] += 1e-3
    distilled(teacher, tmp_path)
    assert asked(teacher) == 64 + len(VAL[0])
    scaled = Counted()
    distilled(edgekd.Teacher(scaled, mean=0.5), tmp_path)
    assert asked(scaled) == 64 + len(VAL[0])


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "text"])
@pytest.mark.parametrize("way", WAYS[:2], ids=str)
def test_a_damaged_file_is_refused_and_stays_for_the_user_to_delete(
    damage: str, way: dict[str, Any], tmp_path: Path
) -> None:
    distilled(Counted(), tmp_path, **way)
    file = sorted(tmp_path.iterdir())[0]
    content = file.read_bytes()
    flipped = bytearray(content)
    flipped[-5] ^= 0x40
    changed = {"cut": content[: len(content) // 2], "empty": b"", "flipped": bytes(flipped), "text": b"hello"}[damage]
    file.write_bytes(changed)
    with pytest.raises(InputError, match=rf"{file.name}: damaged"):
        distilled(Counted(), tmp_path, **way)
    assert file.read_bytes() == changed
    file.unlink()
    assert weights(distilled(Counted(), tmp_path, **way)) == weights(distilled(Counted(), None, **way))


def test_answers_of_another_teacher_under_a_right_name_are_refused(tmp_path: Path) -> None:
    distilled(Counted(), tmp_path / "a")
    distilled(Counted(seed=1), tmp_path / "b")
    mine, other = (max((tmp_path / one).iterdir(), key=lambda file: file.stat().st_size) for one in "ab")
    mine.write_bytes(other.read_bytes())
    with pytest.raises(InputError, match="answers of other teachers"):
        distilled(Counted(), tmp_path / "a")


def test_a_data_loaders_answers_cannot_be_kept(tmp_path: Path) -> None:
    loader = DataLoader(TensorDataset(*map(torch.from_numpy, TRAIN)), batch_size=16)
    teacher = Counted()
    with pytest.raises(InputError, match="cannot be kept"):
        distilled(teacher, tmp_path, train=loader)
    assert asked(teacher) == 0 and not list(tmp_path.iterdir())
