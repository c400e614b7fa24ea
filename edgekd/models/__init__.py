"""Networks: teachers and students, one family a file.

A network takes (batch, channels, height, width) float32, or (batch, channels, steps) or (batch, features), and returns
logits, (batch, classes); an autoencoder returns what it takes.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekd.errors import InputError
from edgekd.files import sha256_of

if TYPE_CHECKING:
    from torch import nn

BUILT_IN = {
    "teacher_cnn": "edgekd.models.convnet:teacher_cnn",
    "student_cnn": "edgekd.models.convnet:student_cnn",
    "residual_cnn": "edgekd.models.residual_cnn:residual_cnn",
    "ds_cnn": "edgekd.models.ds_cnn:ds_cnn",
    "mobilenet": "edgekd.models.mobilenet:mobilenet",
    "resnet8": "edgekd.models.resnet8:resnet8",
    "conv1d": "edgekd.models.conv1d:conv1d",
    "mlp": "edgekd.models.mlp:mlp",
    "autoencoder": "edgekd.models.autoencoder:autoencoder",
}


def resolve(name: str, **options: Any) -> nn.Module:
    """Make a network: a built-in name, or any `package.module:callable` that returns a torch.nn.Module.

    options: its keyword arguments. Raises InputError when it cannot be found, called or is no Module.
    """
    from torch import nn

    maker = maker_of(name)
    try:
        inspect.signature(maker).bind(**options)
    except TypeError as error:
        raise InputError(f"model {name}: {error}", f"it takes {inspect.signature(maker)}") from None
    except ValueError:
        pass  # a callable without a signature says itself what it does not like
    try:
        model = maker(**options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"model {name} cannot be made with {options}: {str(error).splitlines()[0]}",
            f"it takes {inspect.signature(maker)}" if name in BUILT_IN else "look at its options",
        ) from error
    if not isinstance(model, nn.Module):
        raise InputError(f"model {name} returned a {type(model).__name__}", "it must return a torch.nn.Module")
    return model


def options_taken(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of another network's options that this one takes, too. Raises InputError for an unknown name."""
    try:
        parameters = inspect.signature(maker_of(name)).parameters.values()
    except ValueError:  # a callable without a signature
        return dict(options)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return dict(options)
    return {key: value for key, value in options.items() if key in {parameter.name for parameter in parameters}}


def source_digest(name: str) -> str | None:
    """SHA-256 of the file a network of the user's own is written in; None for a built-in one or one without a file."""
    module, colon, _ = name.partition(":")
    if not colon:
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return sha256_of(Path(spec.origin)) if spec and spec.origin else None


def maker_of(name: str) -> Any:
    """The function or class that makes a network. Raises InputError when there is none of this name."""
    place = name if ":" in name else BUILT_IN.get(name)
    if place is None:
        near = get_close_matches(name, BUILT_IN, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "built in: " + ", ".join(BUILT_IN)
        raise InputError(f"no model is called {name!r}", hint, "your own: package.module:callable")
    module, _, attribute = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"model {name}: {error}", "the module must be importable: check PYTHONPATH") from None
    if not callable(found):
        raise InputError(f"model {name} is not callable", "name a function or class that returns a torch.nn.Module")
    return found
