"""What a linked image says of its own code: bytes, functions, and the source line of every instruction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from edgekd.errors import ToolError


@dataclass(frozen=True)
class LineRange:
    """Addresses begin to end - 1 were made of line `line`."""

    begin: int
    end: int
    line: int


class CodeImage:
    """The code of the ELF file `path`.

    begin, end: around all executable sections.
    Raises ToolError for what is no linked image.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            try:
                elf = ELFFile(file)
                self._sections = [
                    (int(section["sh_addr"]), bytes(section.data()))
                    for section in elf.iter_sections()
                    if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR and section["sh_type"] == "SHT_PROGBITS"
                ]
                self._functions = list(_functions(elf))
            except ELFError as error:
                raise ToolError(f"{path}: is not an ELF file: {error}") from None
        if not self._sections:
            raise ToolError(f"{path}: has no code")
        self.begin = min(address for address, _ in self._sections)
        self.end = max(address + len(data) for address, data in self._sections)

    def function(self, name: str) -> int:
        """Address of the one function of this name. Raises ToolError when there is none, or several."""
        found = {address for symbol, address in self._functions if symbol == name}
        if len(found) != 1:
            raise ToolError(f"{self.path}: has {len(found)} functions called {name} where one was expected")
        return found.pop()

    def code(self, address: int, length: int) -> bytes:
        """`length` bytes of code from `address`, fewer at a section's end."""
        for start, data in self._sections:
            if start <= address < start + len(data):
                return data[address - start : address - start + length]
        raise ToolError(f"{self.path}: has no code at {address:#x}")

    def lines(self, source: str) -> list[LineRange]:
        """Where the code of lines of the file called `source` is, by DWARF's line table (-g).

        Raises ToolError when the image has no such lines.
        """
        starts = {address for _, address in self._functions}
        with self.path.open("rb") as file:
            try:
                found = [
                    entry
                    for sequence in _sequences(ELFFile(file), source)
                    if sequence[0].begin in starts  # the linker leaves lines of dropped functions, at address 0
                    for entry in sequence
                ]
            except (ELFError, DWARFError) as error:
                raise ToolError(f"{self.path}: its debug information cannot be read: {error}") from None
        if not found:
            raise ToolError(f"{self.path}: does not tell the lines of {source}", "was it compiled with -g?")
        return found


def _functions(elf: Any) -> Iterator[tuple[str, int]]:
    odd = 1 if elf["e_machine"] == "EM_ARM" else 0  # bit 0 of a Thumb function's address (Arm ELF ABI, 5.5.3)
    for section in elf.iter_sections():
        if isinstance(section, SymbolTableSection):
            for symbol in section.iter_symbols():
                if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF":
                    yield symbol.name, int(symbol["st_value"]) & ~odd


def _sequences(elf: Any, source: str) -> Iterator[list[LineRange]]:
    """Each contiguous piece of code that comes from a compilation of `source`; lines of other files are left out."""
    if not elf.has_dwarf_info():
        return
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        name = unit.get_top_DIE().attributes.get("DW_AT_name")
        program = dwarf.line_program_for_CU(unit)
        if program is None or name is None or Path(name.value.decode()).name != source:
            continue
        first = 0 if program["version"] >= 5 else 1  # DWARF 5, 6.2.4: files count from 0; before it from 1
        files = [entry.name.decode() for entry in program["file_entry"]]
        ranges: list[LineRange] = []
        start = None
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if start is not None and start.address < state.address:
                own = Path(files[start.file - first]).name == source
                ranges += [LineRange(start.address, state.address, start.line)] if own and start.line else []
            start = None if state.end_sequence else state
            if state.end_sequence:
                if ranges:
                    yield ranges
                ranges = []
