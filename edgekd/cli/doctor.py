"""edgekd doctor: which tools are here, and how to get those that are not."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from edgekd.cli import print_json
from edgekd.firmware.toolchain import ARM, AVR, RISCV


@dataclass(frozen=True)
class Finding:
    """One tool. needed: nothing works without it; else only what `purpose` names. version "": not found."""

    name: str
    purpose: str
    needed: bool
    version: str
    remedy: str

    @property
    def found(self) -> bool:
        return bool(self.version)


_APT = "Debian: apt-get install "

# Package | what for | needed by every installation | how to get it
_PACKAGES = (
    ("numpy", "tensors", True, "pip install edgekd"),
    ("tflite-micro", "the oracle every output is compared with", True, "pip install edgekd"),
    ("platformio", "builds and uploads firmware", True, "pip install edgekd"),
    ("scons", "PlatformIO's build engine", True, "pip install edgekd"),
    ("pyelftools", "reads flash and RAM from images", True, "pip install edgekd"),
    ("pyserial", "the link to boards", True, "pip install edgekd"),
    ("torch", "training", False, "pip install 'edgekd[train]'"),
    ("matplotlib", "plots of the report", False, "pip install 'edgekd[train]'"),
    ("tensorboard", "learning curves", False, "pip install 'edgekd[train]'"),
    ("torch-pruning", "students with fewer channels", False, "pip install 'edgekd[train]'"),
    ("onnxruntime", "teachers in ONNX files", False, "pip install 'edgekd[teachers]'"),
    ("keras", "teachers in Keras files", False, "pip install 'edgekd[teachers]'"),
    ("onnx2tf", "conversion to .tflite", False, "pip install 'edgekd[convert]'"),
    ("tensorflow", "conversion to .tflite", False, "pip install 'edgekd[convert]'"),
)

# Program | what for | needed | Debian package
_PROGRAMS = (
    ("arm-none-eabi-gcc", "compiles firmware for Cortex-M", True, ARM.debian),
    ("qemu-system-arm", "the emulated Cortex-M boards", True, "qemu-system-arm"),
    ("riscv64-unknown-elf-gcc", "compiles firmware for RISC-V", False, RISCV.debian),
    ("qemu-system-riscv32", "the emulated RISC-V board", False, "qemu-system-misc"),
    ("avr-gcc", "compiles firmware for AVR", False, AVR.debian),
    (
        "gcc",
        "compiles what runs simavr, the plugin of `bench --layers` and, in tests, the generated C",
        False,
        "gcc libc6-dev",
    ),
    ("avrdude", "uploads to Arduino boards with an AVR", False, "avrdude"),
    ("dfu-util", "uploads to boards with a USB boot loader", False, "dfu-util"),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON on stdout.")
def command(as_json: bool) -> None:
    """Show which tools are here, and how to get those that are not.

    Exit code 0: everything needed to compile, deploy and evaluate is here. 2: something needed is missing.
    """
    from edgekd.errors import ToolError

    findings = examine()
    if as_json:
        print_json([{**asdict(finding), "found": finding.found} for finding in findings])
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            state = finding.version or ("missing" if finding.needed else "not here")
            remedy = "" if finding.found else f"; {finding.remedy}"
            click.echo(f"{finding.name:{width}}  {state:22}  {finding.purpose}{remedy}", err=True)
    missing = [finding for finding in findings if finding.needed and not finding.found]
    if missing:
        raise ToolError(
            f"missing: {', '.join(finding.name for finding in missing)}", *{finding.remedy for finding in missing}
        )


def examine() -> list[Finding]:
    """Look for every tool; nothing is downloaded, nothing written but in edgekd's own folder."""
    python = sys.version.split()[0]
    old = sys.version_info < (3, 11)
    return [
        Finding("python", "runs edgekd", True, "" if old else python, "install Python 3.11 or newer"),
        *(Finding(name, purpose, needed, _package(name), how) for name, purpose, needed, how in _PACKAGES),
        *(Finding(name, purpose, needed, _program(name), _APT + debian) for name, purpose, needed, debian in _PROGRAMS),
        Finding(
            "PlatformIO core", "edgekd's own folder of it", True, _quietly(_core), "export EDGEKD_HOME=DIR, writable"
        ),
        Finding("simavr", "the emulated AVR board", False, _quietly(_simavr), _APT + "gcc libc6-dev libsimavr-dev"),
        Finding("labgrid-client", "boards at places of labgrid", False, _quietly(_labgrid), "pipx install labgrid"),
        Finding("Fashion-MNIST", "the demo's images", False, _quietly(_images), _APT + "dataset-fashion-mnist"),
    ]


def _package(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        return ""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+\.\d+[\w.]*", said.partition("\n")[0].rpartition(")")[2] or said)
    return match[0] if match else "found"


def _core() -> str:
    from edgekd.firmware.platformio import ensure_core

    return str(ensure_core())


def _simavr() -> str:
    from edgekd.device.simavr import runner

    return str(runner())


def _labgrid() -> str:
    from edgekd.device.labgrid import labgrid_client

    return labgrid_client()


def _images() -> str:
    from edgekd.data import files_of

    files: list[Path] = files_of("fashion-mnist", None)
    return str(files[0].parent)


def _quietly(look: Callable[[], str]) -> str:
    from edgekd.errors import EdgekdError

    try:
        return look()
    except EdgekdError:
        return ""
