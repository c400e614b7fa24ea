"""Rewrites of the ONNX graph, of what onnx2tf makes badly of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def rewrite(graph: Any) -> None:
    """Change the graph of a simplified onnx.ModelProto, every shape known, so that it computes the same."""
    _spell_out_hard_sigmoid(graph)
    _channel_shuffles(graph)
    _split_heads(graph)
    _pad_max_pools(graph)


def _constant(graph: Any, name: str, values: Any) -> str:
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def _replace_nodes(graph: Any, nodes: Sequence[Any]) -> None:
    del graph.node[:]
    graph.node.extend(nodes)


def _spell_out_hard_sigmoid(graph: Any) -> None:
    """HardSigmoid as relu6(x + 3) / 6: TensorFlow makes RELU_0_TO_1 of it, which TensorFlow Lite Micro lacks."""
    from onnx import helper

    nodes = []
    for number, node in enumerate(graph.node):
        given = {attribute.name: attribute.f for attribute in node.attribute}
        slope, offset = given.get("alpha", 0.2), given.get("beta", 0.5)
        if node.op_type != "HardSigmoid" or not np.allclose([slope, offset], [1 / 6, 0.5]):
            nodes.append(node)
            continue
        name = f"hard_sigmoid_{number}"
        three, zero, six, sixth = (
            _constant(graph, f"{name}_{part}", np.float32(value))
            for part, value in (("three", 3.0), ("zero", 0.0), ("six", 6.0), ("sixth", 1 / 6))
        )
        nodes += [
            helper.make_node("Add", [node.input[0], three], [f"{name}_shifted"], f"{name}_add"),
            helper.make_node("Clip", [f"{name}_shifted", zero, six], [f"{name}_limited"], f"{name}_clip"),
            helper.make_node("Mul", [f"{name}_limited", sixth], list(node.output), f"{name}_mul"),
        ]
    _replace_nodes(graph, nodes)


def _pad_max_pools(graph: Any) -> None:
    """MaxPool without padding of its own: onnx2tf pads with the least float, which leaves int8 no scale for the rest.

    Where TensorFlow's SAME is the same windows, that is asked for; else the image is padded before, by 0 where
    nothing is below 0, or by its own edge, which every window that leaves the image holds anyway.
    """
    from onnx import helper

    shapes = _shapes(graph)
    made_by = {output: node for node in graph.node for output in node.output}
    nodes = []
    for number, node in enumerate(graph.node):
        given = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        source, result = shapes.get(node.input[0] if node.input else ""), shapes.get(node.output[0])
        dilated = any(step != 1 for step in given.get("dilations", ()))
        if node.op_type != "MaxPool" or dilated or source is None or result is None or len(node.output) > 1:
            nodes.append(node)
            continue
        taps = given["kernel_shape"]
        strides = given.get("strides", [1] * len(taps))
        begins = list(given.get("pads", [0] * 2 * len(taps)))[: len(taps)]
        # A window begins in the image or the padding before it; shape inference may count one more with ceil_mode.
        counts = [min(o, -(-(n + b) // s)) for n, o, s, b in zip(source[2:], result[2:], strides, begins, strict=True)]
        # Behind the image: what the last window needs, be it asked for or due to ceil_mode.
        ends = [
            max((o - 1) * s + k - b - n, 0)
            for n, o, s, k, b in zip(source[2:], counts, strides, taps, begins, strict=True)
        ]
        name = f"max_pool_{number}"
        attributes = {"kernel_shape": taps, "strides": strides}
        entry = node.input[0]
        if _is_same(source[2:], counts, strides, begins, ends):
            attributes["auto_pad"] = "SAME_UPPER"
        elif any(begins) or any(ends):
            pads = _constant(graph, f"{name}_pads", np.array([0, 0, *begins, 0, 0, *ends], np.int64))
            at_least_0 = _at_least_0(made_by, node.input[0])
            inputs = [entry, pads, *([_constant(graph, f"{name}_zero", np.float32(0))] if at_least_0 else [])]
            mode = "constant" if at_least_0 else "edge"
            entry = f"{name}_padded"
            nodes.append(helper.make_node("Pad", inputs, [entry], f"{name}_pad", mode=mode))
        nodes.append(helper.make_node("MaxPool", [entry], list(node.output), node.name, **attributes))
    _replace_nodes(graph, nodes)


def _is_same(
    source: Sequence[int], counts: Sequence[int], strides: Sequence[int], begins: Sequence[int], ends: Sequence[int]
) -> bool:
    """TensorFlow's SAME: an output for each stride, as much padding before as behind, or one more behind."""
    outputs = all(o == -(-n // s) for n, o, s in zip(source, counts, strides, strict=True))
    return outputs and any(ends) and all(b == (b + e) // 2 for b, e in zip(begins, ends, strict=True))


def _channel_shuffles(graph: Any) -> None:
    """Reshape, Transpose, Reshape that only exchange channels as one Gather of them: onnx2tf takes one axis of a
    reshaped image for another when they are as long."""
    from onnx import helper

    shapes, users = _shapes(graph), _users(graph)
    new: dict[int, list[Any]] = {}
    for first in graph.node:
        chain = _chain(first, ("Reshape", "Transpose", "Reshape"), users)
        if chain is None or _attribute(chain[1], "perm") != [0, 2, 1, 3, 4]:
            continue
        before, apart, after = (shapes.get(name, []) for name in (first.input[0], first.output[0], chain[2].output[0]))
        if before != after or len(before) != 4 or [apart[0], apart[1] * apart[2], *apart[3:]] != before:
            continue
        channels = np.arange(before[1], dtype=np.int32).reshape(apart[1], apart[2]).T.reshape(-1)
        name = f"channel_shuffle_{len(new)}"
        inputs = [first.input[0], _constant(graph, f"{name}_channels", channels)]
        new |= {id(node): [] for node in chain}
        new[id(chain[2])] = [helper.make_node("Gather", inputs, list(chain[2].output), name, axis=1)]
    _replace_nodes(graph, [node for old in graph.node for node in new.get(id(old), [old])])


def _split_heads(graph: Any) -> None:
    """Queries, keys and values that one dense layer makes, split before heads are told apart and not after: in between
    they have five dimensions, of which TensorFlow Lite Micro cuts no slice."""
    from onnx import helper

    shapes, users = _shapes(graph), _users(graph)
    new: dict[int, list[Any]] = {}
    for number, first in enumerate(graph.node):
        chain = _chain(first, ("Reshape", "Transpose", "Split"), users)
        if chain is None or _attribute(chain[1], "perm") != [2, 0, 3, 1, 4] or _attribute(chain[2], "axis", 0) != 0:
            continue
        before, apart = shapes.get(first.input[0], []), shapes.get(first.output[0], [])
        squeezes = [_only_user(part, users) for part in chain[2].output]
        if (
            any(node is None or node.op_type != "Squeeze" for node in squeezes)
            or len(before) != 3
            or [*before[:2], before[2]] != [*apart[:2], int(np.prod(apart[2:]))]
        ):
            continue
        if len(squeezes) != apart[2] or any(len(shapes.get(node.output[0], [])) != 4 for node in squeezes):
            continue
        name = f"heads_{number}"
        sizes = _constant(graph, f"{name}_sizes", np.full(apart[2], before[2] // apart[2], np.int64))
        shape = _constant(graph, f"{name}_shape", np.array([*apart[:2], *apart[3:]], np.int64))
        parts = [f"{name}_{n}" for n in range(apart[2])]
        made = [helper.make_node("Split", [first.input[0], sizes], parts, name, axis=2)]
        for part, squeeze in zip(parts, squeezes, strict=True):
            made += [
                helper.make_node("Reshape", [part, shape], [f"{part}_heads"], f"{part}_reshape"),
                helper.make_node(
                    "Transpose", [f"{part}_heads"], list(squeeze.output), f"{part}_transpose", perm=[0, 2, 1, 3]
                ),
            ]
        new |= {id(node): [] for node in (*chain, *squeezes)}
        new[id(first)] = made
    _replace_nodes(graph, [node for old in graph.node for node in new.get(id(old), [old])])


def _chain(first: Any, kinds: Sequence[str], users: dict[str, list[Any]]) -> list[Any] | None:
    """Nodes of these kinds from `first` on, each the only user of the one before."""
    chain = [first]
    while len(chain) < len(kinds) and (after := _only_user(chain[-1].output[0], users)) is not None:
        chain.append(after)
    return chain if [node.op_type for node in chain] == list(kinds) else None


def _only_user(name: str, users: dict[str, list[Any]]) -> Any:
    """The node that reads a tensor, None when there are more or the graph returns it."""
    found = users.get(name, [])
    return found[0] if len(found) == 1 else None


def _users(graph: Any) -> dict[str, list[Any]]:
    """The nodes that read a tensor; None stands for whoever takes an output of the graph."""
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    for value in graph.output:
        users.setdefault(value.name, []).append(None)
    return users


def _attribute(node: Any, name: str, default: Any = None) -> Any:
    from onnx import helper

    found = (helper.get_attribute_value(attribute) for attribute in node.attribute if attribute.name == name)
    return next(found, default)


def _shapes(graph: Any) -> dict[str, list[int]]:
    """Of every tensor that has a name."""
    values = (*graph.input, *graph.value_info, *graph.output)
    return {value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim] for value in values}


def recurrent(graph: Any) -> str | None:
    """The name and kind of a recurrent layer, at which TensorFlow's converter crashes."""
    found = (f"{node.name} ({node.op_type})" for node in graph.node if node.op_type in ("LSTM", "GRU", "RNN"))
    return next(found, None)


def ambiguous(graph: Any) -> str | None:
    """A tensor whose channels are as many as its rows and columns, which onnx2tf may mix up."""
    shapes = _shapes(graph).items()
    return next((name for name, n in shapes if len(n) > 2 and n[1] > 1 and len(set(n[1:])) == 1), None)


def _at_least_0(made_by: Any, name: str) -> bool:
    """Whether a tensor comes straight from an activation with no negative results."""
    node = made_by.get(name)
    return node is not None and node.op_type in ("Relu", "Sigmoid", "HardSigmoid", "Softmax", "Softplus")
