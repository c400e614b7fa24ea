"""bakenn, an ahead-of-time compiler of .tflite files to C (PyPI, Apache-2.0), in an environment of its own.

Its C comes out in variants: portable kernels, the specialised ones it has for a target, and for Cortex-M with DSP
instructions calls of CMSIS-NN 4.0.0, whose sources are in its wheel.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edgekd import paths
from edgekd.errors import InputError, ToolError
from edgekd.files import sha256_of, write_atomically
from edgekd.firmware.board import BoardProfile

VERSION = "1.0.0"
_REQUIREMENTS = (f"bakenn=={VERSION}", "tflite==2.18.0", "flatbuffers==25.12.19", "numpy==2.4.6")
_SCRIPT = Path(__file__).with_name("bakenn_compile.py")

# bakenn's target profile for a core: its own where it has one, the nearest below it, or 32-bit C.
_TARGETS = {
    "cortex-m0": "cortex-m0plus",
    "cortex-m0plus": "cortex-m0plus",
    "cortex-m3": "portable32",
    "cortex-m4": "cortex-m4",
    "cortex-m7": "cortex-m4",
    "cortex-m33": "cortex-m4",
    "cortex-m55": "cortex-m4",
    "rv32imc": "rv32imc",
}
REFUSED = 3  # exit code of bakenn_compile.py

# What is built, as (kernels, level of -O). Of all that were tried on the MLPerf Tiny models, CMSIS-NN was the fastest
# (-O2 or -O3) where there is one, elsewhere the specialised kernels; the smallest was the portable one or CMSIS-NN, at
# -Os. The rest is for comparison. The specialised kernels for a Cortex-M4 take up to twice the flash.
_WITH_CMSIS_NN = (("portable", "2"), ("portable", "s"), ("cmsis-nn", "2"), ("cmsis-nn", "3"), ("cmsis-nn", "s"))
_WITHOUT = (("portable", "2"), ("portable", "3"), ("portable", "s"), ("specialised", "2"), ("specialised", "3"))


class RefusedError(InputError):
    """bakenn does not compile this model; the text is what it says."""


@dataclass(frozen=True)
class Variant:
    """target: bakenn's name of it. kernels: "portable", "specialised" (for the target) or "cmsis-nn"."""

    target: str
    kernels: str


@dataclass(frozen=True)
class Build:
    """A variant of the C, and the level of GCC's -O it is compiled with."""

    variant: Variant
    level: str


def builds(core: str) -> list[Build]:
    """The builds that are measured on a core, none for one that bakenn does not support."""
    target = _TARGETS.get(core)
    if target is None:
        return []
    chosen = _WITH_CMSIS_NN if target == "cortex-m4" else _WITHOUT
    return [Build(Variant(target, kernels), level) for kernels, level in chosen]


def identity() -> str:
    """What decides the C that comes out, beside the model and the variant: versions and how bakenn is called."""
    return "\n".join((*_REQUIREMENTS, _SCRIPT.read_text(encoding="utf-8")))


def without_vectors(board: BoardProfile) -> BoardProfile:
    """The board with its vector instructions left unused, as the variant cmsis-nn needs it.

    bakenn reckons the scratch memory of CMSIS-NN for DSP instructions; CMSIS-NN's vector code takes more and overruns
    it (seen on a Cortex-M55: the model never ends).
    """
    features = tuple(feature for feature in board.cpu.features if feature != "mve")
    return board.model_copy(update={"cpu": board.cpu.model_copy(update={"features": features})})


def compile_to_c(model: Path, out: Path, variant: Variant) -> list[Path]:
    """bakenn's C sources and headers for `model`, names beginning with bknn_model, in the folder `out`.

    Raises RefusedError; ToolError when bakenn cannot be installed, or ends as it should not.
    """
    # -P: the folder of the script has a bakenn.py of its own.
    command = [str(install()), "-P", str(_SCRIPT), str(model), str(out), variant.target, variant.kernels]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in result.stderr.splitlines() if line.strip()]
    if result.returncode == REFUSED:
        raise RefusedError(said[-1])
    if result.returncode != 0:
        raise ToolError(f"bakenn {VERSION} failed on {model} (exit code {result.returncode})", *said[-4:])
    return sorted(path for path in out.rglob("*") if path.suffix in (".c", ".h"))


def install() -> Path:
    """The interpreter that has bakenn, in edgekd's own folder; made on first use. Raises ToolError."""
    folder = paths.home() / f"bakenn-{VERSION}"
    python, stamp = folder / "bin" / "python", folder / "edgekd-installed"
    wanted = "\n".join(_REQUIREMENTS) + "\n"
    if sha256_of(stamp) is not None and stamp.read_text() == wanted:
        return python
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_REQUIREMENTS])
    write_atomically(stamp, wanted)
    return python


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = (result.stdout + result.stderr).strip().splitlines()[-4:]
        raise ToolError(f"bakenn {VERSION} could not be installed", *said, "without it: --without-bakenn")
