"""Cycles a Cortex-M4 would take for instructions that ran, estimated by the table of its manual.

Arm Cortex-M4 Technical Reference Manual (DDI 0439), table 3-1, zero wait states, a pipeline refill P of 2 cycles:

    load                        2; 1 right after another single load or store (they are pipelined, section 3.3.3)
    store                       1
    ldrd, strd                  3
    load, store multiple of n   1 + n; 2 more when pc is loaded, as by a single load of it
    branch, call, return        3 taken, 1 not taken
    integer divide              7 (2 to 12, by its operands)
    all else                    1

and table 7-1 for floating point: loads and stores 1 + their 32-bit words, divide and square root 14, multiply
with add 3, all else 1.

An estimate, not a measurement. It knows of no flash wait states and caches, no contention of code and data on one
bus, no stall of an address computed right before, no fetch of an unaligned 32-bit branch target; and a load that an
IT block skips counts as one that ran. Other cores (M0, M7, M33) have other tables.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgekd.errors import ToolError

if TYPE_CHECKING:
    from edgekd.evaluate.image import CodeImage
    from edgekd.evaluate.tracer import Executed

_BRANCH_TAKEN = 3
_REFILL_AFTER_LOAD = 2
_DUAL = 3
_DIVIDE = 7
_FLOAT_DIVIDE = 14
_FLOAT_MULTIPLY_ADD = 3
_LONGEST = 4  # bytes of an instruction
_MULTIPLIES = ("mul", "mla", "mls", "smul", "smla", "smls", "smmul", "smmla", "smmls", "smua", "smus", "umul", "umla",
               "umaal")  # fmt: skip
_FLOAT_MULTIPLY_ADDS = ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms")


@dataclass(frozen=True)
class Instruction:
    """kind: "load" and "store" (single ones), "ldrd/strd", "multiple", "branch", "multiply", "div", "other".
    cycles: alone and, of a branch or a load of pc, taken. branches: it may be followed by another than the next."""

    kind: str
    cycles: int
    size: int
    branches: bool = False

    @property
    def is_single(self) -> bool:
        return self.kind in ("load", "store") and not self.branches


@dataclass
class Estimate:
    """cycles: in all. mix: instructions run by kind."""

    cycles: int = 0
    mix: Counter[str] = field(default_factory=Counter)


def estimate(executed: Iterable[Executed], image: CodeImage) -> dict[int, Estimate]:
    """By layer. Raises ToolError for an instruction that cannot be decoded."""
    by_layer: dict[int, dict[int, Executed]] = defaultdict(dict)
    for item in executed:
        by_layer[item.layer][item.address] = item
    decoder = Decoder(image)
    return {layer: _estimate(items, decoder) for layer, items in by_layer.items()}


def _estimate(items: dict[int, Executed], decoder: Decoder) -> Estimate:
    found = Estimate()
    instructions = {address: decoder.at(address) for address in items}
    # How often a single load or store ran right before the instruction at an address.
    paired = {
        address + instruction.size: items[address].runs - items[address].jumps
        for address, instruction in instructions.items()
        if instruction.is_single
    }
    for address, instruction in instructions.items():
        item = items[address]
        found.mix[instruction.kind] += item.runs
        if instruction.branches:
            found.cycles += item.jumps * instruction.cycles + (item.runs - item.jumps)
        else:
            found.cycles += item.runs * instruction.cycles
        if instruction.kind == "load" and instruction.is_single:
            found.cycles -= paired.get(address, 0)
    return found


class Decoder:
    """Instructions of an image by address."""

    def __init__(self, image: CodeImage) -> None:
        import capstone  # here: loading its library takes a tenth of a second

        self._image = image
        self._disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._disassembler.detail = True
        self._known: dict[int, Instruction] = {}

    def at(self, address: int) -> Instruction:
        if address not in self._known:
            code = self._image.code(address, _LONGEST)
            found = next(self._disassembler.disasm(code, address, 1), None)
            if found is None:
                raise ToolError(
                    f"{self._image.path}: no Thumb instruction is known for {code.hex(' ')} at {address:#x}"
                )
            self._known[address] = _classified(found)
        return self._known[address]


def _classified(instruction: Any) -> Instruction:
    """What the table says of an instruction, decoded alone: one of an IT block shows no condition."""
    name = instruction.mnemonic.partition(".")[0]
    size = instruction.size
    if name.startswith("v"):
        return _float(name, instruction)
    loads_pc = name.startswith(("ldr", "ldm", "pop")) and "pc" in _written(instruction)
    refill = _REFILL_AFTER_LOAD if loads_pc else 0
    if name in ("push", "pop") or name.startswith(("ldm", "stm")):
        base = 0 if name in ("push", "pop") else 1  # an operand that is no member of the list
        return Instruction("multiple", 1 + len(instruction.operands) - base + refill, size, loads_pc)
    if name.startswith(("ldrd", "strd")):
        return Instruction("ldrd/strd", _DUAL, size)
    if name.startswith("ldr"):
        return Instruction("load", 2 + refill, size, loads_pc)
    if name.startswith("str"):
        return Instruction("store", 1, size)
    if name in ("sdiv", "udiv"):
        return Instruction("div", _DIVIDE, size)
    if "jump" in [instruction.group_name(group) for group in instruction.groups] or "pc" in _written(instruction):
        return Instruction("branch", _BRANCH_TAKEN, size, branches=True)
    return Instruction("multiply" if name.startswith(_MULTIPLIES) else "other", 1, size)


def _written(instruction: Any) -> list[str]:
    return [instruction.reg_name(register) for register in instruction.regs_access()[1]]


def _float(name: str, instruction: Any) -> Instruction:
    if name.startswith(("vldr", "vstr", "vldm", "vstm", "vpush", "vpop")):
        words = sum(
            {"s": 1, "d": 2}.get(register[0], 0) for register in _registers(instruction) if register[1:].isdigit()
        )
        return Instruction("multiple", 1 + words, instruction.size)
    if name.startswith(("vdiv", "vsqrt")):
        return Instruction("div", _FLOAT_DIVIDE, instruction.size)
    if name.startswith(_FLOAT_MULTIPLY_ADDS):
        return Instruction("multiply", _FLOAT_MULTIPLY_ADD, instruction.size)
    return Instruction("multiply" if name.startswith(("vmul", "vnmul")) else "other", 1, instruction.size)


def _registers(instruction: Any) -> list[str]:
    """Operands that are registers, by name."""
    import capstone

    return [instruction.reg_name(item.reg) for item in instruction.operands if item.type == capstone.CS_OP_REG]
