"""Which options of a student are tried: the recipe's, or those of its family."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from edgekd.config import Options, Range, Recipe, Search
from edgekd.errors import InputError
from edgekd.models import maker_of

if TYPE_CHECKING:
    from optuna import Trial

# By family: its size in channels and layers, its kernels, and the resolution it looks at (`pool`, `full_resolution`).
DEFAULTS: dict[str, dict[str, Any]] = {
    "student_cnn": {
        "width": {"low": 4, "high": 24, "step": 2},
        "depth": {"low": 1, "high": 3},
        "kernel": [3, 5],
        "full_resolution": [False, True],
    },
    "residual_cnn": {
        "widths": [[8, 12, 20], [12, 16, 32], [16, 22, 40], [20, 28, 48]],
        "blocks": {"low": 0, "high": 4},
    },
    "ds_cnn": {
        "width": {"low": 8, "high": 64, "step": 8},
        "blocks": {"low": 1, "high": 5},
        "kernel": [[10, 4], [6, 4], [4, 4], [3, 3]],
    },
    "mobilenet": {"alpha": [0.125, 0.25, 0.375, 0.5], "blocks": {"low": 5, "high": 13}, "pool": [1, 2]},
    "resnet8": {"width": {"low": 4, "high": 24, "step": 4}, "pool": [1, 2]},
    "conv1d": {
        "widths": [[8], [16], [8, 16], [16, 24], [8, 16, 24], [16, 24, 32], [24, 32, 48], [16, 24, 32, 48]],
        "kernel": [3, 5, 7, 9],
    },
    "mlp": {"hidden": [[8], [16], [32], [64], [128], [16, 16], [32, 16], [32, 32], [64, 32], [128, 64]]},
}


class Space:
    """The options searched. Raises InputError when there are none, or the student has no such option."""

    def __init__(self, recipe: Recipe) -> None:
        self._student = recipe.student
        self._searched = dict(recipe.search.options or _defaults(recipe.student.model))
        _check(recipe.student.model, self._searched)

    def description(self) -> dict[str, Any]:
        """The options and their values, as JSON."""
        return {
            name: values.model_dump(mode="json") if isinstance(values, Range) else values
            for name, values in self._searched.items()
        }

    def recipes_own(self) -> dict[str, Any] | None:
        """The recipe's own student as parameters of an Optuna trial; None when it is not among those searched."""
        params: dict[str, Any] = {}
        usual = {name: parameter.default for name, parameter in _parameters(self._student.model).items()}
        for name, values in self._searched.items():
            value = self._student.options.get(name, usual.get(name))
            value = list(value) if isinstance(value, tuple) else value
            if isinstance(values, list):
                if value not in values:
                    return None
                params[name] = json.dumps(value)
            elif isinstance(value, int | float) and _is_in(values, value):
                params[name] = value
            else:
                return None
        return params

    def suggest(self, trial: Trial) -> Options:
        """All options of the candidate of an Optuna trial: those searched, and the others as the recipe has them."""
        return {**self._student.options, **{name: _suggested(trial, name, of) for name, of in self._searched.items()}}


def _is_in(values: Range, value: float) -> bool:
    steps = (value - values.low) / values.step if values.step else 0.0
    return values.low <= value <= values.high and abs(steps - round(steps)) < 1e-9


def _suggested(trial: Trial, name: str, values: Range | list[Any]) -> Any:
    if isinstance(values, list):
        # Optuna keeps numbers and texts, and not lists: a choice is kept as its JSON.
        chosen = trial.suggest_categorical(name, list(dict.fromkeys(json.dumps(value) for value in values)))
        return json.loads(chosen)
    low, high, step = values.low, values.high, values.step
    if isinstance(low, int) and isinstance(high, int) and (step is None or isinstance(step, int)):
        return trial.suggest_int(name, low, high, step=step or 1, log=values.log)
    return trial.suggest_float(name, low, high, step=step, log=values.log)


def _defaults(model: str) -> Mapping[str, Any]:
    if model not in DEFAULTS:
        raise InputError(
            f"model {model} has no default ranges to search",
            "say them in the recipe, for example [search.options] width = { low = 4, high = 16 }",
            "families that have some: " + ", ".join(DEFAULTS),
        )
    return Search.model_validate({"options": DEFAULTS[model]}).options


def _check(model: str, searched: Mapping[str, Any]) -> None:
    parameters = _parameters(model)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()) or not parameters:
        return
    for name in searched:
        if name not in parameters:
            known = list(parameters)
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "it has " + ", ".join(known)
            raise InputError(f"search.options: model {model} has no option {name!r}", hint)


def _parameters(model: str) -> Mapping[str, inspect.Parameter]:
    """Of the function that makes the network; none where it does not show them, and says itself what it takes."""
    try:
        return inspect.signature(maker_of(model)).parameters
    except (TypeError, ValueError):
        return {}
