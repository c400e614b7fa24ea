"""Operators that become part of the one after them, so that their outputs never exist."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from edgekd.compiler.graph import Graph, Operator, Tensor

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def fold_padding(graph: Graph) -> tuple[Graph, frozenset[int]]:
    """`graph` with convolutions that pad by themselves, and the positions of the PAD operators that saves.

    A convolution's own padding stands for the zero point, which is what PAD writes. It takes the option
    "extra_padding": rows above and below, columns left and right of the image, before its "padding" counts. What is
    not as it must be stays a PAD and is checked there.
    """
    readers = Counter(tensor.index for op in graph.operators for tensor in op.inputs if tensor is not None)
    kept = {tensor.index for tensor in graph.outputs}
    pads = {
        op.outputs[0].index: op
        for op in graph.operators
        if op.name == "PAD" and len(op.outputs) == 1 and _paddings(op) is not None
    }
    operators, folded = list(graph.operators), set()
    for position, op in enumerate(operators):
        source = op.inputs[0] if op.inputs else None
        if op.name not in _CONVOLUTIONS or source is None or source.index in kept or readers[source.index] != 1:
            continue
        pad = pads.get(source.index)
        if pad is None or not _small(op, pad):
            continue
        operators[position] = replace(
            op,
            inputs=(pad.inputs[0], *op.inputs[1:]),
            options={**op.options, "extra_padding": _paddings(pad)},
        )
        folded.add(operators.index(pad))
    return replace(graph, operators=tuple(operators)), frozenset(folded)


def _paddings(pad: Operator) -> tuple[int, int, int, int] | None:
    """Above, below, left, right; None when it pads anything else, or changes more than the shape."""
    if len(pad.inputs) != 2 or pad.inputs[0] is None or pad.inputs[1] is None or pad.inputs[1].data is None:
        return None
    source, target, numbers = pad.inputs[0], pad.outputs[0], pad.inputs[1].data.reshape(-1)
    if len(source.shape) != 4 or numbers.size != 8 or numbers.dtype.kind != "i" or not _alike(source, target):
        return None
    batch, top, left, channels = (int(n) for n in numbers[::2])
    batch_end, bottom, right, channels_end = (int(n) for n in numbers[1::2])
    if any((batch, channels, batch_end, channels_end)) or min(top, left, bottom, right) < 0:
        return None
    n, height, width, depth = source.shape
    return (
        (top, bottom, left, right) if target.shape == (n, height + top + bottom, width + left + right, depth) else None
    )


def _alike(a: Tensor, b: Tensor) -> bool:
    """Both int8 with the same single scale and zero point."""
    if a.dtype != "int8" or b.dtype != "int8" or a.is_constant or a.quantization is None or b.quantization is None:
        return False
    single = not (a.quantization.per_channel or b.quantization.per_channel)
    return single and (a.scale, a.zero_point) == (b.scale, b.zero_point)


def _small(op: Operator, pad: Operator) -> bool:
    """Every window keeps a tap in the image: kernels may rely on it."""
    paddings, weights = _paddings(pad), op.inputs[1] if len(op.inputs) > 1 else None
    if paddings is None or weights is None or len(weights.shape) != 4 or op.options["padding"] != "VALID":
        return False
    return max(paddings[:2]) < weights.shape[1] and max(paddings[2:]) < weights.shape[2]
