"""What the reader takes from a file, and which contradictions it refuses, with which words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import classifier
from tflite_builder import ModelBuilder, pack
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from edgekd.compiler.reader import parse_tflite, read_tflite
from edgekd.errors import InputError


def edited(edit: Callable[[Any], None], data: bytes | None = None) -> bytes:
    """The classifier, or `data`, after `edit` has changed its object of the schema."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data or classifier(), 0))
    edit(model)
    return pack(model)


def test_a_model_is_read_completely() -> None:
    data = classifier()
    graph = parse_tflite(data, "model")
    assert graph.sha256 == hashlib.sha256(data).hexdigest()
    assert [op.name for op in graph.operators] == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "CONV_2D",
        "ADD",
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    image = graph.inputs[0]
    assert (image.name, image.shape, image.dtype) == ("image", (1, 8, 8, 3), "int8")
    assert (image.scale, image.zero_point) == (pytest.approx(0.05), -5)
    weights, bias = graph.operators[0].inputs[1:]
    assert weights is not None and weights.quantization is not None and weights.data is not None
    assert weights.quantization.per_channel and weights.quantization.axis == 0
    assert weights.data.shape == (8, 3, 3, 3) and weights.data.dtype == np.int8
    assert not weights.data.flags.writeable
    assert bias is not None and bias.data is not None and bias.data.dtype == np.int32
    assert graph.operators[0].options["stride_w"] == 2
    assert graph.operators[0].options["padding"] == "SAME"
    assert graph.outputs[0] is graph.operators[-1].outputs[0]


def test_values_of_constants_are_the_files() -> None:
    model = ModelBuilder()
    values = np.array([[-(2**31), 7], [2**31 - 1, -1]])
    x, c = model.tensor((2, 2), "int32"), model.tensor((2, 2), "int32", data=values)
    y = model.tensor((2, 2), "int32")
    model.operator("ADD", [x, c], [y])
    read = parse_tflite(model.build([x], [y]), "model").operators[0].inputs[1]
    assert read is not None and read.data is not None
    np.testing.assert_array_equal(read.data, values)


def test_an_optional_input_left_out_is_none() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=1.0), model.tensor((1, 2), scale=1.0)
    w = model.tensor((2, 4), scale=1.0, data=np.ones((2, 4)))
    model.operator("FULLY_CONNECTED", [x, w, -1], [y])
    assert parse_tflite(model.build([x], [y]), "model").operators[0].inputs[2] is None


def test_a_batch_of_any_size_in_the_signature_is_the_shapes_batch() -> None:
    model = ModelBuilder()
    x = model.tensor((1, 4), scale=1.0, shape_signature=(-1, 4))
    y = model.tensor((1, 4), scale=1.0, shape_signature=(-1, 4))
    model.operator("RELU", [x], [y])
    assert parse_tflite(model.build([x], [y]), "model").inputs[0].shape == (1, 4)


def test_a_reshape_without_options_is_read() -> None:
    def edit(model: Any) -> None:
        reshape = model.subgraphs[0].operators[5]
        reshape.builtinOptions, reshape.builtinOptionsType = None, 0

    assert parse_tflite(edited(edit), "model").operators[5].options["new_shape"] == ()


def test_a_second_subgraph_nobody_calls_is_no_harm() -> None:
    def edit(model: Any) -> None:
        model.subgraphs.append(model.subgraphs[0])

    assert len(parse_tflite(edited(edit), "model").operators) == 8


def test_names_of_any_bytes_are_read() -> None:
    def edit(model: Any) -> None:
        model.subgraphs[0].tensors[0].name = b"*/ \xff\x00 ??/\n" + b"x" * 100_000

    name = parse_tflite(edited(edit), "model").inputs[0].name
    assert len(name) <= 256


def tensor(index: int) -> Callable[[Any], Any]:
    return lambda model: model.subgraphs[0].tensors[index]


def operator(index: int) -> Callable[[Any], Any]:
    return lambda model: model.subgraphs[0].operators[index]


def change(find: Callable[[Any], Any], **values: Any) -> Callable[[Any], None]:
    def edit(model: Any) -> None:
        for name, value in values.items():
            setattr(find(model), name, value)

    return edit


def ints(*values: int) -> Any:
    return np.array(values, np.int32)


def quantization(index: int) -> Callable[[Any], Any]:
    return lambda model: model.subgraphs[0].tensors[index].quantization


def subgraph(model: Any) -> Any:
    return model.subgraphs[0]


