"""Another compiler's C in edgekd's firmware, on an emulated board: the same UART, timer, stack painting and counting of
bytes as for edgekd's own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance import first_line

import edgekd
from edgekd.compiler import compile_model
from edgekd.compiler.plan import Optimize
from edgekd.compiler.reader import read_tflite
from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.evaluate.metrics import per_inference
from edgekd.evaluate.samples import noise
from edgekd.evaluate.under_test import BoardUnderTest
from edgekd.firmware.board import BoardProfile
from edgekd.firmware.build import build
from edgekd.firmware.deployment import build_empty
from edgekd.firmware.project import make_project
from edgekd.firmware.size import image_size

_ENGINE = Path(__file__).with_name("bakenn_engine.c")


@dataclass(frozen=True)
class Figures:
    """What one build of one engine takes for one model. flash: growth of the image over the firmware without a model.
    ram: arena, input, output and other statics. stack: of one inference. All in bytes. equal: samples, `of` so many,
    whose outputs are TensorFlow Lite Micro's in every byte. instructions: None on a board whose emulator counts
    `cycles` instead. m4_cycles: estimated, where it was asked for. weights, tables, code: the parts of edgekd's flash:
    the model's weights and biases, tables and padding beside them, and all else (kernels, calls, parameters)."""

    instructions: int | None
    cycles: int | None
    flash: int
    ram: int
    stack: int
    equal: int
    of: int
    m4_cycles: int | None = None
    weights: int | None = None
    tables: int | None = None
    code: int | None = None

    @property
    def exact(self) -> bool:
        return self.equal == self.of


def measure_edgekd(
    model: Path, board: BoardProfile, optimize: Optimize, samples: int, *, cycles: bool = False
) -> Figures:
    """`edgekd bench --optimize`, as everyone can call it. cycles: estimate those of a Cortex-M4, too.

    Raises EdgekdError.
    """
    result = edgekd.bench(model, board, samples=samples, optimize=optimize, layers=cycles)
    weights = _own_weights(model)
    ram, flash, exact = result["ram_bytes"], result["flash_bytes"], result["bit_exact"]
    return Figures(
        instructions=result["per_inference"]["instructions"],
        cycles=result["per_inference"]["cycles"],
        flash=flash["total"],
        ram=ram["arena"] + ram["static"],
        stack=ram["stack"],
        equal=exact["equal"],
        of=exact["of"],
        m4_cycles=result["layers"]["total"]["m4_cycles"] if cycles else None,
        weights=weights,
        tables=flash["weights"] - weights,
        code=flash["engine"],
    )


def _own_weights(model: Path) -> int:
    """Bytes of the model's weights and biases. Portable kernels take them as they are in the file; where others have
    them padded, what is added is no weight."""
    with tempfile.TemporaryDirectory(prefix="edgekd-bench-") as folder:
        return compile_model(model, Path(folder), target="host", name="model").weight_bytes


def measure_c(model: Path, sources: Sequence[Path], board: BoardProfile, level: str, samples: int) -> Figures:
    """The firmware with bakenn's `sources` for `model`, all of it compiled with -O`level`. Raises EdgekdError."""
    board = optimized(board, level)
    graph = read_tflite(model)
    with tempfile.TemporaryDirectory(prefix="edgekd-bench-") as folder:
        project = make_project(None, board, Path(folder))
        _put_engine(project.folder / "lib", sources, graph.sha256)
        elf = build(project).elf
        image, empty = image_size(elf), image_size(build_empty(board))
        with Emulator(board, elf) as emulator, connect(emulator.url, baud=board.serial.baud) as device:
            under_test = BoardUnderTest(model, graph, board, device, "bakenn", None)
            inputs = noise(graph.inputs, samples)
            answers = under_test.stream(inputs)
    exact = under_test.compare(inputs, answers.outputs)
    speed = per_inference(answers.ticks, board, emulated=True)
    return Figures(
        instructions=speed["instructions"],
        cycles=speed["cycles"],
        flash=image.flash - empty.flash,
        ram=image.ram - empty.ram,
        stack=answers.stack_bytes,
        equal=exact["equal"],
        of=exact["of"],
    )


def optimized(board: BoardProfile, level: str) -> BoardProfile:
    """The board, its firmware compiled with -O`level`."""
    flags = (*(flag for flag in board.build.flags if not flag.startswith("-O")), f"-O{level}")
    return board.model_copy(update={"build": board.build.model_copy(update={"flags": flags})})


def identity(board: BoardProfile) -> str:
    """What decides the figures of C in the firmware of `board`, beside that C: sources, compiler and emulator."""
    assert board.emulator is not None
    with tempfile.TemporaryDirectory(prefix="edgekd-bench-") as folder:
        firmware = make_project(None, board, Path(folder)).build_id
    measuring = "\n".join(path.read_text(encoding="utf-8") for path in (_ENGINE, Path(__file__)))
    return "\n".join((firmware, first_line(board.emulator.program, "--version"), measuring))


def _put_engine(libraries: Path, sources: Sequence[Path], sha256: str) -> None:
    """Replace the empty engine, and add the C it calls as a library without edgekd's warnings."""
    engine, library = libraries / "engine", libraries / "bakenn"
    (engine / "engine.c").write_text(_ENGINE.read_text(encoding="utf-8"), encoding="utf-8")
    digest = ", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(sha256))
    (engine / "model_sha256.h").write_text(f"#define MODEL_SHA256 {digest}\n", encoding="utf-8")
    library.mkdir()
    manifest: dict[str, Any] = {"name": "bakenn", "version": "1.0.0"}
    (library / "library.json").write_text(json.dumps(manifest), encoding="utf-8")
    for source in sources:  # flat: they include each other by name alone
        (library / source.name).write_bytes(source.read_bytes())
