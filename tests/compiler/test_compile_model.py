"""From a .tflite to C that a compiler takes without a warning and that gives the oracle's bytes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from host_model import WARNINGS, build_host_model
from small_models import classifier
from tflite_builder import ModelBuilder

from edgekd.compiler import compile_model
from edgekd.compiler.graph import Tensor
from edgekd.convert import tflm
from edgekd.errors import InputError


def noise(tensor: Tensor, chance: np.random.Generator) -> npt.NDArray[Any]:
    if tensor.dtype == "float32":
        return chance.standard_normal(tensor.shape).astype(np.float32) * 3
    return chance.integers(-128, 128, tensor.shape).astype(tensor.dtype)


def assert_equals_oracle(data: bytes, folder: Path, samples: int = 5, *, compiler: str = "gcc") -> None:
    """Compile, run with sanitizers and compare every output byte with TensorFlow Lite Micro."""
    model = folder / "model.tflite"
    model.write_bytes(data)
    compiled = compile_model(model, folder / "c", target="host", name="m")
    chance = np.random.default_rng(0)
    inputs = [[noise(tensor, chance) for tensor in compiled.inputs] for _ in range(samples)]
    outputs = build_host_model(compiled, compiler=compiler, sanitize=True).run(inputs)
    expected = tflm.run(model, inputs).outputs
    for sample, (given, wanted) in enumerate(zip(outputs, expected, strict=True)):
        for position, (a, b) in enumerate(zip(given, wanted, strict=True)):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b.reshape(a.shape), err_msg=f"sample {sample}, output {position}")


@pytest.mark.cc
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_classifier_gives_the_oracles_bytes(
    tmp_path: Path, compiler: str, require_program: Callable[[str], str]
) -> None:
    require_program(compiler)
    assert_equals_oracle(classifier(), tmp_path, samples=20, compiler=compiler)


def two_in_three_out() -> bytes:
    """Inputs and outputs of several kinds; output 1 is consumed later as well, output 2 is float32."""
    model = ModelBuilder()
    x0 = model.tensor((1, 4, 2), scale=0.1, zero_point=3)
    x1 = model.tensor((1, 4, 2), scale=0.2, zero_point=-7)
    s = model.tensor((1, 4, 2), scale=0.25, zero_point=1)
    r = model.tensor((1, 8), scale=0.25, zero_point=1)
    a = model.tensor((1, 8), scale=0.25, zero_point=1)
    f = model.tensor((1, 8), "float32")
    model.operator("ADD", [x0, x1], [s])
    model.operator("RESHAPE", [s], [r], new_shape=[1, 8])
    model.operator("RELU", [r], [a])
    model.operator("DEQUANTIZE", [r], [f])
    return model.build([x0, x1], [a, s, f])


def reshape_only() -> bytes:
    model = ModelBuilder()
    x = model.tensor((1, 2, 6), scale=0.1)
    y = model.tensor((1, 12), scale=0.1)
    model.operator("RESHAPE", [x], [y], new_shape=[1, 12])
    return model.build([x], [y])


def float_in() -> bytes:
    model = ModelBuilder()
    x = model.tensor((1, 10), "float32")
    q = model.tensor((1, 10), scale=0.05, zero_point=4)
    y = model.tensor((1, 10), scale=1 / 256, zero_point=-128)
    model.operator("QUANTIZE", [x], [q])
    model.operator("LOGISTIC", [q], [y])
    return model.build([x], [y])


def the_same_tensor_twice() -> bytes:
    """ADD x x, of an intermediate that dies there and of the graph's input."""
    model = ModelBuilder()
    x = model.tensor((1, 9), scale=0.1, zero_point=3)
    a, b, y = (model.tensor((1, 9), scale=scale, zero_point=-3) for scale in (0.2, 0.3, 0.7))
    model.operator("ADD", [x, x], [a])
    model.operator("RELU", [a], [b])
    model.operator("ADD", [b, b], [y])
    return model.build([x], [y])


def one_output_twice() -> bytes:
    model = ModelBuilder()
    x, y = model.tensor((1, 5), scale=0.1), model.tensor((1, 5), scale=0.1)
    model.operator("RELU", [x], [y])
    return model.build([x], [y, y])


def an_input_as_output() -> bytes:
    model = ModelBuilder()
    x, y = model.tensor((1, 5), scale=0.1), model.tensor((1, 5), scale=0.1)
    model.operator("RELU", [x], [y])
    return model.build([x], [y, x])


