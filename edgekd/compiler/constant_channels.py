"""Channels that hold the same number whatever the input are left out, with all the weights that make and read them.

Networks trained with weight decay have many: a channel whose weights have faded rounds to its zero point. What values
a channel can take follows from the bounds of those before it, weight by weight; where only one is left,

      producer    dense layer or convolution      its output channel goes
      between     depthwise, pooling, reshaping   channel by channel: the same channel goes
      consumer    dense layer or convolution      its input channel goes, weight * value becomes part of the bias

and so does a channel that nothing reads, all weights for it being 0. Results stay the same in every byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgekd.compiler import quantize
from edgekd.compiler.graph import Graph, Tensor
from edgekd.compiler.layers import Convolution, Dense, Depthwise, Layer, Mean, Pool, Scaling, Sums
from edgekd.compiler.lowered import Alias, Folded, KernelCall, Lowered

_MULTIPLE = 4  # of channels that are kept: most kernels take four together
_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1

Step = Layer | Lowered
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Bounds:
    """The least and the greatest value of each channel; element i of a tensor is of channel i modulo their number."""

    least: Numbers
    most: Numbers

    @property
    def constant(self) -> Mask:
        alike: Mask = self.least == self.most
        return alike

    def joined(self, value: int) -> Bounds:
        """Of the same values and `value`."""
        return Bounds(np.minimum(self.least, value), np.maximum(self.most, value))


@dataclass(frozen=True, eq=False)
class _Chain:
    """Positions of steps that hand the same channels on, each to the next alone."""

    producer: int
    between: tuple[int, ...]
    consumer: int


def leave_out_constant_channels(graph: Graph, steps: Sequence[Step]) -> tuple[Graph, tuple[Step, ...], dict[int, Mask]]:
    """`graph` and `steps`, what its operators compute, without the channels that never change.

    The third says, by index of a tensor that has lost some, which channels are left.
    """
    bounds = _all_bounds(steps)
    slim = list(steps)
    tensors: dict[int, Tensor] = {}
    masks: dict[int, Mask] = {}
    for chain in reversed(list(_chains(graph, steps))):  # what the consumer has lost already reads nothing
        source = _source(slim[chain.consumer])
        kept = _kept(slim[chain.consumer], bounds[source.index])
        if kept.all():
            continue
        values = np.where(kept, 0, bounds[source.index].least)
        slim[chain.producer] = _with_outputs(slim[chain.producer], kept)
        for position in chain.between:
            slim[position] = _with_channels(slim[position], kept)
        slim[chain.consumer] = _with_inputs(slim[chain.consumer], kept, values)
        for position in (chain.producer, *chain.between):
            target = _target(steps[position])
            last = target.shape[-1] // len(kept) * int(kept.sum())
            tensors[target.index] = replace(target, shape=(*target.shape[:-1], last))
            masks[target.index] = kept
    return _in_graph(graph, tensors), tuple(_in_step(step, tensors) for step in slim), masks


def result_bounds(layer: Sums, inputs: Bounds | None) -> Bounds:
    """Of the outputs of `layer`. inputs: None where nothing is known of them."""
    source = inputs or Bounds(np.array([quantize.INT8_MIN]), np.array([quantize.INT8_MAX]))
    if isinstance(layer, Convolution | Depthwise) and layer.window.leaves_image:
        source = source.joined(layer.source.zero_point)
    channels = 1 if isinstance(layer, Depthwise) else len(source.least)
    weights = layer.by_output().reshape(layer.outputs, -1, channels)
    above, below = (half(weights, 0).sum(axis=1, dtype=np.int64) for half in (np.maximum, np.minimum))
    if isinstance(layer, Depthwise):
        times = layer.outputs // len(source.least)
        least, most = np.repeat(source.least, times), np.repeat(source.most, times)
        low, high = above[:, 0] * least + below[:, 0] * most, above[:, 0] * most + below[:, 0] * least
    else:
        low, high = above @ source.least + below @ source.most, above @ source.most + below @ source.least
    low, high = layer.bias + low, layer.bias + high
    return _requantized(layer.scaling, low, high)


def _requantized(scaling: Scaling, low: Numbers, high: Numbers) -> Bounds:
    """Of the results of sums from `low` to `high`. They rise with the sums unless those wrap or shift to the left."""
    unknown = (low < _INT32_MIN) | (high > _INT32_MAX) | (scaling.shift > 0)
    multiplier, right = scaling.multiplier.astype(np.int64), np.minimum(scaling.shift, 0).astype(np.int64)

    def result(sums: Numbers) -> Numbers:
        scaled = quantize.requantize_array(np.clip(sums, _INT32_MIN, _INT32_MAX), multiplier, right)
        return np.clip(scaled + scaling.zero_point, scaling.lowest, scaling.highest)

    return Bounds(np.where(unknown, scaling.lowest, result(low)), np.where(unknown, scaling.highest, result(high)))


def _all_bounds(steps: Sequence[Step]) -> dict[int, Bounds]:
    """By index, of the tensors something is known of."""
    found: dict[int, Bounds] = {}
    for step in steps:
        if isinstance(step, Alias) and step.input.index in found:
            found[step.output.index] = found[step.input.index]
        elif isinstance(step, Sums):
            known = found.get(step.source.index)
            inputs = step.weights.shape[1] if isinstance(step, Dense) else step.window.channels
            grouped = isinstance(step, Convolution) and step.groups > 1
            fits = known is not None and not grouped and (inputs == len(known.least) or _flattens(step, known))
            found[step.target.index] = result_bounds(step, known if fits else None)
        elif isinstance(step, Pool) and step.source.index in found:
            known = found[step.source.index]
            least, most = (np.clip(side, step.lowest, step.highest) for side in (known.least, known.most))
            if len(least) == step.window.channels:
                found[step.target.index] = Bounds(least, most)
    return found


def _flattens(step: Step, bounds: Bounds) -> bool:
    """A dense layer over all pixels of an image."""
    return isinstance(step, Dense) and step.depth % len(bounds.least) == 0


def _chains(graph: Graph, steps: Sequence[Step]) -> Iterator[_Chain]:
    """From the first producer to the last."""
    readers: dict[int, list[int]] = {}
    for position, step in enumerate(steps):
        for tensor in _inputs(step):
            readers.setdefault(tensor.index, []).append(position)
    outputs = {tensor.index for tensor in graph.outputs}
    for producer, step in enumerate(steps):
        if not _mixes(step):
            continue
        between: list[int] = []
        position = producer
        while True:
            target = _target(steps[position])
            following = readers.get(target.index, [])
            if target.index in outputs or target.is_variable or len(following) != 1 or following[0] <= position:
                break
            (position,) = following
            if _mixes(steps[position]):
                if _reads_whole_channels(steps[position], _channels(steps[producer])):
                    yield _Chain(producer, tuple(between), position)
                break
            if not _keeps_channels(steps[position], _channels(steps[producer])):
                break
            between.append(position)


def _mixes(step: Step) -> bool:
    """Every output is a sum over all inputs' channels."""
    return isinstance(step, Dense) or (isinstance(step, Convolution) and step.groups == 1)


