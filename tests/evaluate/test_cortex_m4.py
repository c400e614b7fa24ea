"""The cost table, instruction by instruction, and what becomes of counts. Encodings: Arm DDI 0403, chapter A7."""

from __future__ import annotations

from typing import Any, cast

import pytest

from edgekd.errors import ToolError
from edgekd.evaluate.cortex_m4 import Decoder, Instruction, estimate
from edgekd.evaluate.image import CodeImage
from edgekd.evaluate.tracer import Executed


class Code:
    """A CodeImage of nothing but these bytes, from address 0."""

    path = "code"

    def __init__(self, *instructions: str) -> None:
        self._bytes = b"".join(map(bytes.fromhex, instructions))

    def code(self, address: int, length: int) -> bytes:
        return self._bytes[address : address + length]


def image(*instructions: str) -> CodeImage:
    return cast(Any, Code(*instructions))


NOP, LDR, STR, BNE = "00bf", "0168", "0160", "fcd1"  # ldr r1, [r0]; str r1, [r0]; bne to 4 bytes before itself


@pytest.mark.parametrize(
    ("code", "kind", "cycles", "branches"),
    [
        pytest.param(LDR, "load", 2, False, id="ldr r1, [r0]"),
        pytest.param("b1f90030", "load", 2, False, id="ldrsh.w r3, [r1]"),
        pytest.param("10f8012b", "load", 2, False, id="ldrb r2, [r0], #1"),
        pytest.param("5df804fb", "load", 4, True, id="ldr pc, [sp], #4"),
        pytest.param(STR, "store", 1, False, id="str r1, [r0]"),
        pytest.param("00f8012b", "store", 1, False, id="strb r2, [r0], #1"),
        pytest.param("d1e90023", "ldrd/strd", 3, False, id="ldrd r2, r3, [r1]"),
        pytest.param("c1e90023", "ldrd/strd", 3, False, id="strd r2, r3, [r1]"),
        pytest.param("f0b5", "multiple", 6, False, id="push {r4-r7, lr}"),
        pytest.param("2de9f04f", "multiple", 10, False, id="push.w {r4-r11, lr}"),
        pytest.param("30bc", "multiple", 3, False, id="pop {r4, r5}"),
        pytest.param("bde8f081", "multiple", 9, True, id="pop.w {r4-r8, pc}"),
        pytest.param("c4c8", "multiple", 4, False, id="ldm r0!, {r2, r6, r7}"),
        pytest.param("c4c0", "multiple", 4, False, id="stm r0!, {r2, r6, r7}"),
        pytest.param("fee7", "branch", 3, True, id="b"),
        pytest.param(BNE, "branch", 3, True, id="bne"),
        pytest.param("04b1", "branch", 3, True, id="cbz r4"),
        pytest.param("00f001f8", "branch", 3, True, id="bl"),
        pytest.param("9847", "branch", 3, True, id="blx r3"),
        pytest.param("7047", "branch", 3, True, id="bx lr"),
        pytest.param("8746", "branch", 3, True, id="mov pc, r0"),
        pytest.param("dfe800f0", "branch", 3, True, id="tbb [pc, r0]"),
        pytest.param("92fbf3f2", "div", 7, False, id="sdiv r2, r2, r3"),
        pytest.param("b2fbf3f2", "div", 7, False, id="udiv r2, r2, r3"),
        pytest.param("20fb0321", "multiply", 1, False, id="smlad r1, r0, r3, r2"),
        pytest.param("50fb13f1", "multiply", 1, False, id="smmulr r1, r0, r3"),
        pytest.param("80fb0312", "multiply", 1, False, id="smull r1, r2, r0, r3"),
        pytest.param("4843", "multiply", 1, False, id="muls r0, r1, r0"),
        pytest.param("08bf", "other", 1, False, id="it eq"),
        pytest.param("4918", "other", 1, False, id="adds r1, r1, r1"),
        pytest.param("00f30701", "other", 1, False, id="ssat r1, #8, r0"),
        pytest.param("91ed007a", "multiple", 2, False, id="vldr s14, [r1]"),
        pytest.param("2ded0a8b", "multiple", 11, False, id="vpush {d8-d12}"),
        pytest.param("87ee267a", "div", 14, False, id="vdiv.f32 s14, s14, s13"),
        pytest.param("47ee267a", "multiply", 3, False, id="vmla.f32 s15, s14, s13"),
    ],
)
def test_the_manual_s_table(code: str, kind: str, cycles: int, branches: bool) -> None:
    assert Decoder(image(code)).at(0) == Instruction(kind, cycles, len(code) // 2, branches)


def cycles(executed: list[Executed], *instructions: str) -> int:
    (found,) = estimate(executed, image(*instructions)).values()
    return found.cycles


def test_a_load_costs_one_right_after_a_single_load_or_store() -> None:
    once = [Executed(0, address, 1, 0) for address in range(0, 10, 2)]
    assert cycles(once, LDR, LDR, STR, LDR, NOP) == 2 + 1 + 1 + 1 + 1
    assert cycles(once, LDR, NOP, LDR, "30bc", LDR) == 2 + 1 + 2 + 3 + 2  # pop {r4, r5} is no single load


def test_a_load_that_is_jumped_to_does_not_follow_the_one_before_it() -> None:
    # ldr; ldr; bne to the second ldr, 10 times in all
    executed = [Executed(0, 0, 1, 0), Executed(0, 2, 10, 0), Executed(0, 4, 10, 9)]
    assert cycles(executed, LDR, LDR, BNE) == 2 + (1 + 9 * 2) + (9 * 3 + 1)


def test_layers_are_estimated_apart() -> None:
    executed = [Executed(1, 0, 3, 0), Executed(1, 2, 3, 0), Executed(2, 2, 4, 0)]
    found = estimate(executed, image(LDR, LDR))
    assert {layer: item.cycles for layer, item in found.items()} == {1: 3 * 2 + 3 * 1, 2: 4 * 2}
    assert found[1].mix == {"load": 6}


def test_what_is_no_instruction_is_an_error() -> None:
    with pytest.raises(ToolError, match=r"no Thumb instruction .* at 0x0"):
        Decoder(image("ffffffff")).at(0)
