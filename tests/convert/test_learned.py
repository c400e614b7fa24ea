"""Networks trained with quantization, converted: every value, and what TensorFlow Lite Micro computes with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.graph import Graph
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.intermediates import intermediates
from edgekd.convert.learned import check_learned, learned_of
from edgekd.convert.quantize_io import model_input
from edgekd.errors import ToolError

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.slow]

_TO_TORCH = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2), "FULLY_CONNECTED": (0, 1)}


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    network: Any
    path: Path
    graph: Graph

    def layers(self) -> list[tuple[Any, Any]]:
        """Layers of the network with their operators: those with the same steps."""
        weighted = [operator for operator in self.graph.operators if operator.name in _TO_TORCH]
        found = [
            (layer, operator)
            for layer in self.network.layers()
            for operator in weighted
            if np.array_equal(
                operator.inputs[1].data.transpose(_TO_TORCH[operator.name]).reshape(-1),
                layer.steps().numpy().reshape(-1),
            )
        ]
        assert len(found) == len(weighted) == len(self.network.layers())
        return found


@pytest.fixture(scope="module")
def cases(digits: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Case]:
    """By bits of a weight: a network with a depthwise convolution and a shortcut, fine-tuned so that scales moved."""
    import torch
    from torch import nn

    import edgekd
    from edgekd.convert.api import convert_all
    from edgekd.models.blocks import Residual, classifier, separable

    torch.manual_seed(0)
    student = nn.Sequential(
        *(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU6()),
        *(*separable(6, 9), nn.MaxPool2d(2), Residual(9, 10, stride=2, size=(4, 4)), nn.AvgPool2d(2)),
        *classifier(10, 10),
    )
    x = np.moveaxis(digits.x_train, -1, 1).copy()
    y = digits.model.eval()(torch.from_numpy(x)).argmax(1).numpy()
    data = (x, y)
    edgekd.train(student, data, data, epochs=2)
    with torch.no_grad():
        student[1].weight[2] = 0.0  # a dead channel: folded, it has no weights, but a bias
    folder = tmp_path_factory.mktemp("aware")
    networks = {
        bits: edgekd.quantize_aware(student, data, data, teacher=digits.model, weight_bits=bits, epochs=1).network
        for bits in (8, 4)
    }
    paths = {bits: folder / f"{bits}.tflite" for bits in networks}
    convert_all({paths[bits]: network for bits, network in networks.items()}, digits.x_train[:20])
    return {bits: Case(networks[bits], path, read_tflite(path)) for bits, path in paths.items()}


@pytest.mark.parametrize("bits", [8, 4])
def test_every_weight_scale_and_zero_point_is_the_learned_one(cases: dict[int, Case], bits: int) -> None:
    case = cases[bits]
    for layer, operator in case.layers():
        source, weights, bias = operator.inputs
        scale = layer.scale.detach().numpy()
        assert np.array_equal(weights.quantization.scale, scale)
        assert not weights.quantization.zero_point.any()
        unit = np.float64(source.scale) * scale
        _, learned_bias = layer.quantized()
        assert np.array_equal(bias.data, np.rint(learned_bias.detach().numpy() / unit))
    learned = {(one.scale.item(), int(one.zero_point)) for one in case.network.quantizers()}
    tensors = [case.graph.inputs[0], *(tensor for operator in case.graph.operators for tensor in operator.outputs)]
    assert {(tensor.scale, tensor.zero_point) for tensor in tensors} == learned
    assert len(learned) > 6
    levels = {8: 127, 4: 7}[bits]
    assert max(abs(layer.steps()).max().item() for layer in case.network.layers()) == levels


@pytest.mark.parametrize("bits", [8, 4])
def test_each_layer_rounds_as_the_network_does_but_twice(cases: dict[int, Case], digits: Any, bits: int) -> None:
    """From the same input steps, TensorFlow Lite Micro's result is the network's, before rounding, to half a step and
    what rounding twice adds: gemmlowp's doubling high multiplication rounds to 2**-shift of a step first."""
    import torch

    case = cases[bits]
    computed = [tensor.index for operator in case.graph.operators for tensor in operator.outputs]
    for sample in model_input(digits.x_test[:5], case.graph.inputs[0]):
        values = intermediates(case.path, [sample[None]], computed)
        for layer, operator in case.layers():
            source, result = operator.inputs[0], operator.outputs[0]
            steps = values.get(source.index, sample[None])
            x = torch.from_numpy((steps.astype(np.float64) - source.zero_point) * source.scale)
            weight, bias = (value.detach().double() for value in layer.quantized())
            if operator.name == "FULLY_CONNECTED":
                exact = torch.nn.functional.linear(x, weight, bias)
            else:
                stride, sizes = operator.options["stride_h"], (source.shape[1], result.shape[1], weight.shape[2])
                padding = max(0, (sizes[1] - 1) * stride + sizes[2] - sizes[0])
                before, after = padding // 2, padding - padding // 2  # as TensorFlow's SAME; all images are square
                image = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (before, after) * 2)
                exact = torch.nn.functional.conv2d(image, weight, bias, stride, groups=layer.inner.groups)
                exact = exact.permute(0, 2, 3, 1)
            if operator.options["fused_activation_function"] == "RELU6":
                exact = exact.clamp_max(6)
            found = values[result.index]
            wanted = exact.numpy().reshape(found.shape) / result.scale + result.zero_point
            shift = -np.frexp(source.scale * layer.scale.detach().double().numpy() / result.scale)[1]
            most = 0.5 + 0.5 * 2.0**-shift + 1e-3
            inside = (found > -128) & (found < 127)
            assert inside.any() and (np.abs(found - wanted) <= most)[inside].all()
            assert (wanted[found == -128] <= -127.5 + most.max()).all()


