"""PlatformIO in a core folder of its own, complete without PlatformIO's package registry.

PlatformIO Core asks its registry for one package before it builds anything: tool-scons, which is SCons. SCons is on
PyPI, so the package is made here: its manifest, and a script that starts the installed SCons.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from edgekd import paths
from edgekd.errors import ToolError

_SCONS = "tool-scons"
_SCRIPT = """\
from SCons.Script import Main

Main.main()
"""
_SECONDS = 900  # of one PlatformIO run; a first Arduino build downloads and compiles a whole framework
_REGISTRY = "api.registry.platformio.org"
_SECONDS_TO_CONNECT = 5.0


def core_dir() -> Path:
    """The folder: one for each PlatformIO version, because a newer one would try to update the older one's packages."""
    return paths.home() / "platformio" / _version("platformio")


def ensure_core() -> Path:
    """Prepare the core folder where it is not, and return it. Repeating it, or two processes at once, is fine.

    Raises ToolError when PlatformIO or the SCons it needs is not installed, or the folder cannot be written.
    """
    folder = core_dir()
    package = folder / "packages" / _SCONS
    version = _scons_package_version()
    manifest = {"name": _SCONS, "version": version, "description": "SCons, as installed from PyPI"}
    installed = {
        "type": "tool",
        "name": _SCONS,
        "version": version,
        "spec": {"owner": "platformio", "id": None, "name": _SCONS, "requirements": None, "uri": None},
    }
    try:
        _put(package / "scons.py", _SCRIPT)
        _put(package / "package.json", json.dumps(manifest, indent=2) + "\n")
        _put(package / ".piopm", json.dumps(installed) + "\n")
    except OSError as error:
        raise ToolError(
            f"{folder}: cannot prepare PlatformIO's folder: {error.strerror}",
            "name a folder that can be written: export EDGEKD_HOME=DIR",
        ) from None
    return folder


def environment() -> dict[str, str]:
    """The variables PlatformIO runs with: our core folder, no telemetry, no look for updates, no colours."""
    own = {
        "PLATFORMIO_CORE_DIR": str(ensure_core()),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PLATFORMIO_NO_ANSI": "true",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLATFORMIO_")}
    # PlatformIO's build scripts run in a Python of their own and must find the packages this one has.
    return {**kept, **own}


def pio(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run `pio ARGUMENTS…` and return its exit code and output (stdout and stderr, in order, as `stdout`).

    Raises ToolError when it cannot be started or does not end.
    """
    command = [sys.executable, "-m", "platformio", *arguments]
    try:
        return subprocess.run(
            command,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"PlatformIO did not end within {_SECONDS} s: pio {' '.join(arguments)}") from None


def registry_is_reachable() -> bool:
    """Whether PlatformIO's registry can be asked for packages: a quick look, where it itself would retry for a minute.

    Behind a proxy only PlatformIO can tell, so it is given the chance.
    """
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    try:
        with socket.create_connection((_REGISTRY, 443), timeout=_SECONDS_TO_CONNECT):
            return True
    except OSError:
        return False


def _put(path: Path, text: str) -> None:
    """Write a file whole, unless it is there as wanted."""
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(partial).replace(path)


def _scons_package_version() -> str:
    """The version of tool-scons PlatformIO asks for, after checking that the installed SCons is that one.

    PlatformIO writes SCons 4.11.1 as 4.41101.0: its own major version, then the three parts as 4 11 01.
    """
    version = _version("platformio")
    from platformio.dependencies import get_core_dependencies

    wanted = str(get_core_dependencies()[_SCONS]).lstrip("~^=")
    packed = wanted.split(".")[1]
    scons = ".".join(str(int(part)) for part in (packed[:-4], packed[-4:-2], packed[-2:]))
    if _version("scons") != scons:
        raise ToolError(
            f"PlatformIO {version} builds with SCons {scons}, installed is {_version('scons')}",
            f"pip install scons=={scons}",
        )
    return wanted


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise ToolError(f"the Python package {package} is not installed", f"pip install {package}") from None
