"""Options of train and distill, given by name: which are the training's, which the method's, and their ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, Literal

from edgekd.config import Network
from edgekd.distill.methods import Method, method_of, options_of
from edgekd.distill.training import Training
from edgekd.errors import InputError

_LIMITS: dict[str, tuple[type | tuple[type, ...], float, float]] = {
    "epochs": (int, 1, 1e6),
    "batch_size": (int, 1, 1e6),
    "learning_rate": ((int, float), 1e-9, 100),
    "weight_decay": ((int, float), 0, 1),
    "label_smoothing": ((int, float), 0, 1),
    "patience": (int, 1, 1e6),
    "seed": (int, 0, 2**63 - 1),
}
_CHOICES = {
    "optimizer": ("sgd", "adamw"),
    "select": ("last", "validation"),
    "precision": ("float32", "bfloat16"),
}
_TRAINING = [field.name for field in fields(Training)]


def training_of(options: dict[str, Any], others: list[str] | None = None) -> Training:
    """Options as Training. others: names to suggest beside its own. Raises InputError for what does not fit."""
    for name in options:
        if name not in _TRAINING:
            known = [*_TRAINING, *(others or [])]
            near = get_close_matches(name, known, n=1)
            raise InputError(f"unknown option {name!r}", f"did you mean {near[0]}?" if near else ", ".join(known))
    training = Training(**options)
    for name, (kind, least, most) in _LIMITS.items():
        value: Any = getattr(training, name)
        if name == "patience" and value is None:
            continue
        right_kind = isinstance(value, kind) and not isinstance(value, bool)
        if not (right_kind and least <= value <= most):
            raise InputError(f"{name} is {value!r}", f"it must be from {least:g} to {most:g}")
    for name, choices in _CHOICES.items():
        if getattr(training, name) not in choices:
            raise InputError(f"{name} is {getattr(training, name)!r}", "one of " + ", ".join(choices))
    return training


def training_and_method(
    method: str | Method | type[Method] | Callable[..., Any], options: dict[str, Any]
) -> tuple[Training, Method]:
    """The training and the method that options are of: each name belongs to one of them."""
    own = options_of(method)
    of_training = {name: value for name, value in options.items() if name not in own}
    made = method_of(method, {name: value for name, value in options.items() if name in own})
    return training_of(of_training, own), made


def training_of_network(network: Network, seed: int, select: Literal["last", "validation"]) -> Training:
    """What a recipe says of a network's training. select: of the recipe's [distill]."""
    return Training(
        epochs=network.epochs,
        batch_size=network.batch_size,
        learning_rate=network.learning_rate,
        weight_decay=network.weight_decay,
        optimizer=network.optimizer,
        select=select,
        patience=network.patience,
        precision=network.precision,
        seed=seed,
    )
