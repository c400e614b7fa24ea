"""A trained network ready for quantization-aware training: batch normalisation folded, tensors fake-quantized.

What gets a scale follows what the converted model stores in int8: the input, each convolution and fully connected
layer together with its activation, each addition. Pooling, padding and reshaping keep the scale of what they take.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from edgekd.distill.inference import evaluating
from edgekd.distill.quantizers import HIGHEST, LOWEST, QuantizedLayer, Quantizer
from edgekd.errors import InputError

LEVELS = {8: 127, 4: 7}  # the largest step of a weight, by bits
_CALIBRATION_BATCH = 256
_CALIBRATION_SAMPLES = 2048

_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, functional.relu, functional.relu6, torch.relu, "relu", "relu_")
_ADDITIONS = (operator.add, operator.iadd, torch.add, "add", "add_")
# Their results are among what they take, so that no rounding is needed.
_PASSING = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.ZeroPad2d),
    *(nn.ConstantPad1d, torch.flatten, functional.max_pool2d, functional.dropout, "flatten", "view", "reshape"),
)
_MEANS = (
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d),
    *(functional.avg_pool2d, functional.adaptive_avg_pool2d),
)


class QuantizedNetwork(nn.Module):
    """A network that computes in int8 steps, trainable. Takes and returns what the float network does.

    graph: the traced network, its layers QuantizedLayer and a Quantizer wherever the converted model has a scale.
    """

    def __init__(self, graph: fx.GraphModule, weight_bits: int) -> None:
        super().__init__()
        self.graph, self.weight_bits = graph, weight_bits

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.graph(x)
        return result

    def layers(self) -> list[QuantizedLayer]:
        """In execution order."""
        return [module for module in self._in_order() if isinstance(module, QuantizedLayer)]

    def quantizers(self) -> list[Quantizer]:
        """In execution order; the first is the input's."""
        return list(dict.fromkeys(module for module in self._in_order() if isinstance(module, Quantizer)))

    def snapped(self) -> nn.Module:
        """A plain network in evaluation mode that computes the same: snapped weights, fixed fake quantization."""
        plain = copy.deepcopy(self.graph).eval()
        for name, module in list(plain.named_modules()):
            if isinstance(module, QuantizedLayer):
                weight, bias = module.quantized()
                module.inner.weight = nn.Parameter(weight.detach())
                if bias is not None:
                    module.inner.bias = nn.Parameter(bias.detach())
                plain.set_submodule(name, module.inner)
            elif isinstance(module, Quantizer):
                plain.set_submodule(name, _Fixed(float(module.scale.detach()), int(module.zero_point)))
        return plain

    def _in_order(self) -> Iterator[nn.Module]:
        """The modules called, each once, in execution order."""
        called = [str(node.target) for node in self.graph.graph.nodes if node.op == "call_module"]
        return (self.graph.get_submodule(name) for name in dict.fromkeys(called))


class _Fixed(nn.Module):
    """Fake quantization in the form that exports to ONNX."""

    def __init__(self, scale: float, zero_point: int) -> None:
        super().__init__()
        self.scale, self.zero_point = scale, zero_point

    def forward(self, x: Tensor) -> Tensor:
        return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero_point, LOWEST, HIGHEST)


def quantized(
    model: nn.Module, calibration: Tensor | None, *, weight_bits: int = 8, input_scale: float | None = None
) -> QuantizedNetwork:
    """A copy of `model` with fake quantization, its first scales those of the ranges on `calibration`.

    calibration: (samples, channels, …), of which the first 2,048 are used; None when the scales are loaded after.
    weight_bits: 8, or 4 for 15 levels stored in int8. input_scale: of an input whose steps, around 0, are given;
    otherwise its range on the samples is kept.
    Raises InputError for a network that cannot be traced or that has an operation without a known int8 form.
    """
    if weight_bits not in LEVELS:
        raise InputError(f"weight_bits is {weight_bits!r}", "8 or 4")
    model = copy.deepcopy(model).eval()
    try:
        traced = fx.symbolic_trace(model)
    except Exception as error:
        raise InputError(
            f"the network cannot be traced for quantization-aware training: {str(error).splitlines()[0]}",
            "a branch on the data cannot; post-training quantization may still do",
        ) from None
    _fold(traced)
    _Marking(traced, LEVELS[weight_bits]).mark()
    network = QuantizedNetwork(traced, weight_bits)
    if calibration is not None:
        _calibrate(network, calibration[:_CALIBRATION_SAMPLES], input_scale)
    return network


