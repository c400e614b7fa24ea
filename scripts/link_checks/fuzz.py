"""The firmware's decoder and server under libFuzzer, with the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekd.errors import ToolError
from link_checks.record import RESULTS, ROOT, circumstances, first_line, save

HARNESS = ROOT / "tests" / "firmware" / "runtime" / "fuzz"
_RUNTIME = ROOT / "firmware" / "runtime"
_INCLUDES = (_RUNTIME, ROOT / "firmware/ports", ROOT / "firmware/engines", ROOT / "tests/firmware/runtime/host")
_FLAGS = ("-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fno-sanitize-recover=all")
_SANITIZERS = "-fsanitize=fuzzer,address,undefined"
_WITHOUT = {"main.c", "source.c"}  # of the runtime: the harness brings its own
_LONGEST_INPUT = 2000


@dataclass(frozen=True)
class Target:
    """sources: what is fuzzed."""

    name: str
    sources: tuple[Path, ...]

    @property
    def corpus(self) -> Path:
        return HARNESS / "corpus" / self.name


TARGETS = (
    Target("decoder", tuple(_RUNTIME / name for name in ("cobs.c", "crc32.c", "wire.c"))),
    Target("server", tuple(path for path in sorted(_RUNTIME.glob("*.c")) if path.name not in _WITHOUT)),
)


@dataclass(frozen=True)
class Fuzzed:
    """runs: inputs tried. edges: of the code, reached. found: what a sanitizer or a check said, "" for nothing."""

    seconds: float
    runs: int
    edges: int
    found: str


def build(target: Target, folder: Path) -> Path:
    """Raises ToolError where clang or its runtime is missing."""
    if shutil.which("clang") is None:
        raise ToolError("clang is not on PATH", "Debian: apt-get install clang libclang-rt-14-dev")
    program = folder / f"fuzz_{target.name}"
    command = ["clang", *_FLAGS, _SANITIZERS, *(f"-I{path}" for path in _INCLUDES), "-o", str(program)]
    sources = [HARNESS / f"fuzz_{target.name}.c", *target.sources]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolError("the fuzzer cannot be built", *done.stderr.splitlines()[:20])
    return program


def start(program: Path, corpus: Path, seconds: int, seed: int) -> subprocess.Popen[str]:
    """Fuzz for so long, from the inputs in `corpus` on, to which new ones are added."""
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={_LONGEST_INPUT}", "-timeout=20"]
    options += ["-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={program}-"]
    command = [str(program), *options, str(corpus)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], started: float) -> Fuzzed:
    """Wait for its end, and read what it says."""
    _, said = process.communicate()
    seconds = time.monotonic() - started
    runs = re.search(r"stat::number_of_executed_units: *(\d+)", said)
    edges = [int(number) for number in re.findall(r"\bcov: (\d+)", said)]
    found = "" if process.returncode == 0 and runs else said[-3000:]
    return Fuzzed(seconds, int(runs[1]) if runs else 0, max(edges, default=0), found)


def minimise(program: Path, corpus: Path, target: Target) -> None:
    """Keep the inputs that reach something no smaller one does."""
    with tempfile.TemporaryDirectory(dir=corpus.parent) as merged:
        options = ["-merge=1", f"-max_len={_LONGEST_INPUT}"]
        subprocess.run([str(program), *options, merged, str(corpus)], check=True, capture_output=True)
        shutil.rmtree(target.corpus, ignore_errors=True)
        shutil.copytree(merged, target.corpus)


def main(command: str, seconds: int, out: Path | None, seed: int = 1, keep: bool = True) -> int:
    """Fuzz all targets side by side; exit code 1 when something was found."""
    results: dict[str, Any] = {}
    made_by = circumstances(command, {"clang": first_line("clang", "--version")})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        programs = [build(target, folder) for target in TARGETS]
        corpora = [folder / target.name for target in TARGETS]
        for target, corpus in zip(TARGETS, corpora, strict=True):
            corpus.mkdir()
            if target.corpus.is_dir():
                shutil.copytree(target.corpus, corpus, dirs_exist_ok=True)
        started = time.monotonic()
        processes = [start(*pair, seconds, seed) for pair in zip(programs, corpora, strict=True)]
        for target, process, program, corpus in zip(TARGETS, processes, programs, corpora, strict=True):
            fuzzed = finish(process, started)
            print(f"{target.name}: {fuzzed.runs:,} inputs in {fuzzed.seconds:.0f} s, {fuzzed.edges} edges reached")
            if fuzzed.found:
                print(fuzzed.found)
            elif keep:
                minimise(program, corpus, target)
            kept = sum(1 for _ in target.corpus.glob("*"))
            results[target.name] = {
                "seconds": round(fuzzed.seconds),
                "inputs": fuzzed.runs,
                "edges_reached": fuzzed.edges,
                "inputs_kept": kept,
                "found": fuzzed.found,
            }
    save(out or RESULTS / "link_fuzz.json", made_by, results)
    return int(any(result["found"] for result in results.values()))
