"""What a candidate costs on the board: its firmware with untrained weights, built and run.

A network's weights change nothing of its memory plan, and of instructions and flash next to nothing, so this is known
before any training. Conversions share a worker process; what is known is kept by candidate.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgekd.config import Recipe, Search
from edgekd.errors import BadResultError, DeviceError, InputError
from edgekd.files import write_atomically
from edgekd.firmware import deploy
from edgekd.firmware.board import BoardProfile, list_boards
from edgekd.firmware.folder import locked
from edgekd.search.candidates import Candidate

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import nn

_CALIBRATION = 16  # samples: these ranges are thrown away with the weights
_SPEEDS = ("instructions", "cycles")


@dataclass(frozen=True)
class Cost:
    """instructions or, on AVR, cycles an inference; flash, ram: what the model adds to the firmware, in bytes, RAM with
    the stack of an inference; latency_ms: where it was asked for."""

    instructions: int | None
    cycles: int | None
    flash: int
    ram: int
    latency_ms: float | None = None

    @property
    def speed(self) -> int:
        found = self.instructions if self.instructions is not None else self.cycles
        assert found is not None
        return found

    def of(self, what: str) -> int:
        """The figure of a name of search.minimize."""
        return {"speed": self.speed, "flash": self.flash, "ram": self.ram}[what]


@dataclass(frozen=True)
class Refusal:
    """A candidate that cannot run within the budget. excess: how much too large, as a fraction, 1 where not known."""

    reason: str
    excess: float = 1.0


@dataclass(frozen=True)
class Bench:
    """The board that a search is for, and the emulated one that stands for it where it cannot be emulated itself."""

    target: BoardProfile
    emulated: BoardProfile

    @property
    def unit(self) -> str:
        assert self.emulated.emulator is not None
        return "cycles" if self.emulated.emulator.program == "simavr" else "instructions"

    @property
    def latency_method(self) -> str | None:
        """How milliseconds are told of what is counted; None where they cannot be."""
        clock = f"at {self.target.cpu.clock_hz / 1e6:g} MHz"
        if self.unit == "cycles":
            return f"cycles counted by simavr, {clock}"
        if self.target.cpu.core == "cortex-m4":
            return f"estimated: Cortex-M4 cycles of the instructions run, with memory as fast as the core, {clock}"
        return None

    def notes(self) -> list[str]:
        """What is not of the board itself."""
        if self.target.name == self.emulated.name:
            return []
        return [
            f"{self.target.name} cannot be emulated: costs are of {self.emulated.name}, which has the same core "
            f"({self.target.cpu.core}); of the board's own memory, what its firmware takes beside the model is unknown"
        ]


def bench_for(board: BoardProfile, search: Search) -> Bench:
    """Where candidates for `board` are measured. Raises InputError where they, or a budget, cannot be."""
    if board.emulator is not None:
        bench = Bench(board, board)
    else:
        # Of the same core, with the most memory: what is too large is to be so for the board and not for this one.
        alike = [
            other
            for other in list_boards()
            if other.emulator
            and other.cpu.core == board.cpu.core
            and set(other.cpu.features) == set(board.cpu.features)
        ]
        if not alike:
            raise InputError(
                f"board {board.name} cannot be emulated, nor can another one with its core ({board.cpu.core}): nothing"
                " tells what a candidate costs",
                "name an emulated board with --board: edgekd boards",
            )
        bench = Bench(board, max(alike, key=lambda other: (other.memory.ram, other.memory.flash, other.name)))
    other_unit = next(unit for unit in _SPEEDS if unit != bench.unit)
    if getattr(search, other_unit) is not None:
        raise InputError(
            f"search.{other_unit}: on {bench.emulated.name} {bench.unit} are counted", f"say search.{bench.unit}"
        )
    if search.latency_ms is not None and bench.latency_method is None:
        raise InputError(
            f"search.latency_ms: nothing tells the time of an inference on a {board.cpu.core} without the board itself",
            "give a budget of search.instructions",
        )
    return bench


def over_budget(cost: Cost, bench: Bench, search: Search) -> Refusal | None:
    """The first budget that a cost exceeds, or the board's memory."""
    memory = bench.target.memory
    limits: list[tuple[str, float | None, float | None]] = [
        ("flash", cost.flash, flash_limit(bench, search)),
        ("RAM", cost.ram, min(search.ram or memory.ram, memory.ram)),
        ("instructions", cost.instructions, search.instructions),
        ("cycles", cost.cycles, search.cycles),
        ("ms", cost.latency_ms, search.latency_ms),
    ]
    for name, needed, limit in limits:
        if needed is not None and limit is not None and needed > limit:
            bytes_of = "bytes of " if name in ("flash", "RAM") else ""
            return Refusal(f"needs {needed:,.6g} {bytes_of}{name}, {limit:,.6g} are allowed", needed / limit - 1)
    return None


def flash_limit(bench: Bench, search: Search) -> int:
    """Bytes of flash that a model may add."""
    there = bench.target.memory.flash
    return min(search.flash or there, there)


