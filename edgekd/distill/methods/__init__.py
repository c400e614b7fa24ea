"""What a student learns of its teachers: one idea a file, the pure loss function first.

A method is named (`method="dkd"`), made (`method=DKD(alpha=2.0)`) or a function of the user's own
`(student_out, teacher_out, target) -> loss`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict, fields
from difflib import get_close_matches
from typing import Any

from edgekd.distill.feeds import Loss
from edgekd.distill.identity import source_of
from edgekd.distill.methods.attention_transfer import AttentionTransfer
from edgekd.distill.methods.base import Method, Setting
from edgekd.distill.methods.born_again import BornAgain
from edgekd.distill.methods.crd import CRD
from edgekd.distill.methods.dist import DIST
from edgekd.distill.methods.dkd import DKD
from edgekd.distill.methods.fitnets import FitNets
from edgekd.distill.methods.function_matching import FunctionMatching
from edgekd.distill.methods.logit_standardization import LogitStandardization
from edgekd.distill.methods.mutual import Mutual
from edgekd.distill.methods.rkd import RKD
from edgekd.distill.methods.similarity_preserving import SimilarityPreserving
from edgekd.distill.methods.soft_targets import SoftTargets
from edgekd.distill.methods.user import User
from edgekd.errors import InputError

__all__ = [
    "CRD",
    "DIST",
    "DKD",
    "METHODS",
    "RKD",
    "AttentionTransfer",
    "BornAgain",
    "FitNets",
    "FunctionMatching",
    "LogitStandardization",
    "Loss",
    "Method",
    "Mutual",
    "Setting",
    "SimilarityPreserving",
    "SoftTargets",
    "User",
    "identity_of_method",
    "method_of",
    "options_of",
]

METHODS: dict[str, type[Method]] = {
    kind.name: kind
    for kind in (
        SoftTargets,
        LogitStandardization,
        DKD,
        DIST,
        FitNets,
        AttentionTransfer,
        SimilarityPreserving,
        RKD,
        CRD,
        Mutual,
        BornAgain,
        FunctionMatching,
    )
}


def method_of(method: str | Method | type[Method] | Callable[..., Any], options: dict[str, Any]) -> Method:
    """A method from its name, a specification or a function, with options of its own by name.

    A name with a colon is a function of the user's own, `package.module:function`. Raises InputError for names and
    options that are not known and for values out of range.
    """
    if isinstance(method, Method):
        if options:
            raise InputError(
                f"{', '.join(options)}: options beside a method that is already made",
                f"{type(method).__name__}({', '.join(f'{name}=…' for name in options)})",
            )
        return method
    if isinstance(method, str) and ":" in method:
        method = _imported(method)
    kind = _kind(method)
    known = options_of(method)
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise InputError(
                f"{kind.name} has no option {name!r}",
                f"did you mean {near[0]}?" if near else "options: " + ", ".join(known),
            )
    if kind is User:
        return User(loss=method, **options)  # type: ignore[arg-type]
    return kind(**options)


def options_of(method: str | Method | type[Method] | Callable[..., Any]) -> list[str]:
    """Names of the options that a method takes; none for one that is already made."""
    if isinstance(method, Method):
        return []
    kind = User if isinstance(method, str) and ":" in method else _kind(method)
    return [one.name for one in fields(kind) if one.name != "loss"]


def identity_of_method(method: Method) -> list[Any]:
    """JSON values that change exactly when the method does; a function of the user's own counts with its source."""
    values = asdict(method)
    if isinstance(method, User):
        values["loss"] = source_of(method.loss)
    return [method.name, values]


def _kind(method: Any) -> type[Method]:
    if isinstance(method, type) and issubclass(method, Method):
        return method
    if callable(method) and not isinstance(method, (str, type)):
        return User
    name = method.replace("_", "-") if isinstance(method, str) else ""
    if name not in METHODS:
        near = get_close_matches(name, METHODS, n=1)
        raise InputError(
            f"no method is called {method!r}" if isinstance(method, str) else f"the method is {method!r}",
            f"did you mean {near[0]!r}?" if near else "methods: " + ", ".join(METHODS),
            "your own: a function (student_out, teacher_out, target) -> loss",
        )
    return METHODS[name]


def _imported(place: str) -> Callable[..., Any]:
    module, _, attribute = place.partition(":")
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"method {place}: {error}", "the module must be importable: check PYTHONPATH") from None
    if not callable(function) or isinstance(function, type):
        raise InputError(f"method {place} is no function", "name a function (student_out, teacher_out, target) -> loss")
    return function
