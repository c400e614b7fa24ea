"""Options of train and distill, given by name: which are the training's, which the method's, and their ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, Literal

from edgekd.config import Network
from edgekd.distill.methods import Method, method_of, options_of
from edgekd.distill.training import Training
from edgekd.errors import InputError

_WHOLE = {"epochs": (1, 1_000_000), "batch_size": (1, 1_000_000), "patience": (1, 1_000_000), "seed": (0, 2**63 - 1)}
_REAL = {"learning_rate": (1e-9, 100), "weight_decay": (0, 1), "label_smoothing": (0, 1)}
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
    return Training(**{name: _checked(name, value) for name, value in options.items()})


def _checked(name: str, value: Any) -> Any:
    """The value of an option, numpy's numbers as Python's."""
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InputError(f"{name} is {value!r}", "one of " + ", ".join(_CHOICES[name]))
        return value
    if name == "patience" and value is None:
        return None
    whole = name in _WHOLE
    least, most = _WHOLE[name] if whole else _REAL[name]
    number = not isinstance(value, bool) and isinstance(value, Integral if whole else Real)
    if not number or not least <= value <= most:
        kind, form = ("a whole number", ",") if whole else ("a number", "g")
        raise InputError(f"{name} is {value!r}", f"it must be {kind} from {least:{form}} to {most:{form}}")
    return int(value) if whole else float(value)


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