class Meter:
    """Measures candidates.

    build: an untrained network of a candidate; InputError when its options go together with nothing. calibration:
    samples of the training set, channels last. folder: where costs are kept, an entry a candidate.
    """

    def __init__(
        self,
        recipe: Recipe,
        bench: Bench,
        build: Callable[[Candidate], nn.Module],
        calibration: npt.NDArray[np.float32],
        folder: Path,
    ) -> None:
        self._recipe, self._bench, self._build, self._folder = recipe, bench, build, folder
        self._calibration = calibration[:_CALIBRATION]

    def screen(self, candidate: Candidate) -> Refusal | None:
        """Refuse, in a moment, what cannot be built and what has more weights than flash: at int8, a byte each."""
        try:
            model = self._build(candidate)
        except InputError as error:
            return Refusal(error.message)
        weights = sum(parameter.numel() for parameter in model.parameters() if parameter.ndim > 1)
        limit = flash_limit(self._bench, self._recipe.search)
        if weights <= limit:
            return None
        return Refusal(
            f"its {weights:,} weights alone exceed the {limit:,} bytes of flash allowed", weights / limit - 1
        )

    def __call__(self, candidates: Sequence[Candidate]) -> list[Cost | Refusal]:
        """What each costs, or why it is refused; those that pass `screen`.

        Raises ToolError for a missing tool, BadResultError when a board's answers are wrong.
        """
        unknown = {one.key: one for one in candidates if self._kept(one) is None}
        with tempfile.TemporaryDirectory(prefix="edgekd-search-") as scratch:
            found = self._converted(list(unknown.values()), Path(scratch))
            for key, model in found.items():
                lasting = True
                if isinstance(model, Path):
                    try:
                        found[key] = self.measure(model, Path(scratch, f"{key}-project"))
                    except InputError as error:
                        found[key] = Refusal(error.message)
                    except DeviceError as error:  # a stack that overflows, or a machine in trouble: ask again next time
                        found[key], lasting = Refusal(f"on the board: {error.message}"), False
                if lasting:
                    self._keep(key, found[key])
        return [self._answer(self._kept(one) or found[one.key]) for one in candidates]

    def measure(self, model: Path, project: Path) -> Cost:
        """What a .tflite costs. project: an empty folder for its firmware. Raises InputError where it does not fit."""
        from edgekd.evaluate.bench import measure
        from edgekd.evaluate.board import board_under_test

        plan, board = self._recipe.deploy, self._bench.emulated
        timed = self._recipe.search.latency_ms is not None
        deployment = deploy(model, board, project, engine=plan.engine, optimize=plan.optimize)
        with board_under_test(model, board, engine=plan.engine, deployment=deployment) as under_test:
            layers = timed and self._bench.unit == "instructions"
            said = measure(under_test, deployment, 1, optimize=plan.optimize, layers=layers)
        exact = said["bit_exact"]
        if exact["equal"] != exact["of"]:
            raise BadResultError(f"{model.name}: the outputs on {board.name} are not {exact['oracle']}'s")
        counted = said["per_inference"]
        cycles = said["layers"]["total"]["m4_cycles"] if layers else counted["cycles"]
        return Cost(
            instructions=counted["instructions"],
            cycles=counted["cycles"],
            flash=said["flash_bytes"]["total"],
            ram=said["ram_bytes"]["total"],
            latency_ms=1e3 * cycles / self._bench.target.cpu.clock_hz if timed else None,
        )

    def _converted(self, candidates: Sequence[Candidate], scratch: Path) -> dict[str, Path | Cost | Refusal]:
        """The .tflite of each candidate, or why there is none."""
        from edgekd.convert.api import convert_all

        found: dict[str, Path | Cost | Refusal] = {}
        models = {scratch / f"{one.key}.tflite": self._build(one) for one in candidates}
        groups = [models] if models else []
        while groups:
            group = groups.pop()
            try:
                convert_all(group, self._calibration, log=scratch / "convert.log")
            except InputError as error:
                if len(group) > 1:  # which of them it is: one by one
                    groups += [{out: model} for out, model in group.items()]
                    continue
                found[next(iter(group)).stem] = Refusal(error.message)
            else:
                found |= {out.stem: out for out in group}
        return found

    def judged(self, cost: Cost) -> Cost | Refusal:
        """The cost, or what it is over."""
        return over_budget(cost, self._bench, self._recipe.search) or cost

    def _answer(self, found: Path | Cost | Refusal) -> Cost | Refusal:
        assert not isinstance(found, Path)
        return found if isinstance(found, Refusal) else self.judged(found)

    def _kept(self, candidate: Candidate) -> Cost | Refusal | None:
        try:
            kept = json.loads(self._file(candidate.key).read_text(encoding="utf-8"))
            return Refusal(**kept) if "reason" in kept else Cost(**kept)
        except (OSError, ValueError, TypeError):  # not there or damaged: measured again
            return None

    def _keep(self, key: str, found: Path | Cost | Refusal) -> None:
        assert not isinstance(found, Path)
        with locked(self._folder):  # another process may have measured the same one
            write_atomically(self._file(key), json.dumps(asdict(found), indent=1) + "\n")

    def _file(self, key: str) -> Path:
        return self._folder / key / "cost.json"
