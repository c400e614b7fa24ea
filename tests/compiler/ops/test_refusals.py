"""Contradictory or unsupported operators end in an InputError that names the operator, whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import OPERATORS, random_graph
from host_model import build_host_model
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from tflite_builder import ModelBuilder

from edgekd.compiler import compile_model
from edgekd.compiler.graph import Operator, Quantization, Tensor
from edgekd.compiler.isa import choose
from edgekd.compiler.lowered import Alias, KernelCall, Lowered
from edgekd.compiler.ops import SUPPORTED, lower
from edgekd.compiler.reader import parse_tflite
from edgekd.compiler.targets import HOST
from edgekd.errors import InputError


def quantization(scale: float | Sequence[float] = 0.1, zero_point: int = 0, axis: int = 0) -> Quantization:
    scales = np.atleast_1d(np.array(scale, np.float32))
    return Quantization(scales, np.full(scales.shape, zero_point, np.int64), axis)


def tensor(shape: Sequence[int], dtype: Any = "int8", data: Any = None, **how: Any) -> Tensor:
    values = None if data is None else np.broadcast_to(np.array(data, dtype), shape)
    quantized = quantization(**how) if dtype in ("int8", "uint8", "int16") else None
    return Tensor(7, "a tensor", tuple(shape), dtype, quantized, values)


def conv(
    source: Sequence[int] = (1, 5, 5, 4),
    weights: Sequence[int] = (6, 3, 3, 4),
    target: Sequence[int] = (1, 3, 3, 6),
    bias: Tensor | None = None,
    weights_how: dict[str, Any] | None = None,
    **options: Any,
) -> Operator:
    given_options = {
        "padding": "VALID",
        "stride_h": 1,
        "stride_w": 1,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": "NONE",
    }
    inputs = (tensor(source), tensor(weights, data=1, **(weights_how or {})), bias)
    return Operator(3, "CONV_2D", inputs, (tensor(target),), given_options | options)


def operator(
    name: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], options: dict[str, Any] | None = None
) -> Operator:
    return Operator(3, name, tuple(inputs), tuple(outputs), {"fused_activation_function": "NONE"} | (options or {}))


INT = "int32"
WRONG: dict[str, Callable[[], Operator]] = {
    "stride 0": lambda: conv(stride_h=0),
    "dilation 0": lambda: conv(dilation_w_factor=0),
    "a window larger than the image": lambda: conv(dilation_h_factor=4),
    "an output of another shape": lambda: conv(target=(1, 3, 4, 6)),
    "an output of another batch": lambda: conv(target=(2, 3, 3, 6)),
    "weights of other channels": lambda: conv(weights=(6, 3, 3, 3)),
    "weights of no group": lambda: conv(weights=(3, 3, 3, 2), target=(1, 3, 3, 3)),
    "three dimensions": lambda: conv(source=(5, 5, 4)),
    "scales along another axis": lambda: conv(weights_how={"scale": [0.1] * 3, "axis": 1}),
    "too few scales": lambda: conv(weights_how={"scale": [0.1] * 5}),
    "weights with a zero point": lambda: conv(weights_how={"zero_point": 1}),
    "a bias too short": lambda: conv(bias=tensor((5,), INT, data=1)),
    "a bias of int8": lambda: conv(bias=tensor((6,), data=1)),
    "a bias computed at run time": lambda: conv(bias=tensor((6,), INT)),
    "an unknown fused activation": lambda: conv(fused_activation_function="TANH"),
    "a factor out of proportion": lambda: conv(weights_how={"scale": 1e30}),
    "no weights": lambda: operator("CONV_2D", [tensor((1, 5, 5, 4))], [tensor((1, 5, 5, 4))]),
    "weights left out": lambda: operator("CONV_2D", [tensor((1, 5, 5, 4)), None, None], [tensor((1, 5, 5, 4))]),
    "two outputs": lambda: operator("RELU", [tensor((2,))], [tensor((2,)), tensor((2,))]),
    "a float activation": lambda: operator("ADD", [tensor((2,), "float32")] * 2, [tensor((2,), "float32")]),
    "a zero point out of range": lambda: operator("ADD", [tensor((2,), zero_point=128)] * 2, [tensor((2,))]),
    "a scale for each channel": lambda: operator("ADD", [tensor((2,), scale=[0.1, 0.2])] * 2, [tensor((2,))]),
    "no quantization": lambda: operator("RELU", [replace(tensor((2,)), quantization=None)], [tensor((2,))]),
    "shapes that do not broadcast": lambda: operator("ADD", [tensor((2, 3)), tensor((2, 2))], [tensor((2, 3))]),
    "an output smaller than broadcast": lambda: operator("MUL", [tensor((2, 3)), tensor((1, 3))], [tensor((1, 3))]),
    "an output larger than its input": lambda: operator("RELU", [tensor((2,))], [tensor((3,))]),
    "a depth the weights do not have": lambda: operator(
        "FULLY_CONNECTED", [tensor((1, 7)), tensor((4, 3), data=1)], [tensor((1, 4))], {"weights_format": "DEFAULT"}
    ),
    "more rows than inputs": lambda: operator(
        "FULLY_CONNECTED", [tensor((2, 3)), tensor((4, 3), data=1)], [tensor((3, 4))], {"weights_format": "DEFAULT"}
    ),
    "weights computed at run time": lambda: operator(
        "FULLY_CONNECTED", [tensor((2, 3)), tensor((4, 3))], [tensor((2, 4))], {"weights_format": "DEFAULT"}
    ),
    "a bias on another scale": lambda: operator(
        "FULLY_CONNECTED",
        [tensor((2, 3)), tensor((4, 3), data=1), replace(tensor((4,), INT, data=1), quantization=quantization(1.0))],
        [tensor((2, 4))],
        {"weights_format": "DEFAULT"},
    ),
    "shuffled weights": lambda: operator(
        "FULLY_CONNECTED",
        [tensor((2, 3)), tensor((4, 3), data=1)],
        [tensor((2, 4))],
        {"weights_format": "SHUFFLED4x16INT8"},
    ),
    "a pool that changes the scale": lambda: operator(
        "MAX_POOL_2D",
        [tensor((1, 4, 4, 1))],
        [tensor((1, 4, 4, 1), scale=0.2)],
        {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2},
    ),
    "a window of nothing": lambda: operator(
        "AVERAGE_POOL_2D",
        [tensor((1, 4, 4, 1))],
        [tensor((1, 4, 4, 1))],
        {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 0, "filter_width": 2},
    ),
    "an axis that is not there": lambda: operator(
        "MEAN", [tensor((2, 3)), tensor((1,), INT, data=2)], [tensor((2,))], {"keep_dims": False}
    ),
    "axes computed at run time": lambda: operator(
        "MEAN", [tensor((2, 3)), tensor((1,), INT)], [tensor((2,))], {"keep_dims": False}
    ),
    "negative paddings": lambda: operator("PAD", [tensor((4,)), tensor((1, 2), INT, data=[3, -1])], [tensor((6,))]),
    "too few paddings": lambda: operator("PAD", [tensor((4, 4)), tensor((1, 2), INT, data=1)], [tensor((6, 6))]),
    "paddings as floats": lambda: operator("PAD", [tensor((4,)), tensor((1, 2), "float32", data=1)], [tensor((6,))]),
    "parts of another height": lambda: operator(
        "CONCATENATION", [tensor((2, 2)), tensor((3, 2))], [tensor((2, 4))], {"axis": 1}
    ),
    "parts that are too many": lambda: operator("CONCATENATION", [tensor((2, 2))] * 2, [tensor((2, 3))], {"axis": 1}),
    "parts on another scale": lambda: operator(
        "CONCATENATION", [tensor((2,)), tensor((2,), scale=0.2)], [tensor((4,))], {"axis": 0}
    ),
    "an unequal split": lambda: operator(
        "SPLIT", [tensor((1,), INT, data=0), tensor((3,))], [tensor((1,)), tensor((2,))]
    ),
    "a split that is too short": lambda: operator(
        "SPLIT", [tensor((1,), INT, data=0), tensor((3,))], [tensor((1,)), tensor((1,))]
    ),
    "no axis to split": lambda: operator("SPLIT", [tensor((0,), INT, data=0), tensor((3,))], [tensor((3,))]),
    "no permutation": lambda: operator("TRANSPOSE", [tensor((2, 3)), tensor((2,), INT, data=[0, 0])], [tensor((2, 2))]),
    "a permutation too short": lambda: operator(
        "TRANSPOSE", [tensor((2, 3)), tensor((1,), INT, data=[0])], [tensor((2, 3))]
    ),
    "a reshape to more": lambda: operator("RESHAPE", [tensor((2, 3))], [tensor((7,))]),
    "a reshape to another type": lambda: operator("RESHAPE", [tensor((2, 3))], [tensor((6,), "uint8")]),
    "a softmax on another scale": lambda: operator("SOFTMAX", [tensor((2,))], [tensor((2,))], {"beta": 1.0}),
    "a softmax over too many": lambda: operator(
        "SOFTMAX", [tensor((5000,))], [tensor((5000,), scale=1 / 256, zero_point=-128)], {"beta": 1.0}
    ),
    "a softmax without beta": lambda: operator(
        "SOFTMAX", [tensor((2,))], [tensor((2,), scale=1 / 256, zero_point=-128)], {"beta": 0.0}
    ),
    "a dimension too many": lambda: operator(
        "EXPAND_DIMS", [tensor((2, 3)), tensor((1,), INT, data=0)], [tensor((2, 1, 3))]
    ),
    "a dimension that is not 1": lambda: operator("SQUEEZE", [tensor((2, 3))], [tensor((6,))], {"squeeze_dims": (0,)}),
    "a dilation beyond 16 bits": lambda: conv(padding="SAME", target=(1, 5, 5, 6), dilation_h_factor=1 << 15),
    "a window beyond 32 bits": lambda: conv(padding="SAME", target=(1, 5, 5, 6), dilation_h_factor=1 << 30),
    "a depth multiplier the shapes deny": lambda: replace(
        conv(weights=(1, 3, 3, 4), target=(1, 3, 3, 4), depth_multiplier=0), name="DEPTHWISE_CONV_2D"
    ),
    "an operator nobody knows": lambda: operator("RNN", [tensor((2,))], [tensor((2,))]),
}


def strided(begin: int, end: int, stride: int, target: Sequence[int], **options: int) -> Operator:
    numbers = [tensor((1,), INT, data=[number]) for number in (begin, end, stride)]
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "offset")
    return operator("STRIDED_SLICE", [tensor((5,)), *numbers], [tensor(target)], dict.fromkeys(names, 0) | options)


WRONG |= {
    "a slice by 0": lambda: strided(0, 5, 0, (5,)),
    "a slice of nothing": lambda: strided(3, 3, 1, (1,)),
    "an index beyond the end": lambda: strided(5, 6, 1, (), shrink_axis_mask=1),
    "an ellipsis": lambda: strided(0, 5, 1, (5,), ellipsis_mask=1),
    "a slice of another size": lambda: strided(0, 5, 2, (2,)),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_by_name(what: str) -> None:
    wrong = WRONG[what]()
    with pytest.raises(InputError) as error:
        lower(wrong)
    assert error.value.message.startswith(f"operator 3 ({wrong.name}): ")
    assert all(error.value.hints)


def test_an_unsupported_operator_is_named_with_its_layer_and_a_way_out() -> None:
    with pytest.raises(InputError, match=r'operator 3 \(LOG\): .* makes tensor 7 "a tensor", is not sup') as error:
        lower(operator("LOG", [tensor((2,))], [tensor((2,))]))
    assert "use relu, silu or hard-swish" in error.value.hints[0]


def test_a_root_of_what_may_be_negative_is_refused() -> None:
    with pytest.raises(InputError, match="may be below 0"):
        lower(operator("RSQRT", [tensor((2,), zero_point=-127)], [tensor((2,))]))


def test_an_unknown_operator_is_told_what_is_near() -> None:
    with pytest.raises(InputError, match="nearest supported: RELU6"):
        lower(operator("RELU6_", [tensor((2,))], [tensor((2,))]))


MODELS = [parse_tflite(random_graph([(name, seed)]).data, name) for name in OPERATORS for seed in range(3)]
GOOD = [op for model in MODELS for op in model.operators]


@st.composite
def damaged(draw: st.DrawFn) -> Operator:
    """A good operator with one thing changed that a file can say."""
    op = draw(st.sampled_from([op for op in GOOD if op.inputs and op.outputs]))
    side = draw(st.sampled_from(["inputs", "outputs", "options"]))
    if side == "options" and op.options:
        name = draw(st.sampled_from(sorted(op.options)))
        number = draw(st.sampled_from([-(2**31), -1, 0, 1, 2, 65536, 2**31 - 1]))
        if type(op.options[name]) is int:  # a bool is an int, too
            return replace(op, options={**op.options, name: number})
    tensors: list[Tensor | None] = list(op.inputs if side != "outputs" else op.outputs)
    position = draw(st.integers(0, len(tensors) - 1))
    old = tensors[position]
    assert old is not None
    shape = list(old.shape)
    if shape and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = draw(st.sampled_from([1, 2, 3, 17]))
        data = None if old.data is None else np.resize(old.data, shape)
        new = replace(old, shape=tuple(shape), data=data)
    elif old.is_constant and old.dtype == "int32":
        numbers = st.integers(-(2**31), 2**31 - 1) | st.integers(-5, 9)
        values = draw(st.lists(numbers, min_size=old.elements, max_size=old.elements))
        new = replace(old, data=np.array(values, np.int32).reshape(old.shape))
    else:
        zero_points = st.sampled_from([-(2**40), -129, -128, 0, 127, 128])
        scales = st.sampled_from([1e-38, 1e-10, 0.01, 1.0, 1e10, 3e38])
        new = replace(old, quantization=quantization(draw(scales), draw(zero_points)))
    tensors[position] = new
    if side == "outputs":
        return replace(op, outputs=tuple(t for t in tensors if t is not None))
    return replace(op, inputs=tuple(tensors))


@settings(max_examples=500, deadline=None)
@given(op=damaged())
def test_whatever_a_file_says_is_lowered_or_refused(op: Operator) -> None:
    lowered = lowered_or_refused(op)
    if lowered is None:
        return
    assert isinstance(lowered, KernelCall | Alias)
    if isinstance(lowered, KernelCall):
        _fits_its_fields(lowered)


def lowered_or_refused(op: Operator) -> Lowered | None:
    try:
        layer = lower(op)
    except InputError as refusal:
        message = refusal.message
    else:
        return layer if isinstance(layer, Lowered) else choose(layer, HOST)
    assert message.startswith(op.where)
    return None


def _fits_its_fields(call: KernelCall) -> None:
    """Every number fits an int32 field, every name a constant array."""
    names = {array.name for array in call.constants}
    for value in call.fields.values():
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if isinstance(number, str):
                assert number in names
            elif isinstance(number, int):
                assert -(2**31) <= number < 2**31


def model_of(ops: Sequence[Operator]) -> bytes:
    """A .tflite of independent operators."""
    model = ModelBuilder()
    inputs: list[int] = []
    outputs: list[int] = []

    def add(tensor: Tensor) -> int:
        how: dict[str, Any] = {}
        if tensor.quantization is not None:
            q = tensor.quantization
            how = {"scale": q.scale, "zero_point": q.zero_point, "axis": q.axis}
        return model.tensor(tensor.shape, tensor.dtype, data=tensor.data, variable=tensor.is_variable, **how)

    for op in ops:
        taken = [-1 if t is None else add(t) for t in op.inputs]
        inputs += [
            i for i, t in zip(taken, op.inputs, strict=True) if t is not None and not (t.is_constant or t.is_variable)
        ]
        made = [add(t) for t in op.outputs]
        outputs += made
        model.operator(op.name, taken, made, **op.options)
    return model.build(inputs, outputs)


def is_accepted(op: Operator) -> bool:
    try:
        (read,) = parse_tflite(model_of([op]), "model").operators
        lower(read)
    except InputError:
        return False
    return True


@pytest.mark.cc
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],  # shrinking a hundred operators takes longer than reading the sanitizer's report
)
@given(ops=st.lists(damaged(), min_size=100, max_size=100))
def test_what_is_lowered_stays_within_its_tensors(tmp_path: Path, ops: list[Operator]) -> None:
    path = tmp_path / "model.tflite"
    accepted = [op for op in ops if is_accepted(op)]
    assume(accepted)
    path.write_bytes(model_of(accepted))
    compiled = compile_model(path, tmp_path / "c", target="host")
    host = build_host_model(compiled, sanitize=True, objects=tmp_path)
    random = np.random.default_rng(len(ops))
    host.run([[random.integers(-128, 127, t.shape).astype(t.dtype) for t in compiled.inputs] for _ in range(2)])


def test_every_supported_operator_has_a_good_example() -> None:
    assert {op.name for op in GOOD} >= set(SUPPORTED)
