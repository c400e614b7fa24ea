from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from distill_samples import convnet, images

from edgekd.errors import InputError

pytestmark = pytest.mark.torch


def block(seed: int = 0) -> Any:
    """Everything that has an int8 form: normalisation, a shortcut, both poolings, dropout, flattening."""
    import torch
    from torch import nn

    from edgekd.models.blocks import Residual

    torch.manual_seed(seed)
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(2)),
        *(Residual(4, 5, stride=2, size=(4, 4)), nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(5, 3)),
    )


def test_gradient_of_a_scale_is_that_of_lsq() -> None:
    import torch

    from edgekd.distill.quantizers import Quantizer

    quantizer = Quantizer()
    quantizer.set(0.5, -3)
    x = torch.tensor([-100.0, -1.2, 0.1, 0.8, 90.0], requires_grad=True)  # the first and the last are out of range
    quantizer.train()(x).sum().backward()
    inside = np.array([-1.2, 0.1, 0.8]) / 0.5
    of_scale = (-128 + 3) + (127 + 3) + np.sum(np.round(inside) - inside)  # equation 3 of the paper
    to_log = 0.5 * np.log(2)
    assert quantizer.log_scale.grad is not None and x.grad is not None
    assert quantizer.log_scale.grad.item() == pytest.approx(of_scale * to_log / np.sqrt(5 * 127), rel=1e-4)
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_every_tensor_is_on_its_grid_and_a_converter_can_find_the_scales() -> None:
    import torch

    from edgekd.distill.quantized import quantized

    x = torch.from_numpy(images(64, 3)[0])
    for bits, levels in ((8, 127), (4, 7)):
        network = quantized(block(), x, weight_bits=bits).eval()
        for layer in network.layers():
            steps, scale = layer.steps(), layer.scale.detach()
            assert steps.flatten(1).abs().amax(dim=1).tolist() == [levels] * len(steps)
            weight, _ = layer.quantized()
            assert torch.equal(weight.detach(), steps * scale.reshape(-1, *[1] * (steps.ndim - 1)))
        scales = [one.scale.detach() for one in network.quantizers()] + [
            layer.scale.detach() for layer in network.layers()
        ]
        for scale in scales:
            assert torch.all(torch.frexp(scale).mantissa * 2**16 % 1 == 0)
        assert torch.equal(network(x), network.snapped()(x))
        output = network(x) / network.quantizers()[-1].scale
        assert torch.allclose(output, output.round(), atol=1e-4)


def test_a_channel_without_weights_has_a_scale_and_computes_nothing_else() -> None:
    import torch

    from edgekd.distill.quantized import quantized

    x = torch.from_numpy(images(64, 3)[0])
    student = convnet(3)
    with torch.no_grad():
        student[2].weight[1] = 0.0
        student[2].bias[1] = 0.7
    for bits, levels in ((8, 127), (4, 7)):
        layer = quantized(student, x, weight_bits=bits).layers()[1]
        assert layer.steps()[1].flatten().tolist() == [levels, *[0] * (layer.steps()[1].numel() - 1)]
        assert 0 < layer.quantized()[0][1].abs().max() < 1e-3 * layer.inner.weight.abs().max()
        assert (layer.quantized()[1] / layer.bias_scale).abs().max() < 2**31


def test_8_bits_lose_little_and_the_student_stays_as_it_was() -> None:
    import torch

    from edgekd.distill.quantized import quantized

    x = torch.from_numpy(images(200, 3)[0])
    student = block()
    student(x)
    before = {key: value.clone() for key, value in student.state_dict().items()}
    network = quantized(student, x).eval()
    student.eval()
    real = student(x)
    assert (network(x) - real).abs().max() < 0.05 * (real.max() - real.min())
    assert all(torch.equal(value, before[key]) for key, value in student.state_dict().items())


def test_fine_tuning_wins_back_what_4_bits_lose_with_and_without_a_teacher() -> None:
    import torch

    import edgekd
    from edgekd import data
    from edgekd.models import resolve

    digits = data.load("digits", validation=300)
    torch.manual_seed(0)
    teacher, student = resolve("teacher_cnn", image_size=8, width=8), resolve("student_cnn", image_size=8, width=4)
    edgekd.train(teacher, digits, epochs=6)
    edgekd.train(student, digits, epochs=6)
    budget = {"weight_bits": 4, "batch_size": 32, "epochs": 4, "learning_rate": 3e-3}
    for taught in ({"teacher": teacher, "method": "soft-targets"}, {}):
        result = edgekd.quantize_aware(student, digits, **taught, **budget)
        untrained, tuned = result.metrics["untrained_val_accuracy"], result.metrics["val_accuracy"]
        assert untrained < result.metrics["float_val_accuracy"] - 2
        assert tuned > untrained + 2
        assert len(result.history) == 4 and result.metrics["test_accuracy"] > result.metrics["untrained_test_accuracy"]


def test_the_same_seed_gives_the_same_network() -> None:
    import torch

    import edgekd

    student, data, val = convnet(3), images(100, 1), images(30, 2)
    first, again = (edgekd.quantize_aware(student, data, val, epochs=1).network.state_dict() for _ in range(2))
    assert all(torch.equal(value, again[key]) for key, value in first.items())


def test_steps_of_the_input_can_be_given() -> None:
    import torch

    from edgekd.distill.quantized import quantized

    network = quantized(convnet(2), torch.from_numpy(images(10, 0)[0]), input_scale=0.03)
    entry = network.quantizers()[0]
    assert entry.scale.item() == pytest.approx(0.03, rel=1e-5) and int(entry.zero_point) == 0
    assert not entry.log_scale.requires_grad


def test_what_has_no_known_int8_form_is_named() -> None:
    import torch
    from torch import nn

    from edgekd.distill.quantized import quantized

    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    x = torch.from_numpy(images(10, 0)[0])
    convolution = nn.Conv2d(1, 2, 3)
    for network, words in (
        (nn.Sequential(convolution, nn.GELU()), "does not know 1 .GELU"),
        (nn.Sequential(nn.BatchNorm2d(1), convolution), "batch normalisation without a layer"),
        (nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm2d(2)), "batch normalisation without a layer"),
        (Branching(), "cannot be traced"),
    ):
        with pytest.raises(InputError, match=words):
            quantized(network, x)
    with pytest.raises(InputError, match="weight_bits is 3"):
        quantized(convolution, x, weight_bits=3)


def test_a_method_that_trains_its_teachers_is_refused() -> None:
    import edgekd

    data = images(60, 1)
    with pytest.raises(InputError, match="peers that learn with the student"):
        edgekd.quantize_aware(convnet(2), data, data, teacher=convnet(3), method="mutual")
