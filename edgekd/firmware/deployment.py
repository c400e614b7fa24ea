"""The stage: .tflite + board profile -> project, image, sizes, upload."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgekd import paths
from edgekd.errors import ToolError
from edgekd.files import sha256_of
from edgekd.firmware.board import BoardProfile
from edgekd.firmware.build import DoesNotFitError, build, upload
from edgekd.firmware.folder import locked
from edgekd.firmware.mlperf import Benchmark
from edgekd.firmware.project import MODEL_NAME, Project, make_project
from edgekd.progress import Progress, silent

if TYPE_CHECKING:
    from edgekd.compiler.plan import Optimize
    from edgekd.firmware.size import Sizes


@dataclass(frozen=True, eq=False)
class Deployment:
    """A model's firmware, built and found to fit.

    sizes: of the image, and what the model adds to the firmware without one. built: False when an earlier build of the
    same sources was there. uploaded: the board at `port` runs it now.
    """

    project: Project
    elf: Path
    board: BoardProfile
    engine: str
    sizes: Sizes
    build_id: str
    model_sha256: str
    built: bool
    uploaded: bool


def deploy(
    model: Path,
    board: BoardProfile,
    out: Path,
    *,
    engine: str = "aot",
    optimize: Optimize = "balanced",
    ram_limit: int | None = None,
    port: str | None = None,
    benchmark: Benchmark | None = None,
    traced: bool = False,
    progress: Progress | None = None,
) -> Deployment:
    """Make the project for `model` in the folder `out`, build it, check that it fits, upload it to `port`.

    optimize, ram_limit: see edgekd.compiler.PlanOptions. benchmark: of MLPerf Tiny, whose protocol the firmware speaks
    instead of edgekd's, so that only the benchmark's programs and edgekd.device.mlperf understand it. traced: the
    firmware shows every tensor of an inference, for edgekd.evaluate.diff. Nothing is built again when nothing changed.
    Without `port` nothing is uploaded, nor to an emulated board, which loads the image when it starts. Raises
    InputError for a model that cannot be compiled or does not fit, ToolError for a missing tool or registry or a failed
    build or upload.
    """
    from edgekd.compiler import PlanOptions
    from edgekd.compiler.reader import read_tflite
    from edgekd.firmware import size

    tell = progress or silent
    steps = 4 if port else 3
    read_tflite(model)  # refuses a bad file before a folder is made for it
    with locked(out):
        tell(0, steps, f"compiling {model.name} for {board.name}")
        project = make_project(
            model, board, out, engine, PlanOptions("arena", optimize, ram_limit), benchmark, traced=traced
        )
        assert project.compiled is not None
        size.check_model(project.compiled, board)
        tell(1, steps, "building the firmware")
        try:
            image = build(project)
        except DoesNotFitError as error:
            over = error.overflow
            size.check(
                project.compiled,
                board,
                flash=board.memory.flash + over["FLASH"] if "FLASH" in over else 0,
                ram=board.memory.ram + over["RAM"] if "RAM" in over else 0,
            )
            raise
        tell(2, steps, "building the firmware without a model, for comparison")
        empty = build_empty(board, benchmark)
        sizes = _measure(project, empty)
        stack = sizes.image.stack or board.memory.stack  # a framework's image reserves none
        size.check(project.compiled, board, flash=sizes.image.flash, ram=sizes.image.ram + stack)
        uploadable = port is not None and board.can_upload
        if uploadable and port is not None:
            tell(3, steps, f"uploading to {port}")
            upload(project, port)
        tell(steps, steps, "done")
    return Deployment(
        project=project,
        elf=image.elf,
        board=board,
        engine=engine,
        sizes=sizes,
        build_id=project.build_id,
        model_sha256=project.compiled.sha256,
        built=image.built,
        uploaded=uploadable,
    )


def deploy_cached(
    model: Path,
    board: BoardProfile,
    *,
    engine: str = "aot",
    optimize: Optimize = "balanced",
    ram_limit: int | None = None,
    port: str | None = None,
    benchmark: Benchmark | None = None,
    traced: bool = False,
    progress: Progress | None = None,
) -> Deployment:
    """`deploy` into edgekd's own folder: for who wants the image and not the project."""
    facts = f"{sha256_of(model)} {model.name} {engine} {optimize} {ram_limit} {board.model_dump_json()}"
    facts += f" {benchmark.name}" if benchmark else ""
    facts += " traced" if traced else ""
    folder = paths.home() / "builds" / hashlib.sha256(facts.encode()).hexdigest()[:16]
    return deploy(
        model,
        board,
        folder,
        engine=engine,
        optimize=optimize,
        ram_limit=ram_limit,
        port=port,
        benchmark=benchmark,
        traced=traced,
        progress=progress,
    )


def build_empty(board: BoardProfile, benchmark: Benchmark | None = None) -> Path:
    """The image of the firmware without a model, built once for a board's facts and kept in edgekd's own folder."""
    facts = hashlib.sha256(board.model_dump_json().encode()).hexdigest()[:8]
    protocol = f"-{benchmark.name}" if benchmark else ""
    folder = paths.home() / "builds" / f"empty-{board.name}-{facts}{protocol}"
    with locked(folder):
        return build(make_project(None, board, folder, benchmark=benchmark)).elf


def _measure(project: Project, empty: Path) -> Sizes:
    from edgekd.firmware.size import measure

    assert project.compiled is not None
    objects = sorted(project.elf.parent.rglob(f"{MODEL_NAME}_weights*.o"))
    if len(objects) != 1:
        raise ToolError(
            f"{project.elf.parent}: {len(objects)} object files of the model's weights where one was expected",
            f"delete {project.elf.parent} and deploy again",
        )
    return measure(project.elf, empty, project.compiled, objects[0])