def _calibrate(network: QuantizedNetwork, samples: Tensor, input_scale: float | None) -> None:
    quantizers = network.quantizers()
    for one in quantizers:
        one.observing = True
    with torch.no_grad(), evaluating(network):
        for batch in torch.split(samples, _CALIBRATION_BATCH):
            network(batch)
    for one in quantizers:
        one.calibrate()
    if input_scale is not None:
        quantizers[0].set(input_scale, 0)


def _fold(traced: fx.GraphModule) -> None:
    """Put every batch normalisation into the layer before it."""
    for node in list(traced.graph.nodes):
        norm = _module(traced, node)
        if not isinstance(norm, _NORMS):
            continue
        before = node.args[0]
        layer = _module(traced, before)
        if not isinstance(layer, _LAYERS) or len(before.users) > 1:
            raise InputError(
                f"{node.target} is a batch normalisation without a layer of its own before it",
                "quantization-aware training folds it into a convolution or fully connected layer",
            )
        # A layer of its own, should one module be called twice.
        fused = fuse_linear_bn_eval(layer, norm) if isinstance(layer, nn.Linear) else fuse_conv_bn_eval(layer, norm)
        traced.set_submodule(str(before.target), fused)
        node.replace_all_uses_with(before)
        traced.graph.erase_node(node)
    traced.graph.lint()
    traced.recompile()


class _Marking:
    """Puts quantizers into a traced graph, and quantized layers in place of plain ones."""

    def __init__(self, traced: fx.GraphModule, levels: int) -> None:
        self._traced, self._levels = traced, levels
        self._of: dict[fx.Node, Quantizer] = {}  # the scale each node's values are in
        self._count = 0

    def mark(self) -> None:
        for node in list(self._traced.graph.nodes):
            self._visit(node)
        self._traced.graph.lint()
        self._traced.recompile()

    def _visit(self, node: fx.Node) -> None:
        kind = self._kind(node)
        if node.op == "placeholder":
            self._quantize(node, Quantizer(learned=False))
        elif node.op == "output":
            pass
        elif kind in _LAYERS:
            layer = self._traced.get_submodule(str(node.target))
            assert isinstance(layer, _LAYERS)
            self._traced.set_submodule(str(node.target), QuantizedLayer(layer, self._levels, self._entry(node)))
            self._quantize_unless_activated(node)
        elif kind in _ACTIVATIONS:
            self._quantize(node, Quantizer())
        elif kind in _ADDITIONS and not node.kwargs and all(isinstance(value, fx.Node) for value in node.args):
            self._quantize_unless_activated(node)
        elif kind in _MEANS:
            self._quantize(node, self._entry(node))
        elif kind in _PASSING:
            self._of[node] = self._entry(node)
        else:
            name = node.target if isinstance(kind, str) or node.op == "call_module" else getattr(kind, "__name__", kind)
            raise InputError(
                f"quantization-aware training does not know {name} ({getattr(kind, '__name__', kind)})",
                "it knows convolutions, fully connected layers, batch normalisation after them, ReLU, ReLU6, "
                "additions, pooling, padding and flattening; leave the rest to post-training quantization",
            )

    def _kind(self, node: fx.Node) -> Any:
        """The class of a module, a function, or the name of a method."""
        return type(self._traced.get_submodule(str(node.target))) if node.op == "call_module" else node.target

    def _entry(self, node: fx.Node) -> Quantizer:
        source = node.args[0]
        assert isinstance(source, fx.Node)
        return self._of[source]

    def _quantize_unless_activated(self, node: fx.Node) -> None:
        """An activation that alone takes the result is computed with it, and brings the scale."""
        users = list(node.users)
        if len(users) == 1 and self._kind(users[0]) in _ACTIVATIONS:
            return
        self._quantize(node, Quantizer())

    def _quantize(self, node: fx.Node, quantizer: Quantizer) -> None:
        """Let all users of `node` take its quantized values."""
        name = f"quantizer_{self._count}"
        self._count += 1
        self._traced.add_submodule(name, quantizer)
        with self._traced.graph.inserting_after(node):
            marked = self._traced.graph.call_module(name, (node,))
        node.replace_all_uses_with(marked, delete_user_cb=lambda user: user is not marked)
        self._of[node] = self._of[marked] = quantizer


def _module(traced: fx.GraphModule, node: Any) -> nn.Module | None:
    if not isinstance(node, fx.Node) or node.op != "call_module":
        return None
    return traced.get_submodule(str(node.target))
