"""Project -> linked image, by PlatformIO; and the image onto a board, by PlatformIO's upload target."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgekd.errors import InputError, ToolError
from edgekd.files import sha256_of, write_atomically
from edgekd.firmware.platformio import core_dir, pio, registry_is_reachable
from edgekd.firmware.project import Project

_LOG = ".edgekd-build.log"
_RECORD = ".edgekd-build.json"
_TOO_LARGE = re.compile(r"program size \((\d+) bytes\) is greater than maximum allowed \((\d+) bytes\)")
_OVERFLOW = re.compile(r"region [`']?(\w+)'? overflowed by (\d+) bytes")
_COMPLAINT = re.compile(r"\berror\b|undefined reference|No such file", re.IGNORECASE)
_NO_PACKAGE = re.compile(r"HTTPClientError|InternetConnectionError|UnknownPackage|Could not find the package")


@dataclass(frozen=True)
class Image:
    """A linked image. built: False when it was there already, made of the same sources."""

    elf: Path
    build_id: str
    built: bool


class DoesNotFitError(InputError):
    """The image is larger than the board's memory. overflow: bytes too many by region ("FLASH", "RAM")."""

    def __init__(self, message: str, overflow: dict[str, int]) -> None:
        super().__init__(message)
        self.overflow = overflow


def build(project: Project) -> Image:
    """Build `project`, or return the image of an earlier build of the same sources.

    Raises ToolError when a compiler, PlatformIO's registry or the build itself fails, DoesNotFitError when the
    image is larger than the board's memory.
    """
    record = project.folder / _RECORD
    if _is_current(project, record):
        return Image(project.elf, project.build_id, built=False)
    _check_tools(project)
    record.unlink(missing_ok=True)
    result = pio(["run", "--project-dir", str(project.folder), "--environment", project.board.name])
    write_atomically(project.folder / _LOG, result.stdout)
    if result.returncode != 0 or not project.elf.is_file():
        _raise_failure(project, result.stdout)
    made = {"build_id": project.build_id, "elf_sha256": sha256_of(project.elf)}
    write_atomically(record, json.dumps(made, indent=1) + "\n")
    return Image(project.elf, project.build_id, built=True)


def upload(project: Project, port: str) -> None:
    """Put the built image on the board at serial port `port`. Raises ToolError with what the upload tool said."""
    target = ["--target", "upload", "--upload-port", port]
    result = pio(["run", "--project-dir", str(project.folder), "--environment", project.board.name, *target])
    write_atomically(project.folder / ".edgekd-upload.log", result.stdout)
    if result.returncode != 0:
        raise ToolError(
            f"{project.board.name}: the upload to {port} failed",
            *_complaints(result.stdout),
            "is the board connected, and is this its port? `pio device list` shows the ports",
            f"all of what was said: {project.folder / '.edgekd-upload.log'}",
        )


def _is_current(project: Project, record: Path) -> bool:
    try:
        made = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    digest = sha256_of(project.elf)
    return digest is not None and made == {"build_id": project.build_id, "elf_sha256": digest}


def _check_tools(project: Project) -> None:
    """Say what is missing before PlatformIO tries for a minute to find it."""
    board = project.board
    if board.toolchain is not None:
        if shutil.which(board.toolchain.compiler) is None:
            raise ToolError(
                f"{board.toolchain.compiler} is not on PATH", f"Debian: apt-get install {board.toolchain.debian}"
            )
        return
    platform = board.build.platformio.platform
    name = platform.partition("@")[0].rpartition("/")[2]
    if not any((core_dir() / "platforms").glob(f"{name}*")) and not registry_is_reachable():
        raise _needs_registry(project)


def _needs_registry(project: Project) -> ToolError:
    return ToolError(
        f"{project.board.name} is built with {project.board.build.platformio.platform} from PlatformIO's package"
        " registry, which cannot be reached from here",
        f"the project is complete in {project.folder}: where the registry can be reached, run pio run there",
        "a board that needs no registry: mps2-an386 (emulated)",
    )


def _raise_failure(project: Project, output: str) -> None:
    too_large = _TOO_LARGE.search(output)
    overflow = {"FLASH": int(too_large[1]) - int(too_large[2])} if too_large else {}
    overflow |= {region: int(count) for region, count in _OVERFLOW.findall(output)}
    if overflow:
        raise DoesNotFitError(f"the image is too large for {project.board.name}", overflow)
    if not project.board.is_own_platform and _NO_PACKAGE.search(output):
        raise _needs_registry(project)
    raise ToolError(
        f"PlatformIO could not build {project.folder}",
        *_complaints(output),
        f"all of what was said: {project.folder / _LOG}",
    )


def _complaints(output: str) -> list[str]:
    """The lines that say what went wrong, the first few; the last ones when none looks so."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    found = [line for line in lines if _COMPLAINT.search(line)]
    return found[:5] or lines[-5:]
