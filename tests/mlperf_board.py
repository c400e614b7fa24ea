"""Models of MLPerf Tiny's sizes that need no training, and firmware for this machine that speaks its protocol."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from host_board import FIRMWARE, HOST, SANITIZERS, WARNINGS
from tflite_builder import ModelBuilder

from edgekd.compiler.reader import read_tflite
from edgekd.firmware import mlperf


def keyword_model(seed: int = 0) -> bytes:
    """1x49x10x1 to 12 probabilities: CONV_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX; quantized as kws01's files are."""
    chance = np.random.default_rng(seed)
    model = ModelBuilder()
    x = model.tensor((1, 49, 10, 1), scale=0.5847029, zero_point=83, name="features")
    kernel = model.tensor((4, 10, 4, 1), scale=[0.01] * 4, data=chance.integers(-127, 128, (4, 10, 4, 1)))
    bias = model.tensor((4,), "int32", scale=[0.005847029] * 4, data=chance.integers(-500, 500, 4))
    a = model.tensor((1, 25, 5, 4), scale=1.0, zero_point=-128)
    b = model.tensor((1, 500), scale=1.0, zero_point=-128)
    weights = model.tensor((12, 500), scale=0.001, data=chance.integers(-127, 128, (12, 500)))
    dense_bias = model.tensor((12,), "int32", scale=0.001, data=chance.integers(-500, 500, 12))
    logits = model.tensor((1, 12), scale=0.5, zero_point=0)
    y = model.tensor((1, 12), scale=1 / 256, zero_point=-128, name="probabilities")
    relu = {"fused_activation_function": "RELU"}
    model.operator("CONV_2D", [x, kernel, bias], [a], stride_w=2, stride_h=2, padding="SAME", **relu)
    model.operator("RESHAPE", [a], [b], new_shape=[1, 500])
    model.operator("FULLY_CONNECTED", [b, weights, dense_bias], [logits])
    model.operator("SOFTMAX", [logits], [y], beta=1.0)
    return model.build([x], [y])


def one_layer_model(inputs: int, outputs: int, x: tuple[float, int], y: tuple[float, int]) -> bytes:
    """FULLY_CONNECTED between tensors of these sizes, scales and zero points; weights are nought."""
    model = ModelBuilder()
    source = model.tensor((1, inputs), scale=x[0], zero_point=x[1])
    target = model.tensor((1, outputs), scale=y[0], zero_point=y[1])
    weights = model.tensor((outputs, inputs), scale=0.5, data=np.zeros((outputs, inputs), np.int8))
    bias = model.tensor((outputs,), "int32", scale=0.5 * x[0], data=np.zeros(outputs, np.int32))
    model.operator("FULLY_CONNECTED", [source, weights, bias], [target])
    return model.build([source], [target])


def build_mlperf_board(folder: Path, benchmark: str, model: bytes, *defines: str) -> Path:
    """Compile the server with the toy engine (tests/firmware/runtime/host/mlperf_engine.c) in place of `model`, which
    gives its quantization."""
    folder.mkdir()
    path = folder / "model.tflite"
    path.write_bytes(model)
    facts = mlperf.BENCHMARKS[benchmark]
    (folder / mlperf.CONFIG).write_text(mlperf.config(facts, read_tflite(path)))
    runtime, own = FIRMWARE / "runtime", FIRMWARE / "runtime" / "mlperf"
    names = {file.name: file for file in [*runtime.glob("*.[ch]"), *own.glob("*.[ch]")]}
    chosen = mlperf.choose_sources(
        facts, {file.name: "" for file in runtime.iterdir()}, {file.name: "" for file in own.iterdir()}
    )
    sources = [names[name] for name in sorted(chosen) if name.endswith(".c")]
    includes = [folder, runtime, own, FIRMWARE / "ports", FIRMWARE / "engines", HOST]
    command = ["gcc", "-O1", "-g", *WARNINGS, *SANITIZERS, *(f"-D{name}" for name in defines)]
    command += [f"-I{include}" for include in includes]
    program = folder / "board"
    sources += [HOST / "port.c", HOST / "mlperf_engine.c"]
    subprocess.run([*command, "-o", str(program), *map(str, sources)], check=True)
    return program
