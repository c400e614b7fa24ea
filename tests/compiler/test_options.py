"""Slots, types and defaults of options, against the schema that comes with TensorFlow Lite Micro."""

from __future__ import annotations

from typing import Any

import pytest
from tflite_builder import ModelBuilder, options_name
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from edgekd.compiler import flatbuffer
from edgekd.compiler.options import OPTIONS, Field, read_options
from edgekd.compiler.reader import parse_tflite
from edgekd.errors import InputError


def built(name: str, **options: object) -> bytes:
    model = ModelBuilder()
    x, y = model.tensor((1, 4)), model.tensor((1, 4))
    model.operator(name, [x], [y], **options)
    return model.build([x], [y])


def options_of(name: str, **options: object) -> dict[str, Any]:
    """What is read of the only operator of `built`."""
    (graph,) = flatbuffer.root(built(name, **options), b"TFL3").tables(2, "subgraph", 1)
    (operator,) = graph.tables(3, "operator", 1)
    return dict(read_options(name, operator.number(3, "u8", 0), operator.table(4, "options")))


def telling(field: Field) -> object:
    """A value that is neither the default nor what another field of the same table gets."""
    if field.names:
        return field.names[1]
    if field.kind == "bool":
        return not field.default
    return field.slot + 3.5 if field.kind == "f32" else field.slot + 3


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_field_is_read_from_its_own_place(name: str) -> None:
    values = {field.name: telling(field) for field in OPTIONS[name].fields}
    vectors = {vector: (slot + 1, slot + 2) for vector, slot in OPTIONS[name].vectors}
    strings = {string: f"in slot {slot}" for string, slot in OPTIONS[name].strings}
    assert options_of(name, **values, **vectors, **strings) == {**values, **vectors, **strings}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_fields_left_out_get_the_schemas_defaults(name: str) -> None:
    required = {field.name: 1 for field in OPTIONS[name].fields if field.positive and field.default == 0}
    options = options_of(name, **required)
    kind = options_name(name)
    defaults = vars(getattr(schema, f"{kind}T")()) if kind else {}
    for field in OPTIONS[name].fields:
        if field.name not in required:
            default = defaults["".join(p.capitalize() if i else p for i, p in enumerate(field.name.split("_")))]
            assert options[field.name] == (field.names[default] if field.names else default), field.name


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_numbers_of_the_tables_are_the_schemas(name: str) -> None:
    kind = options_name(name)
    assert OPTIONS[name].code == (getattr(schema.BuiltinOptions, kind) if kind else 0)


@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("value", [0, -1, 1 << 20])
def test_a_stride_that_is_no_stride_is_refused(name: str, value: int) -> None:
    options = {field.name: 1 for field in OPTIONS[name].fields if field.positive} | {"stride_h": value}
    with pytest.raises(InputError, match=rf"operator 0 \({name}\): stride_h is {value}"):
        parse_tflite(built(name, **options), "model")


def test_an_activation_the_schema_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="fused_activation_function is 77"):
        parse_tflite(built("ADD", fused_activation_function=77), "model")


def test_a_scale_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="beta is nan"):
        parse_tflite(built("SOFTMAX", beta=float("nan")), "model")
