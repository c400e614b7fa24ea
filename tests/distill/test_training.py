"""The loop: repeats exactly, resumes exactly, and says why it cannot go on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402

from edgekd.distill import checkpoint as checkpoints  # noqa: E402
from edgekd.distill.augment import Augment  # noqa: E402
from edgekd.distill.feeds import ArrayFeed  # noqa: E402
from edgekd.distill.training import Training, chosen_row, fit, hard_loss  # noqa: E402
from edgekd.errors import EdgekdError, InputError  # noqa: E402

pytestmark = pytest.mark.torch

TRAINING = Training(epochs=4, batch_size=16, learning_rate=0.05, seed=7)


def network() -> nn.Module:
    """Everything whose state could be lost: weights, running means, and dropout's random numbers."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(144, 3)
    )


def samples(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose class is the third of the image that is brightest."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (count,), generator=generator)
    x = torch.rand(count, 1, 8, 8, generator=generator)
    for index, label in enumerate(y.tolist()):
        x[index, 0, label * 2 : label * 2 + 3] += 0.5
    return x, y


VALIDATION = samples(60, seed=1)


def trained(model: nn.Module, training: Training = TRAINING, **options: Any) -> list[dict[str, float]]:
    feed = ArrayFeed(
        *samples(200, seed=0), batch_size=training.batch_size, augment=Augment(flip=True, shift=1), seed=training.seed
    )
    return fit(model, feed, VALIDATION, training, hard_loss(0.0), name="the net", **options)


def weights(model: nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


class Killed(BaseException):
    """Stands for whatever ends a process in the middle of an epoch."""


def killed_in(epoch: int) -> Any:
    def watch(share: float, text: str) -> None:
        if share * TRAINING.epochs > epoch - 0.5:
            raise Killed

    return watch


def test_the_same_seed_gives_the_same_bytes_whatever_the_global_state() -> None:
    first, second, other = network(), network(), network()
    history = trained(first)
    torch.manual_seed(123)
    torch.rand(5)
    trained(second)
    trained(other, replace(TRAINING, seed=8))
    assert weights(first) == weights(second)
    assert weights(first) != weights(other)
    assert history[-1]["val_accuracy"] > 60
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]


def test_global_random_numbers_are_left_as_they_were() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    model = network()
    torch.manual_seed(5)
    trained(model)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("epoch", [1, 2, 4])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("select", ["last", "validation"])
def test_training_that_was_killed_ends_as_if_it_had_not(
    tmp_path: Path, epoch: int, optimizer: Any, select: Any
) -> None:
    training = replace(TRAINING, optimizer=optimizer, select=select, learning_rate=0.02)
    whole, resumed = network(), network()
    history = trained(whole, training)

    file = tmp_path / "net.pt"
    with pytest.raises(Killed):
        trained(network(), training, checkpoint=file, identity="a", watch=killed_in(epoch))
    assert file.exists() == (epoch > 1)
    again = trained(resumed, training, checkpoint=file, identity="a")

    assert weights(resumed) == weights(whole)
    assert [row["val_loss"] for row in again] == [row["val_loss"] for row in history]


def test_finished_training_is_not_done_again(tmp_path: Path) -> None:
    first, second = network(), network()
    trained(first, checkpoint=tmp_path / "net.pt", identity="a")
    history = trained(second, checkpoint=tmp_path / "net.pt", identity="a", watch=killed_in(0))
    assert weights(first) == weights(second)
    assert len(history) == TRAINING.epochs


@pytest.fixture
def checkpoint(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "net.pt"
    trained(network(), replace(TRAINING, epochs=1), checkpoint=file, identity="a")
    return file


def test_a_checkpoint_of_another_training_is_refused(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="another training"):
        trained(network(), checkpoint=checkpoint, identity="b")


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "other"])
def test_a_damaged_checkpoint_is_refused_in_words(checkpoint: Path, damage: str) -> None:
    content = checkpoint.read_bytes()
    flipped = bytearray(content)
    with zipfile.ZipFile(checkpoint) as archive:
        largest = max(archive.infolist(), key=lambda info: info.file_size)
    flipped[largest.header_offset + largest.file_size // 2 + 200] ^= 0x40  # one bit of a weight: nothing looks wrong
    if damage == "other":
        torch.save({"weights": torch.zeros(3)}, checkpoint)
    else:
        checkpoint.write_bytes(
            {"empty": b"", "cut": content[: len(content) // 2], "flipped": bytes(flipped), "text": b"hello"}[damage]
        )
    with pytest.raises(InputError, match=r"net\.pt"):
        trained(network(), checkpoint=checkpoint, identity="a")


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"format": 1, "identity": "a", "model": Harmful()}, tmp_path / "net.pt")
    with pytest.raises(InputError, match="damaged"):
        checkpoints.load(tmp_path / "net.pt", "a")
    assert not (tmp_path / "ran").exists()


def test_a_loss_that_is_no_number_ends_training_with_advice() -> None:
    with pytest.raises(EdgekdError, match="the net diverged") as caught:
        trained(network(), replace(TRAINING, learning_rate=1e30))
    assert "lower learning_rate" in str(caught.value)


def test_the_best_epoch_on_the_validation_set_is_kept_when_asked() -> None:
    training = replace(TRAINING, select="validation", learning_rate=0.3, epochs=6)
    model = network()
    history = trained(model, training)
    best = chosen_row(history, training)
    assert best["val_accuracy"] == max(row["val_accuracy"] for row in history)
    model.eval()
    with torch.no_grad():
        right = (model(VALIDATION[0]).argmax(1) == VALIDATION[1]).double().mean()
    assert float(right) * 100 == pytest.approx(best["val_accuracy"])


def test_the_module_keeps_its_modes_and_its_memory_layout() -> None:
    model = network().eval()
    model[1].train()
    trained(model)
    assert [module.training for module in model] == [False, True, False, False, False, False]
    assert all(parameter.is_contiguous() for parameter in model.parameters())


def test_frozen_parameters_stay_and_a_network_without_others_is_refused() -> None:
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    trained(model)
    assert torch.equal(model[0].weight, before)
    with pytest.raises(InputError, match="no parameters to train"):
        trained(model.requires_grad_(False))


def test_training_stops_when_the_validation_set_gets_no_better(tmp_path: Path) -> None:
    """Labels of the validation set at random: no epoch is better than a lucky one for long."""
    generator = torch.Generator().manual_seed(3)
    x, _ = VALIDATION
    validation = x, torch.randint(3, (len(x),), generator=generator)
    training = replace(TRAINING, epochs=30, patience=3)

    def run(model: nn.Module, **options: Any) -> list[dict[str, float]]:
        feed = ArrayFeed(*samples(200, seed=0), batch_size=16, augment=Augment(), seed=training.seed)
        return fit(model, feed, validation, training, hard_loss(0.0), name="the net", **options)

    model = network()
    history = run(model)
    best = chosen_row(history, training)
    assert len(history) == best["epoch"] + 3 < 30
    assert best["val_accuracy"] == max(row["val_accuracy"] for row in history)
    model.eval()
    with torch.no_grad():
        right = (model(x).argmax(1) == validation[1]).double().mean()
    assert float(right) * 100 == pytest.approx(best["val_accuracy"])
    # Finished is finished, after a resumption, too.
    run(network(), checkpoint=tmp_path / "net.pt", identity="a")
    again = run(network(), checkpoint=tmp_path / "net.pt", identity="a", watch=killed_in(0))
    assert [row["val_loss"] for row in again] == [row["val_loss"] for row in history]


def test_half_the_bits_train_about_as_well_and_weights_stay_float32() -> None:
    whole, half = network(), network()
    history = trained(whole)
    rows = trained(half, replace(TRAINING, precision="bfloat16"))
    assert weights(half) != weights(whole)
    assert all(parameter.dtype == torch.float32 for parameter in half.parameters())
    assert rows[0]["train_loss"] == pytest.approx(history[0]["train_loss"], rel=0.05)
    assert rows[-1]["val_accuracy"] > 60


def test_memory_that_runs_out_ends_training_with_advice() -> None:
    class Greedy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.training:
                torch.empty(1 << 50)  # a petabyte
            out: torch.Tensor = self.net(x)
            return out

    with pytest.raises(EdgekdError, match="memory ran out in training the net on a batch of 16") as caught:
        trained(Greedy())
    assert "batch_size, for example 8" in str(caught.value)
