from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from distill_samples import convnet, images

from edgekd.errors import InputError

pytestmark = pytest.mark.torch

FAMILIES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "student_cnn": ({"image_size": 12, "width": 8}, (1, 12, 12)),
    "residual_cnn": ({"image_size": 12, "widths": (8, 12, 16)}, (1, 12, 12)),
    "ds_cnn": ({"width": 8, "blocks": 2}, (1, 49, 10)),
    "mobilenet": ({"image_size": 16, "blocks": 4}, (3, 16, 16)),
    "resnet8": ({"image_size": 8, "width": 8}, (3, 8, 8)),
    "conv1d": ({"steps": 32, "widths": (8, 12)}, (6, 32)),
    "mlp": ({"hidden": (16, 8)}, (64,)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_loses_a_quarter_of_its_channels_and_computes(family: str) -> None:
    import torch

    import edgekd
    from edgekd.distill.macs import count_macs
    from edgekd.models import resolve

    options, shape = FAMILIES[family]
    student = resolve(family, **options)
    before = {key: value.clone() for key, value in student.state_dict().items()}
    pruned = edgekd.prune(student, torch.zeros(1, *shape), share=0.25)
    widths = [
        (len(small.weight), len(full.weight))
        for small, full in zip(pruned.modules(), student.modules(), strict=True)
        if hasattr(full, "weight")
    ]
    assert all(small == full * 3 // 4 for small, full in widths[:-1])
    assert widths[-1][0] == widths[-1][1]
    assert count_macs(pruned, shape) < 0.8 * count_macs(student, shape)
    x = torch.randn(4, *shape)
    assert pruned.eval()(x).shape == student.eval()(x).shape
    assert all(torch.equal(value, before[key]) for key, value in student.state_dict().items())

    again = resolve(family, **options)
    from edgekd.distill.prune import resize

    resize(again, pruned.state_dict())
    again.load_state_dict(pruned.state_dict())
    assert torch.equal(again.eval()(x), pruned(x))
    assert count_macs(again, shape) == count_macs(pruned, shape)


def test_the_criterion_says_which_channels_go() -> None:
    import torch
    from torch import nn

    import edgekd

    student = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4, 2))
    with torch.no_grad():
        student[0].weight.copy_(torch.tensor([1.0, -9.0, 3.0, 8.0]).reshape(4, 1, 1, 1))
        student[1].weight.copy_(torch.tensor([5.0, 4.0, -0.5, 6.0]))
        student[4].weight.fill_(1.0)
    x = torch.ones(1, 1, 2, 2)
    by_scale = edgekd.prune(student, x, criterion="batch-norm")
    assert by_scale[0].weight.flatten().tolist() == [1, -9, 8]
    with torch.no_grad():
        student[1].weight.fill_(1.0)
    by_size = edgekd.prune(student, x, criterion="l1")
    assert by_size[0].weight.flatten().tolist() == [-9, 3, 8]


def test_distillation_wins_back_what_pruning_lost() -> None:
    import edgekd

    data, val = images(300, 1), images(200, 2)
    student = convnet(6)
    edgekd.train(student, data, val, epochs=10, batch_size=30)
    pruned = edgekd.prune(student, data[0], share=0.5)
    cut = edgekd.train(pruned, data, val, epochs=1, learning_rate=1e-9, batch_size=300).metrics["val_accuracy"]
    result = edgekd.distill(student, pruned, data, val, epochs=8, batch_size=30, control=False)
    assert cut + 3 < result.metrics["val_accuracy"]


def test_what_cannot_be_pruned_is_said() -> None:
    import torch
    from torch import nn

    import edgekd
    from edgekd.distill.prune import resize

    x = images(2, 0)[0]
    student = convnet(4)
    for network, options, words in (
        (student, {"share": 1.0}, "share is 1.0"),
        (student, {"share": True}, "share is True"),
        (student, {"criterion": "l7"}, "criterion is 'l7'"),
        (student, {"criterion": "batch-norm"}, "needs layers with batch normalisation"),
        (convnet(1, stages=1), {"share": 0.1}, "needs layers of more channels"),
        (nn.Flatten(), {}, "nothing to prune"),
        (nn.Linear(3, 3), {}, "does not take the samples"),
        ("student", {}, "not a torch.nn.Module"),
    ):
        with pytest.raises(InputError, match=words):
            edgekd.prune(network, x, **options)
    state = student.state_dict()
    with pytest.raises(InputError, match="no pruning leads to"):
        resize(student, {**state, "0.weight": torch.zeros(2, 3)})
    with pytest.raises(InputError, match="missing"):
        resize(student, {"0.weight": state["0.weight"]})
    assert np.isfinite(student(torch.from_numpy(x)).detach().numpy()).all()