def parts_and_whole() -> bytes:
    """SPLIT with a part nobody reads, CONCATENATION with a part twice, a constant added."""
    model = ModelBuilder()
    x = model.tensor((1, 4, 6), scale=0.1, zero_point=2)
    axis = model.tensor((), "int32", data=2)
    parts = [model.tensor((1, 4, 2), scale=0.1, zero_point=2) for _ in range(3)]
    joined = model.tensor((1, 4, 6), scale=0.1, zero_point=2)
    constant = model.tensor((1, 4, 6), scale=0.02, data=np.arange(-12, 12))
    y = model.tensor((1, 4, 6), scale=0.15)
    model.operator("SPLIT", [axis, x], parts, num_splits=3)
    model.operator("CONCATENATION", [parts[2], parts[0], parts[2]], [joined], axis=2)
    model.operator("ADD", [joined, constant], [y])
    return model.build([x], [y])


SHAPES_OF_GRAPHS = [
    two_in_three_out,
    reshape_only,
    float_in,
    the_same_tensor_twice,
    one_output_twice,
    an_input_as_output,
    parts_and_whole,
]


@pytest.mark.cc
@pytest.mark.parametrize("make", SHAPES_OF_GRAPHS, ids=lambda make: make.__name__)
def test_graphs_of_every_shape_give_the_oracles_bytes(tmp_path: Path, make: Any) -> None:
    assert_equals_oracle(make(), tmp_path)


def test_the_header_tells_what_a_caller_needs(tmp_path: Path) -> None:
    model = tmp_path / "my-model.v2.tflite"
    model.write_bytes(classifier())
    compiled = compile_model(model, tmp_path / "c", target="cortex-m4")
    assert compiled.name == "my_model_v2"
    header = (tmp_path / "c" / "my_model_v2.h").read_text()
    macros = dict(re.findall(r"#define MY_MODEL_V2_(\w+) (.+)", header))
    assert macros["INPUT_SHAPE"] == "{1, 8, 8, 3}"
    assert (macros["INPUT_BYTES"], macros["OUTPUT_BYTES"]) == ("192", "4")
    assert (macros["INPUT_SCALE"], macros["INPUT_ZERO_POINT"]) == ("0.05f", "(-5)")
    assert macros["ARENA_BYTES"] == str(compiled.arena_bytes)
    assert macros["SHA256"] == f'"{compiled.sha256}"'
    assert "int my_model_v2_invoke(const int8_t *input, int8_t *output, void *arena);" in header


