"""Runs a .tflite on TensorFlow Lite Micro: the program behind edgekd.convert.tflm, in a process of its own.

    python tflm_worker.py MODEL.tflite INPUTS.npz OUTPUTS.npz ARENA_BYTES

INPUTS.npz holds `input_0`, `input_1`, …: one array for each input of the model, samples first. OUTPUTS.npz gets
`output_0`, … likewise. stdout carries one JSON object a line: {"done": samples}, or at the end {"failed": text}.
TensorFlow Lite Micro itself writes to stderr. Imports nothing of edgekd, so that the parent may start it by path.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any, TextIO

import numpy as np
from tflite_micro.python.tflite_micro import runtime

_REPORT_EVERY_SECONDS = 0.2
_MEMORY_BYTES = 8 << 30  # address space: a damaged file must not take the machine with it


def _open_report() -> TextIO:
    """The real stdout, out of reach of what C++ may print: descriptor 1 now goes where stderr goes."""
    report = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return report


def _details(get: Any) -> list[dict[str, Any]]:
    """Of every input or output: the interpreter offers no count, so ask until there is none left."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            found.append(get(len(found)))
        except IndexError:
            return found


def _check_inputs(given: list[np.ndarray[Any, Any]], wanted: list[dict[str, Any]]) -> None:
    if len(given) != len(wanted):
        raise ValueError(f"the model has {len(wanted)} inputs, {len(given)} were given")
    for position, (array, details) in enumerate(zip(given, wanted, strict=True)):
        shape = tuple(int(n) for n in details["shape"])
        if array.dtype != np.dtype(details["dtype"]):
            raise ValueError(f"input {position} is {np.dtype(details['dtype'])}, {array.dtype} was given")
        if array[0].size != int(np.prod(shape)):
            raise ValueError(f"input {position} has shape {shape}, a sample of shape {array.shape[1:]} was given")


def run(
    model: bytes, given: list[np.ndarray[Any, Any]], arena_bytes: int, report: TextIO
) -> list[np.ndarray[Any, Any]]:
    """Outputs of the model, one array for each, samples first; at least one sample is needed."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)
    inputs = _details(interpreter.get_input_details)
    output_count = len(_details(interpreter.get_output_details))
    _check_inputs(given, inputs)
    samples = len(given[0])
    outputs: list[list[np.ndarray[Any, Any]]] = [[] for _ in range(output_count)]
    reported = time.monotonic()
    for sample in range(samples):
        for position, details in enumerate(inputs):
            interpreter.set_input(given[position][sample].reshape(details["shape"]), position)
        interpreter.invoke()
        for position in range(output_count):
            outputs[position].append(np.array(interpreter.get_output(position)))
        if time.monotonic() - reported > _REPORT_EVERY_SECONDS:
            reported = time.monotonic()
            print(json.dumps({"done": sample + 1}), file=report)
    interpreter.print_allocations()
    return [np.stack(rows) for rows in outputs]


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    report = _open_report()
    model_path, inputs_path, outputs_path, arena_bytes = sys.argv[1:]
    try:
        with open(model_path, "rb") as file:
            model = file.read()
        with np.load(inputs_path, allow_pickle=False) as archive:
            given = [archive[f"input_{position}"] for position in range(len(archive.files))]
        outputs = run(model, given, int(arena_bytes), report)
        np.savez(outputs_path, **{f"output_{position}": array for position, array in enumerate(outputs)})
    except Exception as error:  # whatever it is, the parent tells it to the user
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), file=report)
        sys.exit(3)


if __name__ == "__main__":
    main()
