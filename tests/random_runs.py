"""Random graphs through the compiler, on this machine and on emulated boards, compared with the oracle.

Tests run some of them; scripts/nightly runs thousands and keeps a record. A *graph* is one operator of tests/graphs.py,
or a chain of several, with inputs and outputs of its own; many of them side by side make one model, because one
compilation, one firmware and one oracle process then serve them all.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import graphs
import host_model
import numpy as np
from graph_parts.maker import Array

from edgekd.compiler import PlanOptions, compile_model
from edgekd.compiler.emit import interfaces
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.evaluate.board import board_under_test
from edgekd.evaluate.under_test import BoardUnderTest
from edgekd.firmware.board import load_board
from edgekd.firmware.build import build
from edgekd.firmware.project import MODEL_NAME, make_project
from edgekd.firmware.size import check, image_size

Part = tuple[str, int]  # a name of graphs.OPERATORS, or "chain", and a seed

# What runs on this machine: the target and the macros by which GCC tells its kernels of the core.
HOST_TARGETS: dict[str, tuple[str, ...]] = {
    "host": (),
    "cortex-m0": ("-D__ARM_ARCH_6M__",),
    "cortex-m3": (),
    "cortex-m4": (),
    "rv32imc": ("-D__riscv",),
}
_SAMPLES = 3
_BESIDE_A_TENSOR = 32
_PLANS = [
    PlanOptions(buffers=buffers, optimize=optimize)
    for optimize in ("speed", "balanced", "ram", "flash")
    for buffers in ("separate", "arena")
]


def random_parts(random: np.random.Generator, total: int) -> list[Part]:
    """`total` graphs, one in seven a chain, of any operator otherwise."""
    names = [*graphs.OPERATORS, *["chain"] * (len(graphs.OPERATORS) // 6)]
    return [(names[random.integers(len(names))], int(random.integers(2**32))) for _ in range(total)]


def plan_options(random: np.random.Generator) -> PlanOptions:
    """Any kind of plan."""
    return _PLANS[random.integers(len(_PLANS))]


def differing_on_host(
    parts: Sequence[Part], folder: Path, objects: Path, target: str, options: PlanOptions | None = None
) -> list[str]:
    """Outputs that are not the oracle's, of the generated C under the sanitizers. Tensors bear their graphs' names.

    objects: a folder that keeps compiled kernels.
    """
    return graph_differing_on_host(graphs.random_graph(parts), folder, objects, target, options)


def graph_differing_on_host(
    graph: graphs.RandomGraph, folder: Path, objects: Path, target: str, options: PlanOptions | None = None
) -> list[str]:
    """The same of a graph that a test has made itself."""
    path, samples, expected = _model(graph, folder)
    compiled = compile_model(path, folder / "c", target=target, name="model", options=options)
    host = host_model.build_host_model(compiled, sanitize=True, objects=objects, flags=HOST_TARGETS[target])
    return _differing([tensor.name for tensor in compiled.outputs], expected, host.run(samples))


def differing_on_board(parts: Sequence[Part], folder: Path, board: str, *, least_alignment: bool = False) -> list[str]:
    """Outputs that are not the oracle's, of firmware on an emulated board.

    least_alignment: every input and output is a buffer of its own that is aligned as its type asks and no better, the
    arena to 4 bytes and no better. Otherwise all of them are in the arena, as `edgekd deploy` makes it.
    """
    path, samples, expected = _model(graphs.random_graph(parts), folder)
    put = _least_aligned(path, folder, board) if least_alignment else board_under_test(path, board)
    with put as under_test:
        answers = under_test.stream(samples)
        return _differing([tensor.name for tensor in under_test.graph.outputs], expected, answers.outputs)


def _model(graph: graphs.RandomGraph, folder: Path) -> tuple[Path, list[list[Array]], list[list[Array]]]:
    """The .tflite of `graph`, random inputs, and what the oracle makes of them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.tflite"
    path.write_bytes(graph.data)
    samples = graph.samples(_SAMPLES)
    return path, samples, tflm.run(path, samples).outputs


def _differing(
    names: Sequence[str], expected: Sequence[Sequence[Array]], actual: Sequence[Sequence[Array]]
) -> list[str]:
    return [
        f"{names[position]}: sample {sample}, {_first(wanted, got)}"
        for sample, (all_wanted, all_got) in enumerate(zip(expected, actual, strict=True))
        for position, (wanted, got) in enumerate(zip(all_wanted, all_got, strict=True))
        if wanted.tobytes() != got.tobytes()
    ]