# Tensors of the classifier: 0 the image, 1 to 8 what operators 0 to 7 make (8 the output), 9 the first weights.
CONTRADICTIONS: dict[str, tuple[Callable[[Any], None], str]] = {
    "a dimension of zero": (change(tensor(1), shape=ints(1, 0, 4, 8)), r"tensor 1 .* has a dimension below 1"),
    "an unknown batch": (change(tensor(0), shape=ints(-1, 8, 8, 3)), "convert with a fixed batch of 1"),
    "a huge dimension": (change(tensor(1), shape=ints(1, 1 << 30, 1 << 30, 8)), "needs more than 2 GiB"),
    "a dimension just too large": (change(tensor(1), shape=ints(1 << 30, 2)), "needs more than 2 GiB"),
    "too many dimensions": (change(tensor(1), shape=ints(*[1] * 9)), "9 dimensions, above 8"),
    "constants too short for their shape": (change(tensor(9), shape=ints(8, 3, 3, 4)), "its data has 216 bytes"),
    "constants of another type": (change(tensor(9), type=schema.TensorType.INT16), "its data has 216 bytes"),
    "a type nobody has": (change(tensor(1), type=99), "its type is number 99"),
    "half floats": (change(tensor(1), type=schema.TensorType.FLOAT16), "its type is float16"),
    "a buffer that does not exist": (change(tensor(9), buffer=999), "its buffer 999 does not exist"),
    "a variable that is computed": (change(tensor(1), isVariable=True), "tensor 1, has a value already"),
    "a variable as input": (change(tensor(0), isVariable=True), "input 0 is a variable"),
    "a constant variable": (change(tensor(9), isVariable=True), "a variable that is a constant"),
    "a resource": (
        change(tensor(1), type=schema.TensorType.RESOURCE),
        r"\(CONV_2D\) uses a resource that is no variable",
    ),
    "weights in another file": (change(tensor(9), externalBuffer=1), "outside the file"),
    "a scale of zero": (change(quantization(0), scale=np.float32([0])), "a scale is not a positive number"),
    "a negative scale": (change(quantization(0), scale=np.float32([-1])), "a scale is not a positive number"),
    "an infinite scale": (change(quantization(0), scale=np.float32([np.inf])), "a scale is not a positive number"),
    "a scale that is no number": (change(quantization(0), scale=np.float32([np.nan])), "not a positive number"),
    "a zero point beyond int8": (change(quantization(0), zeroPoint=np.int64([128])), "a zero point is outside int8"),
    "scales without zero points": (change(quantization(0), zeroPoint=None), "1 scales but 0 zero points"),
    "a channel without a scale": (
        change(quantization(9), scale=np.ones(7, np.float32), zeroPoint=np.zeros(7, np.int64)),
        "7 scales along axis 0 of shape",
    ),
    "scales along no dimension": (change(quantization(9), quantizedDimension=4), "8 scales along axis 4"),
    "an operator without a code": (change(operator(0), opcodeIndex=99), "its operator code 99 does not exist"),
    "an input that does not exist": (change(operator(0), inputs=ints(999, 9, 10)), "inputs: there is no tensor 999"),
    "a negative input": (change(operator(0), inputs=ints(-2, 9, 10)), "inputs: there is no tensor -2"),
    "an output left out": (change(operator(0), outputs=ints(-1)), "outputs: there is no tensor -1"),
    "no output": (change(operator(0), outputs=ints()), r"operator 0 \(CONV_2D\): it has no output"),
    "an output made twice": (change(operator(1), outputs=ints(1)), "its output, tensor 1, has a value already"),
    "an output that is a constant": (change(operator(0), outputs=ints(9)), "its output, tensor 9, has a value already"),
    "an output that is the input": (change(operator(0), outputs=ints(0)), "its output, tensor 0, has a value already"),
    "a cycle": (change(operator(0), inputs=ints(3, 9, 10)), "its input, tensor 3, has no value yet"),
    "options of another operator": (
        change(operator(3), builtinOptionsType=21, builtinOptions=schema.MulOptionsT()),
        r"operator 3 \(ADD\): has options of another operator",
    ),
    "a window without options": (
        change(operator(0), builtinOptionsType=0, builtinOptions=None),
        r"operator 0 \(CONV_2D\): has no options \(stride_w, stride_h\)",
    ),
    "a graph without inputs": (change(subgraph, inputs=ints()), "the graph has no inputs"),
    "a graph without outputs": (change(subgraph, outputs=ints()), "the graph has no outputs"),
    "an input listed twice": (change(subgraph, inputs=ints(0, 0)), "input 0 is listed twice"),
    "a constant as input": (change(subgraph, inputs=ints(0, 9)), "input 9 is a constant"),
    "an output nobody makes": (change(subgraph, outputs=ints(9)), "tensor 9, is computed by no operator"),
    "an output that does not exist": (change(subgraph, outputs=ints(77)), "there is no tensor 77"),
    "no subgraph": (change(lambda model: model, subgraphs=[]), "it has no subgraph"),
    "another version": (change(lambda model: model, version=4), "schema version 4, not 3"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_contradictions_are_refused_with_their_place(what: str) -> None:
    edit, message = CONTRADICTIONS[what]
    with pytest.raises(InputError, match=message) as refused:
        parse_tflite(edited(edit), "some/model.tflite")
    assert refused.value.message.startswith("some/model.tflite: ")


def test_control_flow_over_subgraphs_is_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1,), scale=1.0), model.tensor((1,), scale=1.0)
    model.operator("WHILE", [x], [y])

    def edit(made: Any) -> None:
        made.subgraphs.append(made.subgraphs[0])

    with pytest.raises(InputError, match=r"operator 0 \(WHILE\) calls another subgraph"):
        parse_tflite(edited(edit, model.build([x], [y])), "model")


def test_a_small_file_cannot_ask_for_much_work() -> None:
    """Ten thousand operators that share one long list of inputs: the file is small, the list is read once each."""

    def edit(made: Any) -> None:
        made.subgraphs[0].operators[0].inputs = ints(*[0] * 100_000)

    with pytest.raises(InputError, match="100000 tensors, more than 1024"):
        parse_tflite(edited(edit), "model")


@pytest.mark.parametrize(
    "data", [b"", b"TFL3", b"\x00" * 8, b"\x1c\x00\x00\x00TFL3", b"\xff" * 4 + b"TFL3" + b"\xff" * 64]
)
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"not a \.tflite model"):
        parse_tflite(data, "model")


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_tflite(tmp_path / "absent.tflite")
    with pytest.raises(InputError, match="not a file"):
        read_tflite(tmp_path)
    with pytest.raises(InputError, match="not a file"):
        read_tflite(Path("/dev/zero"))
