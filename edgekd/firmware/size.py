"""Flash and RAM of a linked image: read from its sections and symbols, and held against the board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from edgekd.errors import InputError, ToolError
from edgekd.firmware.board import BoardProfile

if TYPE_CHECKING:
    from edgekd.compiler import CompiledModel

_STACK = ".stack"  # section of our linker script that reserves the stack


@dataclass(frozen=True)
class ImageSize:
    """Bytes of one image. flash: everything stored there, initial values of .data included. ram: .data, .bss and the
    like, without the reserved stack."""

    flash: int
    ram: int
    stack: int


@dataclass(frozen=True)
class FlashGrowth:
    """weights: the symbols of the model's weights file. engine: all other growth: kernels, calls, parameters."""

    weights: int
    engine: int

    @property
    def total(self) -> int:
        return self.weights + self.engine


@dataclass(frozen=True)
class RamGrowth:
    """arena: intermediate tensors, scratch, inputs and outputs. static: all other growth of .data and .bss, 0 where the
    arena takes up padding of the image without a model. The stack is not here: only running shows it."""

    arena: int
    static: int


@dataclass(frozen=True)
class Sizes:
    """image: the whole image. flash, ram: what the model adds to the firmware without a model, in bytes."""

    image: ImageSize
    flash: FlashGrowth
    ram: RamGrowth


def image_size(elf: Path) -> ImageSize:
    """Sizes of a linked image by its section headers. Raises ToolError when it is not an ELF file."""
    flash = ram = stack = 0
    with elf.open("rb") as file:
        for section in _open(file, elf).iter_sections():
            flags = section["sh_flags"]
            if not flags & SH_FLAGS.SHF_ALLOC:
                continue
            size = int(section["sh_size"])
            stored = section["sh_type"] != "SHT_NOBITS"
            flash += size if stored else 0
            if section.name == _STACK:
                stack += size
            elif flags & SH_FLAGS.SHF_WRITE:
                ram += size
    return ImageSize(flash, ram, stack)


def measure(elf: Path, empty_elf: Path, compiled: CompiledModel, weights_object: Path) -> Sizes:
    """Compare the image `elf` with `empty_elf`, the same firmware without a model.

    weights_object: the object file of the model's weights; its symbols are looked up in the image, so what the
    linker dropped is not counted.
    """
    image, empty = image_size(elf), image_size(empty_elf)
    names = _data_symbols(weights_object).keys()
    weights = sum(size for name, size in _data_symbols(elf).items() if name in names)
    arena = compiled.ram_bytes
    return Sizes(
        image=image,
        flash=FlashGrowth(weights, engine=image.flash - empty.flash - weights),
        ram=RamGrowth(arena, static=max(image.ram - empty.ram - arena, 0)),
    )


def check_model(compiled: CompiledModel, board: BoardProfile) -> None:
    """Refuse a model whose constants or tensors alone exceed the board. Raises InputError."""
    check(compiled, board, flash=compiled.constant_bytes, ram=compiled.ram_bytes, who="the model alone")


def check(
    compiled: CompiledModel, board: BoardProfile, *, flash: int, ram: int, who: str = "the model with its firmware"
) -> None:
    """Hold what is needed (bytes) against what the board has. Raises InputError that names the largest parts."""
    facts, hints = [], []
    if ram > board.memory.ram:
        facts.append(_too_much(ram, "RAM", board.memory.ram, board))
        hints += _largest_tensors(compiled)
    if flash > board.memory.flash:
        facts.append(_too_much(flash, "flash", board.memory.flash, board))
        hints += _largest_weights(compiled)
    if facts:
        raise InputError(f"{who} needs {'; '.join(facts)}", *hints)


def _too_much(needed: int, what: str, there: int, board: BoardProfile) -> str:
    amounts = (_kb(needed), _kb(there)) if _kb(needed) != _kb(there) else (f"{needed} bytes", f"{there} bytes")
    return f"{amounts[0]} of {what}, {board.name} has {amounts[1]}"


def _largest_tensors(compiled: CompiledModel) -> list[str]:
    step = max(compiled.plan.steps, key=lambda step: step.live_bytes, default=None)
    lines = [f"inputs {_kb(compiled.input_bytes)}, outputs {_kb(compiled.output_bytes)}"]
    if step is not None:
        operator = compiled.operators[step.operator]
        named = {tensor.index: tensor.shape for tensor in compiled.graph.tensors}
        tensors = [f"{'x'.join(map(str, named[index]))} {_kb(size)}" for index, size in step.tensors[:3]]
        tensors += [f"scratch {_kb(step.scratch_bytes)}"] if step.scratch_bytes else []
        where = f"largest moment: operator {step.operator} ({operator.name}), {_kb(step.live_bytes)}"
        lines.insert(0, f"{where}: largest tensors are {', '.join(tensors)}" if tensors else where)
    return [*lines, "try a board with more RAM, or a student with smaller or fewer channels"]


def _largest_weights(compiled: CompiledModel) -> list[str]:
    heaviest = sorted(compiled.operators, key=lambda operator: -operator.constant_bytes)[:3]
    named = [f"operator {op.index} ({op.name}) {_kb(op.constant_bytes)}" for op in heaviest if op.constant_bytes]
    return [f"largest constants: {', '.join(named)}"] if named else []


def _kb(count: int) -> str:
    """Bytes as data sheets write memory: 1 kB = 1024 bytes."""
    return f"{count / 1024:.1f} kB".replace(".0 kB", " kB")


def _data_symbols(path: Path) -> dict[str, int]:
    """Name -> bytes of the data objects an ELF file defines."""
    with path.open("rb") as file:
        elf = _open(file, path)
        tables = [section for section in elf.iter_sections() if isinstance(section, SymbolTableSection)]
        return {
            symbol.name: int(symbol["st_size"])
            for table in tables
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_OBJECT" and symbol["st_shndx"] != "SHN_UNDEF"
        }


def _open(file: IO[bytes], path: Path) -> ELFFile:
    try:
        return ELFFile(file)
    except ELFError as error:
        raise ToolError(f"{path}: not an ELF file: {error}", "delete the folder and build again") from None
