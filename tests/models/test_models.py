"""Built-in networks: what they promise about size, and how networks are named."""

from __future__ import annotations

import math

import pytest
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402

from edgekd.distill.macs import count_macs  # noqa: E402
from edgekd.errors import InputError  # noqa: E402
from edgekd.models import resolve  # noqa: E402

pytestmark = pytest.mark.torch


def small_net(size: int = 3) -> nn.Module:
    return nn.Linear(size, 2)


def no_net() -> str:
    return "net"


def failing_net() -> nn.Module:
    raise ValueError("a bad day")


def test_the_student_fits_a_small_microcontroller() -> None:
    """The promise of the main job: 25 kB of int8 weights, 32 kB of RAM."""
    student = resolve("student_cnn")
    weights = sum(p.numel() for p in student.parameters() if p.ndim > 1)
    biases = sum(p.numel() for p in student.parameters() if p.ndim == 1) // 2  # batch norm folds two into one bias
    assert weights + 4 * biases < 25_000
    assert 1_000_000 < count_macs(student, (1, 28, 28)) < 2_500_000

    live = []
    for layer in student:
        layer.register_forward_hook(lambda _, x, y: live.append(x[0].numel() + y.numel()))
    assert student.eval()(torch.zeros(1, 1, 28, 28)).shape == (1, 10)
    assert max(live) < 16_000


@pytest.mark.parametrize("name", ["teacher_cnn", "student_cnn"])
@pytest.mark.parametrize(("image_size", "channels", "classes"), [(8, 1, 10), (28, 1, 10), (33, 3, 5)])
def test_convolutional_networks_take_any_image(name: str, image_size: int, channels: int, classes: int) -> None:
    model = resolve(name, image_size=image_size, channels=channels, classes=classes, width=8).eval()
    assert model(torch.zeros(2, channels, image_size, image_size)).shape == (2, classes)


def test_an_mlp_takes_any_sample() -> None:
    model = resolve("mlp", inputs=12, hidden=[8, 8], classes=3)
    assert model(torch.zeros(2, 3, 4)).shape == (2, 3)
    assert count_macs(model, (3, 4)) == 12 * 8 + 8 * 8 + 8 * 3


def test_an_mlp_drops_units_of_its_hidden_layers_in_training_alone() -> None:
    model = resolve("mlp", inputs=4, hidden=[400, 400], classes=3, dropout=0.5)
    x = torch.rand(1, 4)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_macs_are_those_of_the_formula() -> None:
    model = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), nn.Flatten(), nn.Linear(6 * 16, 5))
    assert count_macs(model, (4, 8, 8)) == math.prod((4, 4, 6, 3, 3, 2)) + 6 * 16 * 5
    assert model.training


def test_any_module_can_be_named() -> None:
    model = resolve(f"{__name__}:small_net", size=4)
    assert isinstance(model, nn.Linear)
    assert model.in_features == 4


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("teacher_ccn", {}, "did you mean 'teacher_cnn'"),
        ("resnet", {}, "your own: package.module:callable"),
        ("no.such.module:net", {}, "No module named 'no'"),
        (f"{__name__}:absent", {}, "absent"),
        (f"{__name__}:__name__", {}, "not callable"),
        (f"{__name__}:no_net", {}, "returned a str"),
        (f"{__name__}:failing_net", {}, "a bad day"),
        (f"{__name__}:small_net", {"sise": 4}, "unexpected keyword argument 'sise'"),
        ("student_cnn", {"image_size": 6}, "too small"),
        (":", {}, "model :"),
    ],
)
def test_a_network_that_cannot_be_made_says_why(name: str, options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve(name, **options)