def _channels(step: Step) -> int:
    assert isinstance(step, Sums)
    return step.outputs


def _reads_whole_channels(step: Step, channels: int) -> bool:
    if isinstance(step, Dense):
        return step.depth % channels == 0 and step.source.shape[-1] % channels == 0
    return isinstance(step, Convolution) and step.window.channels == channels


def _keeps_channels(step: Step, channels: int) -> bool:
    """Output channel c comes from input channel c alone."""
    if isinstance(step, Alias):
        return step.output.shape[-1:] != () and step.output.shape[-1] % channels == 0
    if isinstance(step, Depthwise):
        return step.depth_multiplier == 1 and step.window.channels == channels
    return isinstance(step, Pool) and step.window.channels == channels


def _kept(consumer: Step, bounds: Bounds) -> Mask:
    """Which channels stay. The consumer's padding stands for the zero point, so only that may go where it pads."""
    assert isinstance(consumer, Dense | Convolution)
    constant = bounds.constant
    if isinstance(consumer, Convolution) and consumer.window.leaves_image:
        constant = constant & (bounds.least == consumer.source.zero_point)
    kept: Mask = ~constant & consumer.by_output().reshape(-1, len(constant)).any(axis=0)
    missing = -int(kept.sum()) % _MULTIPLE if kept.any() else _MULTIPLE
    kept[np.flatnonzero(~kept)[:missing]] = True
    return kept


