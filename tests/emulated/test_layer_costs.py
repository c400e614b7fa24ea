"""Counts of QEMU's plugin and the cycles made of them: on programs counted by hand, and on a model."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from needs import require_program

from edgekd.compiler.reader import read_tflite
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.errors import ToolError
from edgekd.evaluate.api import bench_model
from edgekd.evaluate.cortex_m4 import estimate
from edgekd.evaluate.image import CodeImage
from edgekd.evaluate.layers import trace_inference
from edgekd.evaluate.samples import noise
from edgekd.evaluate.tracer import Executed, LayerCode, Tracer, compiled_plugin
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

pytestmark = pytest.mark.emulated

BOARD = load_board("mps2-an386")
START = """
    .syntax unified
    .cpu cortex-m4
    .thumb
    .macro function name
    .type \\name, %function
    \\name:
    .endm
    .text
    .word 0x20001000, reset
function reset
    nop
    bl invoke
    bl invoke
    b .
"""

# Each line: the instruction, how often it runs, what it costs alone ("a + b" where that differs from time to time).
LOADS = """
function invoke
    sub sp, #16             @ 1 x 1
    ldr r1, [sp]            @ 1 x 2
    ldr r2, [sp, #4]        @ 1 x 1, after a load
    str r1, [sp]            @ 1 x 1
    ldr r3, [sp]            @ 1 x 1, after a store
    add r1, r2              @ 1 x 1
    ldrb r2, [sp]           @ 1 x 2
    add sp, #16             @ 1 x 1
    bx lr                   @ 1 x 3
"""
LOOP = """
function invoke
    movs r0, #3             @ 1 x 1
    ldr r1, [sp]            @ 1 x 2
1:  ldr r2, [sp]            @ 1 after the load, 2 x 2 after the branch
    subs r0, #1             @ 3 x 1
    bne 1b                  @ 2 x 3 taken, 1 not
    bx lr                   @ 1 x 3
"""
CALL = """
function invoke
    push {r4, r5, lr}       @ 1 x 4
    ldrd r4, r5, [sp]       @ 1 x 3
    movs r0, #7             @ 1 x 1
    movs r1, #2             @ 1 x 1
    udiv r0, r0, r1         @ 1 x 7
    bl leaf                 @ 1 x 3
    cmp r0, #0              @ 1 x 1
    it eq                   @ 1 x 1
    popeq {r4, r5, pc}      @ 1 x 1: 7 / 2 is not 0
    cbz r1, 1f              @ 1 x 1: nor is 2
    cbnz r1, 1f             @ 1 x 3
    nop
1:  pop {r4, r5, pc}        @ 1 x 6
function leaf
    bx lr                   @ 1 x 3
"""
# Layers 1 and 2 take turns and share a kernel; what follows a layer in the loop is its own.
TURNS = """
function invoke
    push {r4, lr}           @ layer 0: 1 x 3
    movs r4, #3             @ layer 0: 1 x 1
function layer_1
    movs r0, #2             @ layer 1: 3 x 1
    bl kernel               @ layer 1: 3 x 3
function layer_2
    movs r0, #5             @ layer 2: 3 x 1
    bl kernel               @ layer 2: 3 x 3
function after
    subs r4, #1             @ layer 2: 3 x 1
    bne layer_1             @ layer 2: 2 x 3 taken, 1 not
    pop {r4, pc}            @ layer 2: 1 x 5
function kernel
    subs r0, #1             @ layer 1: 3 x 2 x 1;                 layer 2: 3 x 5 x 1
    bne kernel              @ layer 1: 3 x (1 x 3 taken, 1 not);  layer 2: 3 x (4 x 3 taken, 1 not)
    bx lr                   @ layer 1: 3 x 3;                     layer 2: 3 x 3
"""


def linked(source: str, folder: Path, *flags: str) -> CodeImage:
    gcc = require_program("arm-none-eabi-gcc")
    assembly, elf = folder / "program.s", folder / "program.elf"
    assembly.write_text(START + source)
    command = [gcc, "-nostdlib", "-Wl,-Ttext=0", "-Wl,--entry=reset", *flags, "-o", elf, assembly]
    subprocess.run(command, check=True, capture_output=True)
    return CodeImage(elf)


def run(image: CodeImage, layers: list[LayerCode]) -> list[Executed]:
    with Tracer(image, image.function("invoke"), layers) as tracer, Emulator(BOARD, image.path, tracer.arguments):
        deadline = time.monotonic() + 30
        while not tracer.is_done and time.monotonic() < deadline:
            time.sleep(0.01)
        return tracer.executed()


def counts(executed: list[Executed]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for item in executed:
        found[item.layer] += item.runs
    return dict(found)


@pytest.mark.parametrize(
    ("source", "instructions", "cycles"),
    [
        pytest.param(LOADS, 9, 1 + 2 + 1 + 1 + 1 + 1 + 2 + 1 + 3, id="loads"),
        pytest.param(LOOP, 12, 1 + 2 + (1 + 4) + 3 + (6 + 1) + 3, id="loop"),
        pytest.param(CALL, 13, 4 + 3 + 1 + 1 + 7 + 3 + 1 + 1 + 1 + 1 + 3 + 6 + 3, id="call"),
    ],
)
def test_programs_counted_by_hand(source: str, instructions: int, cycles: int, tmp_path: Path) -> None:
    image = linked(source, tmp_path)
    executed = run(image, [])
    assert counts(executed) == {0: instructions}
    assert estimate(executed, image)[0].cycles == cycles


def test_layers_that_take_turns_and_share_a_kernel_are_told_apart(tmp_path: Path) -> None:
    image = linked(TURNS, tmp_path)
    one, two, after = (image.function(name) for name in ("layer_1", "layer_2", "after"))
    executed = run(image, [LayerCode(one, two, 1), LayerCode(two, after, 2)])
    assert counts(executed) == {0: 2, 1: 3 * (2 + 2 * 2 + 1), 2: 3 * (2 + 2 * 5 + 1 + 2) + 1}
    cycles = {layer: found.cycles for layer, found in estimate(executed, image).items()}
    assert cycles == {0: 3 + 1, 1: 3 * (1 + 3 + 2 + 4 + 3), 2: 3 * (1 + 3 + 5 + 13 + 3) + 3 + 7 + 5}


def test_a_program_that_never_calls_the_model_has_no_counts(tmp_path: Path) -> None:
    image = linked("function invoke\n    bx lr\nfunction unused\n    bx lr\n", tmp_path)
    with (
        Tracer(image, image.function("unused")) as tracer,
        Emulator(BOARD, image.path, tracer.arguments),
        pytest.raises(ToolError, match="saw no inference"),
    ):
        tracer.executed()


def test_the_plugin_is_compiled_once(home: Path) -> None:
    plugin = compiled_plugin()
    made = plugin.stat().st_mtime_ns
    assert plugin.is_relative_to(home) and compiled_plugin().stat().st_mtime_ns == made


@pytest.mark.parametrize("name", ["mps2-an386", "netduinoplus2", "qemu-riscv32"])
def test_layers_of_a_model_add_up_to_what_the_board_s_timer_says(name: str, edgekd_model: Path) -> None:
    board = load_board(name)
    assert board.emulator is not None
    result = bench_model(edgekd_model, board, samples=1, layers=True)
    layers, timer = result["layers"], result["per_inference"]["instructions"]
    total = layers["total"]
    assert (
        total["instructions"] == sum(row["instructions"] for row in layers["rows"]) + layers["around"]["instructions"]
    )
    assert abs(total["instructions"] - timer) <= board.emulator.instructions_per_tick + 20
    assert [row["name"] for row in layers["rows"]] == [
        *("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX"),
    ]
    assert layers["around"]["instructions"] < 100
    assert sum(row["share"] for row in layers["rows"]) == pytest.approx(1, abs=0.02)
    if board.cpu.core == "cortex-m4":
        assert all(row["instructions"] < row["m4_cycles"] < 3 * row["instructions"] for row in layers["rows"])
        assert sum(total["mix"].values()) == total["instructions"]
    else:
        assert total["m4_cycles"] is None and total["mix"] is None
    depthwise = layers["rows"][1]
    assert depthwise["macs"] == 4 * 4 * 8 * 9 and depthwise["live_bytes"] >= 4 * 4 * 8
    assert depthwise["instructions_per_mac"] == depthwise["instructions"] / depthwise["macs"]


def test_counting_changes_nothing(edgekd_model: Path) -> None:
    """Twice the same counts, and the same output and ticks with the plugin as without it."""
    board = load_board("netduinoplus2")  # a tick is one instruction
    deployment = deploy_cached(edgekd_model, board)
    sample = noise(read_tflite(edgekd_model).inputs, 1)[0]
    assert trace_inference(deployment, sample).executed == trace_inference(deployment, sample).executed
    image, answers = CodeImage(deployment.elf), []
    with Tracer(image, image.function("invoke")) as tracer:
        for arguments in ((), tracer.arguments):
            with Emulator(board, deployment.elf, arguments) as emulator, connect(emulator.url) as device:
                answers.append(device.infer([np.ascontiguousarray(array).tobytes() for array in sample]))
    assert answers[0] == answers[1]
