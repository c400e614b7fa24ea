"""Networks trained with quantization: the .tflite must hold what they learned, value by value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Graph, Tensor
from edgekd.errors import ToolError

if TYPE_CHECKING:
    import torch

_WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}  # the dimension of the output channels


@dataclass(frozen=True, eq=False)
class Learned:
    """activations: scale (a float32 value) and zero point of each quantizer.

    weights: of each layer the steps, int8 (output channels, values of each), in any order of the values, and the
    float32 scale of each output channel. levels: the largest step of a weight.
    """

    activations: list[tuple[float, int]]
    weights: list[tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]]
    levels: int


def learned_of(model: torch.nn.Module) -> Learned | None:
    """What a network learned by quantize_aware; None for any other."""
    from edgekd.distill.quantized import LEVELS, QuantizedNetwork

    if not isinstance(model, QuantizedNetwork):
        return None
    weights = [
        (layer.steps().cpu().numpy().reshape(len(layer.inner.weight), -1), layer.scale.detach().cpu().numpy())
        for layer in model.layers()
    ]
    activations = [(float(one.scale.detach()), int(one.zero_point)) for one in model.quantizers()]
    return Learned(activations, weights, LEVELS[model.weight_bits])


def check_learned(graph: Graph, learned: Learned, name: str) -> None:
    """Raises ToolError unless every scale, zero point and weight of a converted network is the learned one, bit by bit.

    Layers may have changed their order and values their layout: the values of each channel are compared in sorted
    order, and that they are in the right place is seen by what the network computes.
    """
    wanted = Counter(_key(steps, scale) for steps, scale in learned.weights)
    found = Counter(
        _key(*_by_channel(operator.inputs[1], _WEIGHTED[operator.name]))
        for operator in graph.operators
        if operator.name in _WEIGHTED and operator.inputs[1] is not None
    )
    if wanted != found:
        missing = sum((wanted - found).values())
        raise _lost(name, f"{missing} of {len(learned.weights)} layers have other weights or scales")
    tensors = [t for operator in graph.operators for t in operator.outputs if t.dtype == "int8"] + [*graph.inputs]
    scales = {(tensor.scale, tensor.zero_point) for tensor in tensors}
    if scales != set(learned.activations):
        raise _lost(name, f"scales of activations are {sorted(scales)}, learned {sorted(set(learned.activations))}")


def _by_channel(weights: Tensor, axis: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    assert weights.data is not None and weights.quantization is not None
    steps = np.moveaxis(weights.data, axis, 0).reshape(weights.shape[axis], -1)
    return steps, np.broadcast_to(weights.quantization.scale, len(steps))


def _key(steps: npt.NDArray[Any], scale: npt.NDArray[Any]) -> tuple[bytes, bytes]:
    return np.sort(steps.astype(np.int8), axis=1).tobytes(), scale.astype(np.float32).tobytes()


def _lost(name: str, what: str) -> ToolError:
    return ToolError(
        f"{name}: the conversion changed what quantization-aware training learned: {what}",
        "this is a fault of the converters: convert the float network, with calibration",
    )
