"""The four MLPerf Tiny networks: the sizes of the benchmark, and bit-exact through the whole way to C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_model import build_host_model
from mlperf_models import MlperfModel

NAMES = ["kws", "vww", "ic", "ad"]

# Operators of the benchmark's own int8 models, in order: mlcommons/tiny, benchmark/training/*/trained_models.
_BLOCK = ["DEPTHWISE_CONV_2D", "CONV_2D"]
_HEAD = ["AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"]
_RESIDUAL = ["CONV_2D", "CONV_2D", "CONV_2D", "ADD"]
OPERATORS = {
    "kws": ["CONV_2D", *_BLOCK * 4, *_HEAD],
    "vww": ["CONV_2D", *_BLOCK * 13, *_HEAD],
    "ic": [*_RESIDUAL * 3, *_HEAD],
    "ad": ["FULLY_CONNECTED"] * 10,
}
# Multiply-accumulates of one inference, from the layer sizes by hand: outputs times weights of one output.
MACS = {
    "kws": 125 * 64 * (40 + 4 * (9 + 64)) + 64 * 12,
    "vww": 48 * 48 * 8 * 27
    + 48 * 48 * (8 * 9 + 8 * 16)
    + 24 * 24 * (16 * 9 + 16 * 32 + 32 * 9 + 32 * 32)
    + 12 * 12 * (32 * 9 + 32 * 64 + 64 * 9 + 64 * 64)
    + 6 * 6 * (64 * 9 + 64 * 128 + 5 * (128 * 9 + 128 * 128))
    + 3 * 3 * (128 * 9 + 128 * 256 + 256 * 9 + 256 * 256)
    + 256 * 2,
    "ic": 1024 * 16 * (27 + 144 + 144) + 256 * 32 * (144 + 288 + 16) + 64 * 64 * (288 + 576 + 32) + 64 * 10,
    "ad": 2 * 640 * 128 + 6 * 128 * 128 + 2 * 128 * 8,
}


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_a_network_takes_and_returns_what_its_benchmark_says(name: str) -> None:
    import torch

    from edgekd.models.mlperf_tiny import BENCHMARKS

    benchmark = BENCHMARKS[name]
    channels_first = (benchmark.input_shape[-1], *benchmark.input_shape[:-1])

    with torch.no_grad():
        outputs = benchmark.build().eval()(torch.zeros(2, *channels_first))

    assert outputs.shape == (2, benchmark.outputs)


@pytest.mark.convert
@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_conversion_gives_the_operators_of_the_benchmark(name: str, mlperf_tiny_models: dict[str, MlperfModel]) -> None:
    from edgekd.compiler.reader import read_tflite

    model = mlperf_tiny_models[name]

    found = [operator.name for operator in read_tflite(model.path).operators if operator.name != "RESHAPE"]
    wanted = list(OPERATORS[name])
    if name == "ic":  # the first block keeps its shape: its shortcut is the identity, after the stem's convolution
        assert found.count("ADD") == 3 and sorted(found) == sorted(wanted)
    else:
        assert found == wanted


@pytest.mark.cc
@pytest.mark.convert
@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_model_equals_tensorflow_lite_micro_in_every_byte(
    name: str, mlperf_tiny_models: dict[str, MlperfModel], tmp_path: Path
) -> None:
    from edgekd.compiler import compile_model
    from edgekd.convert import tflm

    model = mlperf_tiny_models[name]
    compiled = compile_model(model.path, tmp_path, target="host")
    expected = tflm.run(model.path, [[x] for x in model.x])

    outputs = build_host_model(compiled, sanitize=True).run([[x] for x in model.x])

    assert_alive(expected.outputs)
    for sample, (ours, theirs) in enumerate(zip(outputs, expected.outputs, strict=True)):
        np.testing.assert_array_equal(ours[0].ravel(), theirs[0].ravel(), err_msg=f"{name}, sample {sample}")
    assert compiled.macs == MACS[name]
    assert compiled.arena_bytes + compiled.input_bytes + compiled.output_bytes < expected.arena_bytes


def assert_alive(outputs: list[list[Any]]) -> None:
    """The outputs differ from sample to sample, so that equal bytes mean something."""
    rows = np.stack([sample[0].ravel() for sample in outputs])
    assert len(np.unique(rows, axis=0)) > len(rows) // 2
    assert np.ptp(rows.astype(int), axis=0).mean() > 40
