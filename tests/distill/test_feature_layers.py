"""Layers found and features taken: of plain, residual and separable networks."""

from __future__ import annotations

import pytest
from distill_samples import convnet
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402

from edgekd.distill.connectors import Projection, same_size  # noqa: E402
from edgekd.distill.features import Taps, paired, shapes_of, stages  # noqa: E402
from edgekd.models.convnet import student_cnn, teacher_cnn  # noqa: E402
from edgekd.models.mlperf_tiny import resnet8  # noqa: E402

pytestmark = pytest.mark.torch


def staged(model: nn.Module, *shape: int) -> list[tuple[str, tuple[int, ...]]]:
    shapes = shapes_of(model, torch.rand(2, *shape))
    return [(name, shapes[name]) for name in stages(shapes)]


def test_a_stage_is_represented_by_the_last_layer_of_its_size() -> None:
    assert staged(convnet(4), 1, 8, 8) == [("1", (4, 4, 4)), ("3", (8, 2, 2)), ("4", (8, 1, 1))]


def test_a_residual_block_is_taken_after_its_sum() -> None:
    """The sum is a function, no module: the block's own output has it."""
    model = resnet8()
    found = staged(model, 3, 32, 32)
    assert [shape for _, shape in found] == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (64, 1, 1)]
    for name, _ in found[:3]:
        assert hasattr(model.get_submodule(name), "shortcut")


def test_logits_are_no_features() -> None:
    """The classifier and whatever only flattens it are what other methods are about."""
    model = student_cnn()
    assert not any(shape[0] == 10 for _, shape in staged(model, 1, 28, 28))


def test_stages_are_paired_from_the_last_one() -> None:
    student, teacher = (staged(model, 1, 28, 28) for model in (student_cnn(), teacher_cnn(full_resolution=True)))
    assert len(teacher) > len(student)
    pairs = paired([name for name, _ in student], [name for name, _ in teacher])
    assert pairs[-1] == (student[-1][0], teacher[-1][0]) and len(pairs) == len(student)


def test_taps_take_what_the_layer_gave_and_are_gone_when_closed() -> None:
    model = convnet(4)
    taps = Taps(model, ["3", "1", "3"])
    x = torch.rand(2, 1, 8, 8)
    model(x)
    third, first, again = taps.take()
    assert torch.equal(first, model[1](model[0](x))) and torch.equal(third, again)
    assert third.requires_grad
    taps.close()
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((3, 4, 4), (5, 2, 2)), ((3, 4, 4), (3, 4, 4)), ((3, 4, 4), (7,)), ((6,), (7,)), ((3, 9), (5, 9))],
)
def test_projections_give_the_channels_that_are_wanted(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    layer = Projection(shape, wanted, seed=1)
    assert layer(torch.rand(2, *shape)).shape[1] == wanted[0]
    assert [p.tolist() for p in layer.parameters()] == [
        p.tolist() for p in Projection(shape, wanted, seed=1).parameters()
    ]
    assert bool(list(layer.parameters())) == (shape[0] != wanted[0])


def test_maps_are_averaged_down_to_the_smaller_size() -> None:
    large, small = torch.arange(16.0).reshape(1, 1, 4, 4), torch.zeros(1, 3, 2, 2)
    a, b = same_size(large, small)
    assert a.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert torch.equal(b, small)
