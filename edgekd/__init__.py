"""From a PyTorch teacher to a measured, bit-exact int8 student on a microcontroller.

Each stage is one function; what it needs is imported when it is first used:

    train, distill       networks (torch)
    convert, verify      torch to int8 .tflite, checked on TensorFlow Lite Micro
    compile_model        .tflite to C11
    deploy               firmware for a board, built and uploaded
    eval_model, bench_model  accuracy, speed and memory on the board
    run                  all of it, from a recipe
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgekd.compiler import compile_model
    from edgekd.convert import convert, verify
    from edgekd.distill.api import distill, train
    from edgekd.evaluate import bench_model, eval_model
    from edgekd.firmware import deploy
    from edgekd.run import run

__version__ = "0.1.0"

_HOMES = {
    "train": "edgekd.distill.api",
    "distill": "edgekd.distill.api",
    "convert": "edgekd.convert",
    "verify": "edgekd.convert",
    "compile_model": "edgekd.compiler",
    "deploy": "edgekd.firmware",
    "eval_model": "edgekd.evaluate",
    "bench_model": "edgekd.evaluate",
    "run": "edgekd.run",
}

__all__ = [  # noqa: RUF022 - in the order of the data's way
    "train",
    "distill",
    "convert",
    "verify",
    "compile_model",
    "deploy",
    "eval_model",
    "bench_model",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgekd' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
