"""From a PyTorch teacher to a measured, bit-exact int8 student on a microcontroller.

Each stage is one function; what it needs is imported when it is first used:

    train, distill       networks (torch); Teacher: one of them and how to ask it
    prune                a trained network without the channels that matter least
    quantize_aware       a trained network, fine-tuned in int8 steps where int8 loses accuracy
    convert, verify      torch to int8 .tflite, checked on TensorFlow Lite Micro
    compile              .tflite to C11
    deploy               firmware for a board, built and uploaded
    evaluate, bench      accuracy, speed and memory on the board
    run_recipe           all of it, from a recipe
    exactly              outputs compared in a test's assertion
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgekd.compiler import compile_model as compile
    from edgekd.convert.api import convert, verify
    from edgekd.distill.api import distill, train
    from edgekd.distill.prune import prune
    from edgekd.distill.qat import quantize_aware
    from edgekd.distill.teachers import Teacher
    from edgekd.evaluate.api import bench_model as bench
    from edgekd.evaluate.api import eval_model as evaluate
    from edgekd.evaluate.comparison import exactly
    from edgekd.firmware import deploy
    from edgekd.run import run_recipe

__version__ = "0.1.0"

# Packages of the same name (distill, convert, evaluate) are callable themselves: see stage_package.py.
_HOMES = {
    "train": "edgekd.distill.api:train",
    "distill": "edgekd.distill",
    "prune": "edgekd.distill.prune:prune",
    "quantize_aware": "edgekd.distill.qat:quantize_aware",
    "Teacher": "edgekd.distill.teachers:Teacher",
    "convert": "edgekd.convert",
    "verify": "edgekd.convert.api:verify",
    "compile": "edgekd.compiler:compile_model",
    "deploy": "edgekd.firmware:deploy",
    "evaluate": "edgekd.evaluate",
    "bench": "edgekd.evaluate.api:bench_model",
    "run_recipe": "edgekd.run:run_recipe",
    "exactly": "edgekd.evaluate.comparison:exactly",
}

__all__ = [  # noqa: RUF022 - in the order of the data's way
    "train",
    "distill",
    "prune",
    "quantize_aware",
    "Teacher",
    "convert",
    "verify",
    "compile",
    "deploy",
    "evaluate",
    "bench",
    "run_recipe",
    "exactly",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgekd' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    home = importlib.import_module(module)
    return getattr(home, attribute) if attribute else home