def _first(wanted: Array, got: Array) -> str:
    """Where two arrays of one type begin to differ, by their bytes: there may be NaN among them."""
    size = wanted.dtype.itemsize
    at = int(np.argmax(wanted.reshape(-1).view(f"V{size}") != got.reshape(-1).view(f"V{size}")))
    return f"at {at}: {got.reshape(-1)[at]}, not {wanted.reshape(-1)[at]}"


def batches(parts: Sequence[Part], ram: int, path: Path, most: int = 100) -> list[list[Part]]:
    """The graphs as models of up to `most`, whose inputs and outputs together take less than half of the RAM.

    One that takes an eighth of it by itself makes room for another of its operator. path: a file for scratch.
    """
    made: list[list[Part]] = []
    room = 0
    for operator, first in parts:
        sizes = ((seed, _tensor_bytes((operator, seed), path)) for seed in count(first))
        seed, size = next((seed, size) for seed, size in sizes if size < ram // 8)
        if size > room or len(made[-1]) == most:
            made.append([])
            room = ram // 2
        made[-1].append((operator, seed))
        room -= size
    return made


def _tensor_bytes(part: Part, path: Path) -> int:
    """What the inputs and outputs of one graph take, with what stands beside them: padding and an entry of a table."""
    path.write_bytes(graphs.random_graph([part]).data)
    graph = read_tflite(path)
    return sum(tensor.nbytes + _BESIDE_A_TENSOR for tensor in (*graph.inputs, *graph.outputs))


@contextlib.contextmanager
def _least_aligned(path: Path, folder: Path, name: str) -> Iterator[BoardUnderTest]:
    """Firmware with buffers apart, instead of `edgekd deploy`'s, on its board."""
    board = load_board(name)
    project = make_project(None, board, folder / "firmware")
    compiled = compile_model(path, folder / "c", target=board.cpu.core, name=MODEL_NAME)
    libraries = project.folder / "lib"
    (libraries / "engine" / "engine.c").write_text(_engine(path, compiled.sha256, compiled.arena_bytes))
    library = libraries / "model"
    library.mkdir()
    manifest: dict[str, Any] = {"name": "model", "version": "1.0.0"}
    (library / "library.json").write_text(json.dumps(manifest))
    for source in compiled.files:
        (library / source.name).write_bytes(source.read_bytes())
    elf = build(project).elf
    image = image_size(elf)  # avr-gcc links what is larger than the RAM without a word
    check(compiled, board, flash=image.flash, ram=image.ram + (image.stack or board.memory.stack))
    with Emulator(board, elf) as emulator, connect(emulator.url, baud=board.serial.baud) as device:
        yield BoardUnderTest(path, compiled.graph, board, device, "aot", None)


def _engine(path: Path, sha256: str, arena_bytes: int) -> str:
    """The C of an engine: each buffer begins as far from an address of 16 as its type allows at least."""
    graph = read_tflite(path)
    inputs, outputs = interfaces(graph)
    digest = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(sha256))
    lines = ['#include "engine.h"', '#include "model.h"', ""]
    tables = {}
    for kind, side in (("inputs", inputs), ("outputs", outputs)):
        table = []
        for io in side:
            offset = np.dtype(io.tensor.dtype).itemsize
            lines.append(f"static _Alignas(16) uint8_t {io.label}_memory[{io.tensor.nbytes + offset}];")
            table.append(f"{{.data = {io.label}_memory + {offset}, .bytes = {io.tensor.nbytes}}}")
        tables[kind] = ", ".join(table)
    lines.append(f"static _Alignas(16) uint8_t arena_memory[{arena_bytes + 4}];")
    pointers = [f"(void *)({io.label}_memory + {np.dtype(io.tensor.dtype).itemsize})" for io in (*inputs, *outputs)]
    setup = "model_reset(arena_memory + 4)" if graph.variables else "0"
    lines += [
        f"static const uint8_t digest[] = {{{digest}}};",
        f"static const struct edgekd_tensor inputs[] = {{{tables['inputs']}}};",
        f"static const struct edgekd_tensor outputs[] = {{{tables['outputs']}}};",
        f"static int setup(void) {{ return {setup}; }}",
        f"static int invoke(void) {{ return model_invoke({', '.join([*pointers, 'arena_memory + 4'])}); }}",
        'const struct edgekd_engine edgekd_engine = {.name = "aot", .model_sha256 = digest,',
        f"    .arena_bytes = {arena_bytes}, .input_count = {len(inputs)}, .output_count = {len(outputs)},",
        "    .inputs = inputs, .outputs = outputs, .setup = setup, .invoke = invoke};",
    ]
    return "\n".join(lines) + "\n"
