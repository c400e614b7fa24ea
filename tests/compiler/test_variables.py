"""What a model keeps from one inference to the next: first values, resets, and what cannot be compiled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from host_model import build_host_model
from tflite_builder import ModelBuilder

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.reader import parse_tflite
from edgekd.convert import tflm
from edgekd.errors import InputError

SCALE = {"scale": 0.5, "zero_point": 3}


def delay(first: list[int] | None = None, *, assign: bool = True) -> bytes:
    """Its output is its input before: one resource variable. first: what CALL_ONCE assigns."""
    model = ModelBuilder()
    x, old, y = (model.tensor((1, 4), **SCALE) for _ in range(3))
    if first is not None:
        model.call_once("last", model.tensor((1, 4), data=np.array([first], np.int8), **SCALE))
    handle = model.handle("last")
    model.operator("READ_VARIABLE", [handle], [old])
    model.operator("MAXIMUM", [old, old], [y])
    if assign:
        model.operator("ASSIGN_VARIABLE", [handle, x], [])
    return model.build([x], [y])


@pytest.mark.cc
@pytest.mark.parametrize("buffers", ["separate", "arena"])
@pytest.mark.parametrize(("first", "expected"), [(None, [3, 3, 3, 3]), ([1, 2, 3, 4], [1, 2, 3, 4])])
def test_state_goes_from_sample_to_sample(
    tmp_path: Path, buffers: str, first: list[int] | None, expected: list[int]
) -> None:
    path = tmp_path / "delay.tflite"
    path.write_bytes(delay(first))
    inputs = [[np.full((1, 4), n, np.int8)] for n in (10, 20, 30)]

    compiled = compile_model(path, tmp_path / "c", target="host", options=PlanOptions(buffers=buffers))  # type: ignore[arg-type]
    outputs = build_host_model(compiled, sanitize=True).run(inputs)

    assert [output.tolist() for (output,) in outputs] == [[expected], [[10] * 4], [[20] * 4]]
    assert [output.tolist() for (output,) in tflm.run(path, inputs).outputs] == [o.tolist() for (o,) in outputs]


def test_the_header_says_that_there_is_state(tmp_path: Path) -> None:
    path = tmp_path / "delay.tflite"
    path.write_bytes(delay())
    compile_model(path, tmp_path / "c", target="host")
    header = (tmp_path / "c" / "delay.h").read_text()
    assert "int delay_reset(void *arena);" in header
    assert " *     delay_reset(arena);\n *     delay_invoke(input, output, arena);\n" in header


def test_a_variable_that_is_never_assigned_is_refused() -> None:
    with pytest.raises(InputError, match="variable 'last' is read and never assigned"):
        parse_tflite(delay(assign=False), "model")


def test_a_variable_of_another_shape_at_first_is_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), **SCALE), model.tensor((1, 4), **SCALE)
    model.call_once("last", model.tensor((1, 3), data=np.zeros((1, 3), np.int8), **SCALE))
    handle = model.handle("last")
    model.operator("READ_VARIABLE", [handle], [y])
    model.operator("ASSIGN_VARIABLE", [handle, x], [])
    with pytest.raises(InputError, match=r"operator 2 \(READ_VARIABLE\): variable 'last' has another shape or type at"):
        parse_tflite(model.build([x], [y]), "model")


def test_first_values_that_are_computed_are_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), **SCALE), model.tensor((1, 4), **SCALE)
    model.call_once("last", model.tensor((1, 4), **SCALE))
    handle = model.handle("last")
    model.operator("READ_VARIABLE", [handle], [y])
    model.operator("ASSIGN_VARIABLE", [handle, x], [])
    with pytest.raises(InputError, match="variable 'last' is first set to what is computed"):
        parse_tflite(model.build([x], [y]), "model")


def test_a_subgraph_that_is_not_there_is_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), **SCALE), model.tensor((1, 4), **SCALE)
    model.operator("CALL_ONCE", [], [], init_subgraph_index=1)
    model.operator("RELU", [x], [y])
    with pytest.raises(InputError, match="CALL_ONCE calls subgraph 1, there are 1"):
        parse_tflite(model.build([x], [y]), "model")


def test_a_handle_that_nothing_made_is_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), **SCALE), model.tensor((1, 4), **SCALE)
    model.operator("READ_VARIABLE", [x], [y])
    with pytest.raises(InputError, match=r"operator 0 \(READ_VARIABLE\): its first input is no handle"):
        parse_tflite(model.build([x], [y]), "model")
