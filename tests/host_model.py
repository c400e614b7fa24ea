"""Runs compiled models on this machine: the C that `edgekd compile` wrote, as a program that reads and writes tensors.

    compiled = compile_model(path, folder, target="host")
    host = build_host_model(compiled, sanitize=True)
    outputs = host.run([[x0], [x1]])        # outputs[sample][output]

Every buffer is the end of an allocation of its own, at its least alignment, and the arena is filled with noise before
each inference, so that the address sanitizer sees a byte too many and the comparison sees a byte not written.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler import CompiledModel
from edgekd.paths import shipped

WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
_SECONDS = 300
INTRINSICS = Path(__file__).parent / "firmware" / "kernels" / "host"  # of Arm's processors, in plain C

_MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "{name}.h"

/* Reachable to the end, so that the leak checker has nothing to say. */
static void *volatile memory; /* volatile: or it is optimized away */
static void *arena;
{declare}

int main(void) {{
    const size_t arena_bytes = {macro}_ARENA_BYTES;
    unsigned noise = 1;
    memory = malloc(4 + arena_bytes);
    arena = (char *)memory + 4; /* malloc aligns to 16: this is aligned to 4 and no more */
{allocate}
    for (int sample = 0;; sample++) {{
        for (size_t i = 0; i < ({has_state} && sample ? 0 : arena_bytes); i++) {{
            noise = noise * 1103515245u + 12345u;
            ((unsigned char *)arena)[i] = (unsigned char)(noise >> 16);
        }}
{reset}
{read}
        int status = {name}_invoke({arguments});
        if (status != 0) {{
            fprintf(stderr, "invoke returned %d\\n", status);
            return 3;
        }}
{write}
    }}
}}
"""


@dataclass(frozen=True)
class HostModel:
    """A program made of a compiled model."""

    program: Path
    compiled: CompiledModel

    def run(self, inputs: Sequence[Sequence[npt.NDArray[Any]]]) -> list[list[npt.NDArray[Any]]]:
        """inputs[sample][input] to outputs[sample][output], in the tensors' own shapes and types."""
        data = b"".join(
            np.ascontiguousarray(array, tensor.dtype).tobytes()
            for sample in inputs
            for array, tensor in zip(sample, self.compiled.inputs, strict=True)
        )
        assert len(data) == len(inputs) * self.compiled.input_bytes
        done = subprocess.run([str(self.program)], input=data, capture_output=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-4000:]}"
        assert len(done.stdout) == len(inputs) * self.compiled.output_bytes
        outputs = []
        at = 0
        for _ in inputs:
            sample = []
            for tensor in self.compiled.outputs:
                raw = np.frombuffer(done.stdout, tensor.dtype, tensor.elements, at)
                sample.append(raw.reshape(tensor.shape))
                at += tensor.nbytes
            outputs.append(sample)
        return outputs


def build_host_model(
    compiled: CompiledModel,
    *,
    compiler: str = "gcc",
    sanitize: bool = False,
    objects: Path | None = None,
    flags: Sequence[str] = (),
) -> HostModel:
    """Compile with all warnings as errors; `sanitize` adds the address and undefined-behaviour sanitizers.

    objects: a folder that keeps the compiled kernels, for tests that build many models. flags: added to gcc's.
    """
    main = compiled.out / "host_main.c"
    main.write_text(_main(compiled), encoding="utf-8")
    program = compiled.out / f"host_{compiler}"
    sources = [path for path in compiled.files if path.suffix == ".c"]
    options = [*WARNINGS, "-O1", *(SANITIZERS if sanitize else []), *flags]
    command = [compiler, *options, "-I", str(INTRINSICS), "-I", str(compiled.out)]
    if objects is not None:
        own = {f"{compiled.name}.c", f"{compiled.name}_weights.c"}
        sources = [path if path.name in own else _object(command, path, objects) for path in sources]
    _run(*command, *map(str, sources), str(main), "-o", str(program))
    return HostModel(program, compiled)


def _object(command: Sequence[str], source: Path, objects: Path) -> Path:
    """The kernel `source` compiled, from `objects` if it is there already."""
    folders = (shipped("firmware") / "kernels", INTRINSICS)
    headers = b"".join(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.h")))
    key = hashlib.sha256(repr(command[:-1]).encode() + source.read_bytes() + headers).hexdigest()[:16]
    target = objects / f"{source.stem}-{key}.o"
    if not target.exists():
        _run(*command, "-c", str(source), "-o", str(target))
    return target


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stderr[:8000]


def _main(compiled: CompiledModel) -> str:
    macro = compiled.name.upper()
    inputs = _labels("input", len(compiled.inputs))
    outputs = _labels("output", len(compiled.outputs))
    in_arena = compiled.options.buffers == "arena"
    tensors = [*compiled.inputs, *compiled.outputs]
    allocate = []
    for label, tensor in zip(inputs + outputs, tensors, strict=True):
        upper, item = label.upper(), np.dtype(tensor.dtype).itemsize
        where = f"(char *)malloc({macro}_{upper}_BYTES + {item}) + {item}"  # no better aligned than its type asks for
        allocate.append(f"    {label} = {f'(char *)arena + {macro}_{upper}_OFFSET' if in_arena else where};")
    read = []
    for position, label in enumerate(inputs):
        size = f"{macro}_{label.upper()}_BYTES"
        read.append(f"        if (fread({label}, 1, {size}, stdin) != {size}) return {1 if position else 0};")
    if not in_arena:  # noise in the outputs as well: nothing may depend on what they held
        read += [f"        memset({label}, 0x5a, {macro}_{label.upper()}_BYTES);" for label in outputs]
    write = [f"        fwrite({label}, 1, {macro}_{label.upper()}_BYTES, stdout);" for label in outputs]
    return _MAIN.format(
        name=compiled.name,
        macro=macro,
        declare="\n".join(f"static void *{label};" for label in inputs + outputs),
        allocate="\n".join(allocate),
        has_state=int(bool(compiled.graph.variables)),
        reset=f"        if (sample == 0 && {compiled.name}_reset(arena) != 0) return 4;"
        if compiled.graph.variables
        else "",
        read="\n".join(read),
        arguments="arena" if in_arena else ", ".join([*inputs, *outputs, "arena_bytes ? arena : NULL"]),
        write="\n".join(write),
    )


def _labels(kind: str, count: int) -> list[str]:
    return [kind] if count == 1 else [f"{kind}_{position}" for position in range(count)]
