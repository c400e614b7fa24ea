"""Features: what the layers of a network give on the way, taken by forward hooks.

Layers are named as in `named_modules()`, or chosen: a *stage* is what a network computes at one size of its feature
maps, and its last layer stands for it (Zagoruyko & Komodakis 2017 take the same places of a ResNet).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import padding

from edgekd.distill.inference import arranged, device_of, evaluating
from edgekd.errors import InputError


class Taps:
    """The last output of some layers of a network, by name, until closed.

    A layer that runs several times in a pass leaves its last output.
    """

    def __init__(self, model: nn.Module, layers: Sequence[str]) -> None:
        modules = dict(model.named_modules())
        self._layers = list(layers)
        self._seen: dict[str, Tensor] = {}
        self._hooks = [modules[name].register_forward_hook(self._keeper(name)) for name in dict.fromkeys(layers)]

    def take(self) -> list[Tensor]:
        """The features of the last pass, in the order of the layers, and forget them."""
        features = [self._seen[name] for name in self._layers]
        self._seen.clear()
        return features

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._seen.clear()

    def _keeper(self, name: str) -> Any:
        def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
            self._seen[name] = output

        return keep


@torch.no_grad()
def shapes_of(model: nn.Module, sample: Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes of a sample's features, (channels, …), by layer in the order they are computed.

    sample: (samples, channels, …), as the network takes them. Layers that do not return one tensor a sample, padding,
    and the logits with whatever only rearranges them are left out.
    """
    outputs: dict[str, Tensor] = {}

    def keeper(name: str) -> Any:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim >= 2 and len(output) == len(sample):
                outputs.pop(name, None)
                outputs[name] = output

        return keep

    hooks = [
        module.register_forward_hook(keeper(name))
        for name, module in model.named_modules()
        if name and type(module).__module__ != padding.__name__
    ]
    try:
        with evaluating(model):
            logits = model(arranged(sample.to(device_of(model))))
    finally:
        for hook in hooks:
            hook.remove()
    flat = logits.flatten()
    return {
        name: tuple(output.shape[1:])
        for name, output in outputs.items()
        if not (output.numel() == flat.numel() and torch.equal(output.flatten(), flat))
    }


def stages(shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """The last layer of each stage: of each size of feature map, then the last layer without one, in order.

    shapes: of `shapes_of`. A network without feature maps has a stage for each layer that changes the size.
    """
    maps = {name: shape for name, shape in shapes.items() if len(shape) > 1}
    vectors = {name: shape for name, shape in shapes.items() if len(shape) == 1}
    last = {shape[1:]: name for name, shape in maps.items()}
    if not maps:
        return list({shape: name for name, shape in vectors.items()}.values())
    return list(last.values())


def paired(student: Sequence[str], teacher: Sequence[str]) -> list[tuple[str, str]]:
    """Stages of both networks from the last one backwards, as many as the shallower one has, in order."""
    count = min(len(student), len(teacher))
    return list(zip(student[len(student) - count :], teacher[len(teacher) - count :], strict=True))


def check_layer(name: str, shapes: dict[str, tuple[int, ...]], whose: str) -> str:
    """`name`, when it is a layer with features. Raises InputError otherwise."""
    if name not in shapes:
        near = get_close_matches(name, shapes, n=1)
        known = ", ".join(list(shapes)[:20])
        raise InputError(
            f"{whose} has no layer {name!r} with features",
            f"did you mean {near[0]!r}? it has {known}" if near else f"it has {known}",
        )
    return name
