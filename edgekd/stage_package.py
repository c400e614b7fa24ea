"""Lets a stage's package be called as the stage itself: `edgekd.distill(...)` beside `edgekd.distill.api`.

The public API names stages with verbs, and the house names their packages with the same verbs. Importing any
module of such a package binds the package to `edgekd.<verb>`, so the package itself must be what is called.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


def callable_as(package: str, function: str) -> None:
    """Make calling `package` (its __name__) call `function` ("module:name"), imported at the first call."""

    class Stage(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            module, _, name = function.partition(":")
            return getattr(importlib.import_module(module), name)(*args, **kwargs)

    sys.modules[package].__class__ = Stage