def test_the_summary_counts_what_the_model_has(tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(classifier())
    compiled = compile_model(model, tmp_path / "c", target="host")
    weights = 8 * 27 + 9 * 8 + 8 * 8 + 4 * 8 + 4 * (8 + 8 + 8 + 4)
    assert compiled.weight_bytes == weights
    assert compiled.macs == 16 * 8 * 27 + 16 * 8 * 9 + 16 * 8 * 8 + 8 * 4
    assert (compiled.input_bytes, compiled.output_bytes) == (192, 4)
    assert [operator.name for operator in compiled.operators][-1] == "SOFTMAX"
    assert compiled.arena_bytes == max(operator.live_bytes for operator in compiled.operators) >= compiled.plan.bound


@pytest.mark.cc
def test_weights_that_layers_share_are_written_once(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, a, y = (model.tensor((1, 16), scale=0.1) for _ in range(3))
    values = np.random.default_rng(0).integers(-127, 128, (16, 16))
    once, again = (model.tensor((16, 16), scale=0.01, data=values) for _ in range(2))
    model.operator("FULLY_CONNECTED", [x, once, -1], [a])
    model.operator("FULLY_CONNECTED", [a, again, -1], [y])
    data = model.build([x], [y])
    assert_equals_oracle(data, tmp_path)
    compiled = compile_model(tmp_path / "model.tflite", tmp_path / "c", target="host", name="m")
    assert [operator.weight_bytes >= 256 for operator in compiled.operators] == [True, False]
    assert re.findall(r"(\w+)\[256\]", (tmp_path / "c" / "m_weights.c").read_text()) == ["m_fully_connected_0_weights"]


def test_a_small_file_cannot_ask_for_much_c(tmp_path: Path) -> None:
    model = ModelBuilder()
    x = last = model.tensor((1, 256), scale=0.1)
    weights = model.tensor((256, 256), scale=0.01, data=np.ones((256, 256)))
    for _ in range(300):
        y = model.tensor((1, 256), scale=0.1)
        model.operator("FULLY_CONNECTED", [last, weights, -1], [y])
        last = y
    (tmp_path / "m.tflite").write_bytes(model.build([x], [last]))
    with pytest.raises(InputError, match="more than 64 times the file"):
        compile_model(tmp_path / "m.tflite", tmp_path / "c", target="host")


@pytest.mark.cc
def test_a_wrong_pointer_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    compiled = compile_model(tmp_path / "m.tflite", tmp_path, target="host")
    test = tmp_path / "pointers.c"
    test.write_text(
        '#include "m.h"\n#include <stddef.h>\n'
        "static _Alignas(16) unsigned char arena[M_ARENA_BYTES + 4];\n"
        "static int8_t in[M_INPUT_ELEMENTS], out[M_OUTPUT_ELEMENTS];\n"
        "int main(void) {\n"
        "    if (m_invoke(NULL, out, arena) != -1) return 1;\n"
        "    if (m_invoke(in, NULL, arena) != -1) return 2;\n"
        "    if (m_invoke(in, out, NULL) != -1) return 3;\n"
        "    if (m_invoke(in, out, arena + 1) != -1) return 4;\n"
        "    return m_invoke(in, out, arena);\n"
        "}\n"
    )
    sources = [str(path) for path in compiled.files if path.suffix == ".c"]
    program = tmp_path / "pointers"
    subprocess.run(["gcc", *WARNINGS, *sources, str(test), "-o", str(program)], check=True)
    assert subprocess.run([str(program)], check=False).returncode == 0


@pytest.mark.cc
def test_a_folder_holds_two_models_and_needs_nothing_else(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.tflite").write_bytes(classifier(len(name)))
        compile_model(tmp_path / f"{name}.tflite", tmp_path / "c", target="host")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "c", elsewhere)
    sources = sorted(str(path) for path in elsewhere.glob("*.c"))
    flags = [*WARNINGS, "-ffreestanding", "-nostdlib", "-r", "-o", str(tmp_path / "linked.o")]
    subprocess.run(["gcc", *flags, *sources], check=True, cwd=elsewhere)
    missing = subprocess.run(["nm", "-u", str(tmp_path / "linked.o")], capture_output=True, text=True, check=True)
    assert set(missing.stdout.replace("U ", "").split()) <= {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "cannot name"),
        ("1st", "cannot name"),
        ("a-b", "cannot name"),
        ("a b; system", "cannot name"),
        ("int", "cannot name"),
        ("_m", "cannot name"),
        ("é", "cannot name"),
        ("m" * 49, "cannot name"),
        ("edgekd_conv", "edgekd's own kernels begin so"),
        ("softmax_s8", "is also a kernel's"),
    ],
)
def test_names_c_cannot_use_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    with pytest.raises(InputError, match=reason):
        compile_model(tmp_path / "m.tflite", tmp_path / "c", target="host", name=name)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("file", "name"),
    [("2-fast.tflite", "model_2_fast"), ("int.tflite", "model_int"), ("é.tflite", "model"), ("x" * 99, "x" * 42)],
)
def test_a_files_name_becomes_a_name_in_c(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).write_bytes(classifier())
    assert compile_model(tmp_path / file, tmp_path / "c", target="host").name == name


@pytest.mark.cc
def test_names_out_of_the_file_stay_inside_their_comments(tmp_path: Path) -> None:
    model = ModelBuilder()
    evil = '*/ int main(void) { return 1; } /* "\\\n??/'
    x = model.tensor((1, 5), scale=0.1, name=evil)
    y = model.tensor((1, 5), scale=0.1, name=evil)
    model.operator("RELU", [x], [y])
    (tmp_path / "m.tflite").write_bytes(model.build([x], [y]))
    compiled = compile_model(tmp_path / "m.tflite", tmp_path / "c", target="host")
    assert "main" not in (tmp_path / "c" / "m.c").read_text()
    build_host_model(compiled)


def test_compiling_again_touches_nothing_that_is_right(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    first = compile_model(tmp_path / "m.tflite", tmp_path / "c", target="host")
    before = {path: path.stat().st_mtime_ns for path in first.files}
    (tmp_path / "c" / "m.c").write_text("damaged")
    second = compile_model(tmp_path / "m.tflite", tmp_path / "c", target="host")
    after = {path: path.stat().st_mtime_ns for path in second.files}
    assert {path.name for path in before if before[path] != after[path]} == {"m.c"}
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == sorted(path.name for path in first.files)


def test_an_unknown_target_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'no target "cortex-m44"') as refused:
        compile_model(tmp_path / "absent.tflite", tmp_path, target="cortex-m44")
    assert refused.value.hints == ("did you mean cortex-m4?",)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(classifier())
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot write the C files there"):
        compile_model(tmp_path / "m.tflite", tmp_path / "taken", target="host")