@pytest.mark.parametrize("bits", [8, 4])
def test_outputs_are_those_of_the_network_up_to_a_few_steps(cases: dict[int, Case], digits: Any, bits: int) -> None:
    import torch

    case = cases[bits]
    result = case.graph.outputs[0]
    samples = model_input(digits.x_test, case.graph.inputs[0])
    outputs = np.concatenate([one[0] for one in tflm.run(case.path, [[sample[None]] for sample in samples]).outputs])
    with torch.no_grad():
        said = case.network.eval()(torch.from_numpy(np.moveaxis(digits.x_test, -1, 1).copy())).numpy()
    steps = np.rint(said / result.scale) + result.zero_point
    difference = np.abs(outputs - steps)
    # Each of the seven layers may be off by one step here and there; it does not add up.
    assert difference.max() <= 4 and difference.mean() < 0.5
    assert (outputs.argmax(1) == steps.argmax(1)).mean() > 0.97


def test_a_value_that_is_not_the_learned_one_is_an_error(cases: dict[int, Case]) -> None:
    case = cases[8]
    learned = learned_of(case.network)
    assert learned is not None
    check_learned(case.graph, learned, "student")
    scale, zero_point = learned.activations[2]
    next_scale = float(np.nextafter(np.float32(scale), np.float32(1)))
    steps, scales = learned.weights[1]
    wrong_step, wrong_scale = steps.copy(), scales.copy()
    wrong_step[0, 0] ^= 1
    wrong_scale[-1] = np.nextafter(wrong_scale[-1], np.float32(1))
    for change, words in (
        (
            {"activations": [*learned.activations[:2], (next_scale, zero_point), *learned.activations[3:]]},
            "activations",
        ),
        ({"activations": [(s, z + 1) for s, z in learned.activations]}, "activations"),
        ({"weights": [learned.weights[0], (wrong_step, scales), *learned.weights[2:]]}, "1 of 7 layers"),
        ({"weights": [learned.weights[0], (steps, wrong_scale), *learned.weights[2:]]}, "1 of 7 layers"),
    ):
        with pytest.raises(ToolError, match=words):
            check_learned(case.graph, dataclasses.replace(learned, **change), "student")
