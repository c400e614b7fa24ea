"""Firmware that speaks the MLPerf Tiny benchmark's serial protocol: firmware/runtime/MLPERF.md.

The facts of the benchmarks are those of its reference implementation (github.com/mlcommons/tiny,
benchmark/reference_submissions) and of its data sets (benchmark/evaluation/datasets/README.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgekd.errors import InputError

if TYPE_CHECKING:
    from edgekd.compiler.graph import Graph, Tensor

CONFIG = "edgekd_mlperf_config.h"

_OWN_PROTOCOL = {
    "PROTOCOL.md",
    "server.c",
    *(
        f"{name}{end}"
        for name in ("baud", "cobs", "crc32", "log", "results", "sample", "session", "source", "watch", "wire")
        for end in (".c", ".h")
    ),
}
_DOCUMENT = "MLPERF.md"
# What int8 SOFTMAX gives (TensorFlow Lite's quantization specification).
_PROBABILITIES = (1 / 256, -128)


@dataclass(frozen=True)
class Benchmark:
    """elements, outputs: int8 values of the model's input and output. input_bytes: what the runner sends of a sample.

    task: `scores` prints the outputs, `distance` their mean squared distance from the input. flip: exclusive-or that
    turns a sent byte into the model's; 0x80 is pixel - 128. files: scale and zero point the benchmark's own files are
    quantized with, where they are.
    """

    name: str
    elements: int
    outputs: int
    task: Literal["scores", "distance"] = "scores"
    flip: int = 0
    files: tuple[float, int] | None = None

    @property
    def input_bytes(self) -> int:
        return self.elements * (4 if self.task == "distance" else 1)


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("kws01", 49 * 10, 12, files=(0.5847029089927673, 83)),
        Benchmark("ic01", 32 * 32 * 3, 10, flip=0x80),
        Benchmark("vww01", 96 * 96 * 3, 2, flip=0x80),
        Benchmark("ad01", 5 * 128, 5 * 128, "distance"),
    )
}


def find_benchmark(name: str) -> Benchmark:
    """Raises InputError when there is none of that name."""
    if name not in BENCHMARKS:
        raise InputError(f'MLPerf Tiny has no benchmark "{name}" here', "benchmarks: " + ", ".join(BENCHMARKS))
    return BENCHMARKS[name]


def choose_sources(benchmark: Benchmark | None, common: dict[str, str], mlperf: dict[str, str]) -> dict[str, str]:
    """The files of firmware/runtime for edgekd's own protocol (None), or with those of firmware/runtime/mlperf."""
    if benchmark is None:
        return {name: text for name, text in common.items() if name != _DOCUMENT}
    other = {"mlperf_scores.c", "mlperf_distance.c"} - {f"mlperf_{benchmark.task}.c"}
    chosen = {**common, **mlperf}
    return {name: text for name, text in chosen.items() if name not in _OWN_PROTOCOL | other}


def config(benchmark: Benchmark, graph: Graph | None) -> str:
    """The C header of what the firmware knows of `benchmark` and of its model; graph None for the empty firmware.

    Raises InputError for a model that the benchmark's runner could not drive, or would score wrong.
    """
    if graph is not None:
        _check(benchmark, graph)
    (in_scale, in_zero), (out_scale, out_zero) = _quantization(graph)
    values = {
        "BENCHMARK": f'"{benchmark.name}"',
        "ELEMENTS": f"{benchmark.elements}u",
        "INPUT_BYTES": f"{benchmark.input_bytes}u",
        "FLIP": f"0x{benchmark.flip:02X}u",
        "INPUT_SCALE": f"{in_scale.hex()}f",
        "INPUT_ZERO_POINT": f"({in_zero})",
        "OUTPUTS": f"{benchmark.outputs}u",
        "OUTPUT_SCALE": f"{out_scale.hex()}f",
        "OUTPUT_ZERO_POINT": f"({out_zero})",
    }
    lines = [f"#define EDGEKD_MLPERF_{name} {value}" for name, value in values.items()]
    guard = "EDGEKD_MLPERF_CONFIG_H"
    head = f"/* The benchmark and the quantization of the model (MLPERF.md); made by edgekd. */\n#ifndef {guard}\n"
    return "\n".join([f"{head}#define {guard}\n", *lines, "\n#endif\n"])


def note(benchmark: Benchmark, graph: Graph) -> str | None:
    """What the user has to see to: input files that are quantized otherwise than the benchmark's own."""
    own, (scale, zero) = benchmark.files, _quantization(graph)[0]
    if own is None or (math.isclose(scale, own[0], rel_tol=1e-6) and zero == own[1]):
        return None
    return (
        f"the model reads bytes with scale {scale:.7g}, zero point {zero}; "
        f"{benchmark.name}'s own files have {own[0]:.7g}, {own[1]}: quantize them anew for it"
    )


def _quantization(graph: Graph | None) -> tuple[tuple[float, int], tuple[float, int]]:
    if graph is None:
        return (1.0, 0), (1.0, 0)
    x, y = graph.inputs[0], graph.outputs[0]
    return (x.scale, x.zero_point), (y.scale, y.zero_point)


def _check(benchmark: Benchmark, graph: Graph) -> None:
    for side, tensors, elements in (
        ("input", graph.inputs, benchmark.elements),
        ("output", graph.outputs, benchmark.outputs),
    ):
        if len(tensors) != 1 or not _is_plain(tensors[0], elements):
            has = ", ".join(f"{'x'.join(map(str, tensor.shape))} {tensor.dtype}" for tensor in tensors)
            raise InputError(
                f"{benchmark.name} needs one quantized int8 {side} of {elements} values, the model has {has}",
                "choose the benchmark the model is for: --benchmark " + "|".join(BENCHMARKS),
            )
    output = graph.outputs[0]
    if benchmark.task == "scores" and (output.scale, output.zero_point) != _PROBABILITIES:
        raise InputError(
            f"{benchmark.name}: the model's output has scale {output.scale:.7g}, zero point {output.zero_point} and is"
            " not probabilities (1/256, -128), for which the benchmark's runner takes it",
            "end the model with SOFTMAX",
        )


def _is_plain(tensor: Tensor, elements: int) -> bool:
    quantization = tensor.quantization
    return (
        tensor.dtype == "int8"
        and tensor.elements == elements
        and quantization is not None
        and not quantization.per_channel
    )
