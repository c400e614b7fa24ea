"""Board profile + model + engine + port -> a PlatformIO project that a person can read and build with `pio run`."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, PackageLoader, StrictUndefined

from edgekd import paths
from edgekd.device.emulator import shell_command
from edgekd.errors import InputError, ToolError
from edgekd.firmware import mlperf
from edgekd.firmware.board import BoardProfile
from edgekd.firmware.folder import sync
from edgekd.toml_schema import Strict, load_toml

if TYPE_CHECKING:
    from edgekd.compiler import CompiledModel, PlanOptions

ENGINES = ("aot", "tflm")
MODEL_NAME = "model"  # C prefix of the compiled model in every project: names of files cannot break a build
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
OPTIMIZATION = "-O2"  # -O3 measured: 0 to 0.6 % fewer instructions on the MLPerf Tiny models, up to 0.7 kB more flash


class Port(Strict):
    """port.toml of a folder of firmware/ports. needs: other folders there whose files it is built with."""

    needs: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Project:
    """A project on disk. compiled is None for the empty model, and model_sha256 then too.

    build_id: 16 hexadecimal digits over everything the image is made of; the firmware tells it to the host.
    """

    folder: Path
    board: BoardProfile
    engine: str
    compiled: CompiledModel | None
    build_id: str

    @property
    def model_sha256(self) -> str | None:
        return self.compiled.sha256 if self.compiled else None

    @property
    def elf(self) -> Path:
        """Where PlatformIO puts the linked image."""
        return self.folder / ".pio" / "build" / self.board.name / "firmware.elf"


def make_project(
    model: Path | None,
    board: BoardProfile,
    out: Path,
    engine: str = "aot",
    plan: PlanOptions | None = None,
    benchmark: mlperf.Benchmark | None = None,
    *,
    traced: bool = False,
) -> Project:
    """Write the project for `model` on `board` into the folder `out`; model None makes the empty firmware.

    benchmark: the firmware speaks MLPerf Tiny's protocol for it, and not edgekd's own. traced: the firmware shows every
    tensor of an inference, for edgekd.evaluate.diff.
    Files that are already as they must be stay untouched, so that a build after it does only what changed. Raises
    InputError when the model cannot be compiled, or `out` holds other things or files changed by hand.
    """
    _check_engine(engine)
    with tempfile.TemporaryDirectory(prefix="edgekd-") as scratch:
        compiled = _compile(model, board, Path(scratch), plan, traced) if model else None
        files = _files(board, compiled, engine if compiled else "empty", benchmark)
    build_id = _digest(files, board)
    context = {
        "board": board,
        "engine": engine,
        "build_id": build_id,
        "model_name": _plain(model.stem) if model else "no model",
        "model_sha256": compiled.sha256 if compiled else None,
        "benchmark": benchmark,
        "emulator_command": shell_command(board, f".pio/build/{board.name}/firmware.elf"),
    }
    files["include/edgekd_config.h"] = _render("edgekd_config.h.j2", context)
    files["README.md"] = _render("README.md.j2", context)
    sync(out, files)
    return Project(out, board, engine, compiled, build_id)


def _check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise InputError(f'no engine is called "{engine}"', "engines: " + ", ".join(ENGINES))
    if engine == "tflm":
        raise ToolError(
            "engine tflm (TensorFlow Lite Micro's interpreter, from PlatformIO's registry) cannot be deployed yet",
            "use --engine aot: its outputs equal TensorFlow Lite Micro's byte for byte",
        )


def _compile(model: Path, board: BoardProfile, scratch: Path, plan: PlanOptions | None, traced: bool) -> CompiledModel:
    from edgekd.compiler import PlanOptions, compile_model

    options = replace(plan or PlanOptions(), buffers="arena")
    return compile_model(model, scratch, target=board.cpu.core, name=MODEL_NAME, options=options, traced=traced)


def _files(
    board: BoardProfile, compiled: CompiledModel | None, engine: str, benchmark: mlperf.Benchmark | None
) -> dict[str, str]:
    """Path inside the project -> text, of all files but the two that tell the build id."""
    firmware = paths.shipped("firmware")
    port = _port(firmware / "ports", board.build.platform_port)
    runtime = mlperf.choose_sources(
        benchmark, _sources(firmware / "runtime"), _sources(firmware / "runtime" / "mlperf")
    )
    start = {name for name in port if Path(name).stem == "main"} or {"main.c"}
    chosen = any(flag.startswith("-O") for flag in board.build.flags)
    flags = [*board.build.flags] if chosen else [OPTIMIZATION, *board.build.flags]
    ini = {"board": board, "warnings": WARNINGS, "optimized": not chosen, "flags": flags}
    files = {"platformio.ini": _render("platformio.ini.j2", ini)}
    files |= {f"src/{name}": {**runtime, **port}[name] for name in start}
    files |= _library("runtime", {name: text for name, text in runtime.items() if name != "main.c"})
    files |= _library("port", {name: text for name, text in port.items() if name not in start})
    files |= _library("engine", _engine(firmware / "engines", engine, compiled, board))
    if compiled:
        sources = {path.name: path.read_text(encoding="utf-8") for path in compiled.files}
        files |= _library(MODEL_NAME, sources, flags=("-Os",) if compiled.options.optimize == "flash" else ())
    if benchmark:
        files[f"include/{mlperf.CONFIG}"] = mlperf.config(benchmark, compiled.graph if compiled else None)
    if board.is_own_platform:
        files |= {f"platforms/edgekd/{name}": text for name, text in _tree(firmware / "platform").items()}
        files[f"boards/{board.build.platformio.board}.json"] = _board_json(board)
    if board.is_bare_metal:
        files["linker.ld"] = _render("linker.ld.j2", {"board": board})
    files[".gitignore"] = ".pio/\n.edgekd*\n"
    return files


def _port(ports: Path, name: str) -> dict[str, str]:
    """The files of a port and of the folders it needs, flat, with those that all ports share."""
    files = _sources(ports)
    for folder in (name, *load_toml(ports / name / "port.toml", Port).needs):
        files |= {path: text for path, text in _sources(ports / folder).items() if path != "port.toml"}
    return files


def _engine(engines: Path, engine: str, compiled: CompiledModel | None, board: BoardProfile) -> dict[str, str]:
    """engine.h and the sources of one engine, templates filled in."""
    files = {"engine.h": (engines / "engine.h").read_text(encoding="utf-8")}
    for name, text in _sources(engines / engine).items():
        if name.endswith(".j2"):
            assert compiled is not None
            environment = _environment(FileSystemLoader(engines / engine))
            files[name.removesuffix(".j2")] = environment.get_template(name).render(_engine_context(compiled, board))
        else:
            files[name] = text
    return files


def _engine_context(compiled: CompiledModel, board: BoardProfile) -> dict[str, Any]:
    from edgekd.compiler.emit import interfaces

    inputs, outputs = ([{"macro": io.label.upper()} for io in side] for side in interfaces(compiled.graph))
    return {
        "name": compiled.name,
        "macro": compiled.name.upper(),
        "inputs": inputs,
        "outputs": outputs,
        "sha256": compiled.sha256,
        "has_state": bool(compiled.graph.variables),
        "window_bytes": board.serial.frame_bytes // 2 if compiled.probes else None,  # the board has room for a frame
    }


def _library(name: str, sources: dict[str, str], flags: Sequence[str] = ()) -> dict[str, str]:
    """A PlatformIO library with edgekd's own warnings; C++ is Arduino's world and compiled as that wants it."""
    own = all(not source.endswith(".cpp") for source in sources)
    manifest = {
        "name": name,
        "version": metadata.version("edgekd"),
        "build": {"flags": [*(WARNINGS if own else ()), *flags]},
    }
    files = {f"lib/{name}/{source}": text for source, text in sources.items()}
    return {**files, f"lib/{name}/library.json": json.dumps(manifest, indent=2) + "\n"}


def _board_json(board: BoardProfile) -> str:
    """The board as PlatformIO's own format has it."""
    facts = {
        "name": board.title,
        "vendor": "edgekd",
        "frameworks": [board.build.platformio.framework] if board.build.platformio.framework else [],
        "url": "https://docs.platformio.org/en/latest/platforms/creating_board.html",
        "build": {
            "cpu": board.cpu.core,
            "f_cpu": f"{board.cpu.clock_hz}L",
            "mcu": board.cpu.mcu or board.name,
            "variant": board.build.platformio.variant or "",
            "toolchain": board.toolchain.prefix if board.toolchain else "",
            "toolchain_package": board.toolchain.debian if board.toolchain else "",
            "machine_flags": " ".join(board.machine_flags),
            "link_flags": " ".join(board.toolchain.link_flags) if board.toolchain else "",
            **({"ldscript": "linker.ld"} if board.is_bare_metal else {}),
        },
        "upload": {
            "maximum_size": board.memory.flash,
            "maximum_ram_size": board.memory.ram,
            "command": " ".join(board.upload.command) if board.upload else "",
        },
    }
    return json.dumps(facts, indent=2) + "\n"


def _digest(files: dict[str, str], board: BoardProfile) -> str:
    """16 hexadecimal digits over what decides the image: sources, board facts, compiler."""
    digest = hashlib.sha256()
    compiler = board.toolchain.version() if board.toolchain else ""
    digest.update(f"{board.model_dump_json()}\0{compiler}\0".encode())
    for name, text in sorted(files.items()):
        digest.update(f"{name}\0{len(text)}\0{text}\0".encode())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> dict[str, str]:
    """Name -> text of the files right in `folder`."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.is_file()}


def _tree(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _plain(text: str) -> str:
    """A name as Markdown shows it unchanged."""
    return "".join(char if char.isalnum() or char in " -" else "_" for char in text)[:80]


def _render(template: str, context: dict[str, Any]) -> str:
    environment = _environment(PackageLoader("edgekd.firmware"))
    return environment.get_template(template).render(context)


def _environment(loader: Any) -> Environment:
    return Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # C, INI and linker scripts: the schema keeps out what would end a line or a comment
    )
