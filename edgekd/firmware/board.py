"""Board profiles: one TOML a board, facts only, checked when loaded."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from edgekd import paths
from edgekd.firmware.toolchain import Toolchain, toolchain_of
from edgekd.toml_schema import Strict, load_toml, size_in_bytes

OWN_PLATFORM = "edgekd"  # the development platform in firmware/platform: compilers from PATH

# Floating-point unit that goes with a core and a feature; GCC's names (GCC manual, "ARM Options", -mfpu).
_FPU = {
    ("cortex-m4", "fpu-sp"): "fpv4-sp-d16",
    ("cortex-m7", "fpu-sp"): "fpv5-sp-d16",
    ("cortex-m7", "fpu-dp"): "fpv5-d16",
    ("cortex-m33", "fpu-sp"): "fpv5-sp-d16",
    ("cortex-m55", "fpu-dp"): "auto",
}
# What GCC takes for granted of a core, and how to say that it is not there (ibid., -mcpu).
_GRANTED = {
    "cortex-m33": {"dsp": "+nodsp"},
    "cortex-m55": {"dsp": "+nodsp", "fpu-dp": "+nofp", "mve": "+nomve"},
}
# Cores of other families than Arm's; without a small-data section, because linker.ld knows none.
_FLAGS = {"rv32imc": ("-march=rv32imc", "-mabi=ilp32", "-msmall-data-limit=0", "--specs=picolibc.specs")}
_MACRO_VALUE = re.compile(r"[A-Za-z0-9_]+")


Size = Annotated[int, BeforeValidator(size_in_bytes), Field(gt=0, lt=2**32)]
BAUDS = range(300, 12_000_001)
Baud = Annotated[int, Field(ge=BAUDS.start, lt=BAUDS.stop)]
Address = Annotated[int, Field(ge=0, lt=2**32)]
# Texts that go into comments of C and INI files: no end of line, nothing that ends or opens a comment.
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^([^\x00-\x1f\x7f*]|\*[^/])+$")]
# A word of a command line, unquoted; "$" is left out because PlatformIO replaces variables in its INI file.
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./:=,+@-]+$")]
Core = Literal[
    "cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32imc", "avr"
]  # fmt: skip


class Cpu(Strict):
    """core: the compiler's target; picks flags and kernels. features: what it has beyond the least of its kind.

    mcu: the chip's name to a compiler that asks for it (avr-gcc's -mmcu).
    """

    core: Core
    mcu: Annotated[str, Field(pattern=r"^[a-z0-9]+$")] | None = None
    features: tuple[Literal["dsp", "fpu-sp", "fpu-dp", "mve"], ...] = ()
    clock_hz: Annotated[int, Field(gt=0, lt=2**32)]


class Memory(Strict):
    """Sizes in bytes. The addresses are needed where edgekd links the image itself.

    stack: bytes kept free for it. Where edgekd links, it lies at the start of the RAM, so that overflowing it is a
    fault; elsewhere it is what data leaves over, at least so much.
    """

    flash: Size
    ram: Size
    flash_address: Address | None = None
    ram_address: Address | None = None
    stack: Size = 4096


class PlatformIO(Strict):
    """What goes into platformio.ini. platform: `edgekd` for the one that ships here, or the registry's NAME@VERSION.

    variant: the board among those of the framework's core, where `edgekd` compiles that.
    """

    platform: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]+(@[A-Za-z0-9_.~^<>=+-]+)?$")] = OWN_PLATFORM
    board: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    framework: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    variant: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = None


class Build(Strict):
    """platform_port: folder of firmware/ports. options: its macros, `usart = 6` becomes EDGEKD_PORT_USART.

    flags: added to the compiler's command line after edgekd's own.
    """

    platform_port: str
    platformio: PlatformIO
    options: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], int | str] = {}
    flags: tuple[Word, ...] = ()

    @field_validator("platform_port")
    @classmethod
    def _port_exists(cls, name: str) -> str:
        known = platform_ports()
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise ValueError(f'firmware/ports has no folder "{name}"\n{hint}')
        return name

    @field_validator("options")
    @classmethod
    def _options_are_macros(cls, options: dict[str, int | str]) -> dict[str, int | str]:
        for key, value in options.items():
            if isinstance(value, str) and not _MACRO_VALUE.fullmatch(value):
                raise ValueError(f'{key} = "{value}" is not a C name or number\nuse letters, digits and "_"')
        return options


class Serial(Strict):
    """usb: "vendor:product" of the board's own USB serial port. resets_on_open: opening the port restarts it.

    baud: the rate that the board starts with. max_baud: the highest that board and adapter are good for, by their
    documents; it is tried once the board answers.
    Memory of the protocol: frame_bytes for the longest frame; receive_bytes, a power of two, for what arrives while the
    board is busy; result_bytes for results until the host has them.
    """

    baud: Baud = 115_200
    max_baud: Baud | None = None
    usb: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")], ...] = ()
    resets_on_open: bool = False
    frame_bytes: Annotated[int, Field(ge=64, le=65535)] = 1024  # 89 ms at 115200 baud
    receive_bytes: Annotated[int, Field(ge=16, le=65536)] = 1024  # so many more
    result_bytes: Annotated[int, Field(ge=16, le=65536)] = 256

    @field_validator("receive_bytes")
    @classmethod
    def _is_a_power_of_two(cls, size: int) -> int:
        if size & (size - 1):
            raise ValueError(f"{size} is not a power of two\nthe nearest below is {1 << size.bit_length() - 1}")
        return size

    @model_validator(mode="after")
    def _max_is_highest(self) -> Serial:
        if self.max_baud is not None and self.max_baud < self.baud:
            raise ValueError(f"max_baud = {self.max_baud} is below baud = {self.baud}, which the board starts with")
        return self


class Timer(Strict):
    """The counter behind edgekd_port_ticks() on the real board.

    tick_hz: its rate. counts: `cycles` when it runs from the core's clock, cycles_per_tick then says how many;
    `time` when it tells nothing of the core.
    """

    tick_hz: Annotated[int, Field(gt=0, lt=2**32)]
    counts: Literal["cycles", "time"]
    cycles_per_tick: Annotated[int, Field(gt=0, le=1024)] | None = None

    @model_validator(mode="after")
    def _cycles_are_said(self) -> Timer:
        if (self.counts == "cycles") != (self.cycles_per_tick is not None):
            raise ValueError('cycles_per_tick goes with counts = "cycles", and only with it')
        return self


class Emulator(Strict):
    """How QEMU, or for AVR simavr, runs the image of this board.

    machine: QEMU's, or simavr's name of the chip. serial: the UART the port uses, from 0; QEMU counts its -serial
    options. simavr counts cycles, as the chip does. The rest is for QEMU. instructions_per_tick: with `-icount shift=0`
    an instruction takes one virtual nanosecond, so this is 1e9 / rate of the emulated timer, which may differ from the
    real one's. versions: those of QEMU ("7.2") for which that holds; empty means all.
    """

    program: Annotated[str, Field(pattern=r"^(qemu-system-[a-z0-9]+|simavr)$")]
    machine: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,=-]+$")]
    serial: Annotated[int, Field(ge=0, le=15)] = 0
    arguments: tuple[Word, ...] = ()
    instructions_per_tick: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None
    versions: tuple[Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")], ...] = ()

    @model_validator(mode="after")
    def _counts(self) -> Emulator:
        if self.program != "simavr":
            if self.instructions_per_tick is None:
                raise ValueError(f"{self.program} needs instructions_per_tick")
        elif self.arguments or self.versions or self.instructions_per_tick is not None:
            raise ValueError("simavr takes no arguments, versions or instructions_per_tick: it counts cycles")
        return self


class Upload(Strict):
    """The program that puts the image on a board of our own platform, with its arguments.

    $SOURCE stands for the image as plain binary, $UPLOAD_PORT for what --port names.
    """

    command: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_./:$=,+-]+$")], ...], Field(min_length=1)]


class BoardProfile(Strict):
    """All edgekd knows of a board. source: the documents the facts come from."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    title: Line
    source: Line
    cpu: Cpu
    memory: Memory
    build: Build
    serial: Serial = Serial()
    timer: Timer
    upload: Upload | None = None
    emulator: Emulator | None = None

    @model_validator(mode="after")
    def _own_platform_is_complete(self) -> BoardProfile:
        platformio = self.build.platformio
        if platformio.platform != OWN_PLATFORM:
            if self.upload is not None:
                raise ValueError(f"platform {platformio.platform} brings its own upload: leave [upload] out")
            return self
        if (self.cpu.core == "avr") == self.is_bare_metal:
            there = "for avr on the framework arduino, for other cores without a framework"
            raise ValueError(f"platform {OWN_PLATFORM} builds {there}")
        if self.is_bare_metal and (self.memory.flash_address is None or self.memory.ram_address is None):
            raise ValueError(
                f"platform {OWN_PLATFORM} links the image itself and needs memory.flash_address and memory.ram_address"
            )
        if not self.is_bare_metal and (platformio.variant is None or self.cpu.mcu is None):
            raise ValueError("the framework arduino needs build.platformio.variant and cpu.mcu")
        if self.upload is None and self.emulator is None:
            raise ValueError(f"platform {OWN_PLATFORM} needs [upload] (a real board) or [emulator]")
        if self.memory.stack >= self.memory.ram:
            raise ValueError("memory.stack is not smaller than memory.ram")
        return self

    @model_validator(mode="after")
    def _cycles_are_the_timers(self) -> BoardProfile:
        if self.emulator and self.emulator.program == "simavr" and self.timer.counts != "cycles":
            raise ValueError('simavr counts cycles, which takes timer.counts = "cycles"')
        return self

    @property
    def is_own_platform(self) -> bool:
        """Built by the development platform that ships with edgekd, without PlatformIO's registry."""
        return self.build.platformio.platform == OWN_PLATFORM

    @property
    def is_bare_metal(self) -> bool:
        """Without a framework: edgekd brings the start-up code and lays out memory."""
        return self.is_own_platform and self.build.platformio.framework is None

    @property
    def can_upload(self) -> bool:
        """Whether there is a real board to upload to: a platform of the registry knows how, ours has to be told."""
        return not self.is_own_platform or self.upload is not None

    @property
    def toolchain(self) -> Toolchain | None:
        """What edgekd's own platform compiles with; None for a board that a platform of the registry builds."""
        return toolchain_of(self.cpu.core) if self.is_own_platform else None

    @property
    def machine_flags(self) -> list[str]:
        """GCC's flags that select the core: the same for compiling and linking."""
        if self.cpu.core == "avr":  # a pointer to flash taken for one to RAM reads something else: not in silence
            return [f"-mmcu={self.cpu.mcu}", "-Waddr-space-convert"]
        if self.cpu.core in _FLAGS:
            return [*_FLAGS[self.cpu.core]]
        core, features = self.cpu.core, self.cpu.features
        absent = "".join(flag for feature, flag in _GRANTED.get(core, {}).items() if feature not in features)
        flags = [f"-mcpu={core}{absent}", "-mthumb"]
        fpu = next((_FPU[core, feature] for feature in features if (core, feature) in _FPU), None)
        if fpu is None and "mve" in features:
            fpu = "auto"  # integer vectors live in the floating-point unit's registers
        return [*flags, "-mfloat-abi=hard", f"-mfpu={fpu}"] if fpu else [*flags, "-mfloat-abi=soft"]


def platform_ports() -> list[str]:
    """Names of the folders of firmware/ports that a board can name: those that define how a program starts."""
    return sorted(folder.parent.name for folder in (paths.shipped("firmware") / "ports").glob("*/port.toml"))


def board_path(name_or_path: str | Path) -> Path:
    """The TOML of a board that ships here (by name) or of one's own (a path). Raises InputError when there is none."""
    return paths.named(name_or_path, _shipped(), "board", "--board ./mine.toml")


def load_board(name_or_path: str | Path) -> BoardProfile:
    """A checked profile. Raises InputError that lists every problem of the file with its line."""
    return load_toml(board_path(name_or_path), BoardProfile)


def list_boards() -> list[BoardProfile]:
    """The boards that ship with edgekd, by name."""
    return [load_toml(path, BoardProfile) for path in _shipped().values()]


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted(paths.shipped("boards").glob("*.toml"))}