def _with_outputs(layer: Step, kept: Mask) -> Dense | Convolution | Depthwise:
    """`layer` with some of its outputs."""
    assert isinstance(layer, Dense | Convolution | Depthwise)
    axis = layer.weights.ndim - 1 if isinstance(layer, Depthwise) else 0
    scaling = layer.scaling
    if scaling.per_channel:
        scaling = replace(scaling, multiplier=scaling.multiplier[kept], shift=scaling.shift[kept])
    weights = np.ascontiguousarray(layer.weights.compress(kept, axis=axis))
    return replace(layer, weights=weights, bias=layer.bias[kept], scaling=scaling)


def _with_channels(step: Step, kept: Mask) -> Step:
    """A step between producer and consumer with some of its channels."""
    if isinstance(step, Alias):
        return step
    slim = _with_outputs(step, kept) if isinstance(step, Depthwise) else step
    assert isinstance(slim, Depthwise | Pool)
    return replace(slim, window=replace(slim.window, channels=int(kept.sum())))


def _with_inputs(layer: Step, kept: Mask, values: Numbers) -> Layer:
    """`layer` with some of its input channels. values: of the others."""
    assert isinstance(layer, Dense | Convolution)
    by_channel = layer.weights.reshape(layer.outputs, -1, len(kept)).astype(np.int64)
    bias = quantize.wrap_array(layer.bias + (by_channel * values).sum(axis=(1, 2)))
    weights = by_channel[:, :, kept].astype(np.int8)
    if isinstance(layer, Dense):
        return replace(layer, weights=weights.reshape(layer.outputs, -1), bias=bias)
    window = replace(layer.window, channels=int(kept.sum()))
    shape = (*layer.weights.shape[:-1], window.channels)
    return replace(layer, weights=weights.reshape(shape), bias=bias, window=window)


def _inputs(step: Step) -> tuple[Tensor, ...]:
    if isinstance(step, Folded):
        return ()
    if isinstance(step, KernelCall):
        return step.inputs
    if isinstance(step, Alias):
        return (step.input,)
    return (step.source,) if isinstance(step, Sums | Pool | Mean) else (step.a, step.b)


def _source(step: Step) -> Tensor:
    (source,) = _inputs(step)
    return source


def _target(step: Step) -> Tensor:
    assert isinstance(step, Alias | Sums | Pool)
    return step.output if isinstance(step, Alias) else step.target


def _in_step(step: Step, tensors: Mapping[int, Tensor]) -> Step:
    """`step` with `tensors` in place of those of the same index; those lie within chains."""
    if isinstance(step, Alias):
        return Alias(tensors.get(step.input.index, step.input), tensors.get(step.output.index, step.output))
    if not isinstance(step, Dense | Convolution | Depthwise | Pool):
        return step
    source, target = (tensors.get(tensor.index, tensor) for tensor in (step.source, step.target))
    return replace(step, source=source, target=target)


def _in_graph(graph: Graph, tensors: Mapping[int, Tensor]) -> Graph:
    def of(tensor: Tensor) -> Tensor:
        return tensors.get(tensor.index, tensor)

    operators = (
        replace(
            op,
            inputs=tuple(None if tensor is None else of(tensor) for tensor in op.inputs),
            outputs=tuple(map(of, op.outputs)),
        )
        for op in graph.operators
    )
    return replace(graph, tensors=tuple(map(of, graph.tensors)), operators=tuple(operators))
