"""What tells one training, network or function from another, as digests and texts."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from typing import Any

import torch
from torch import nn

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object in a text: another one in every process


def identity_of(*parts: Any) -> str:
    """A digest of JSON values: equal exactly when all of them are."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def module_digest(model: nn.Module) -> str:
    """SHA-256 of a network's layers, their options and weights, and the source of classes that are not torch's."""
    digest = hashlib.sha256(_ADDRESS.sub("", repr(model)).encode())
    kinds = {type(module) for module in model.modules()}
    for kind in sorted(kinds, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}"):
        if not kind.__module__.startswith("torch."):
            digest.update(source_of(kind).encode())
    for key, value in model.state_dict().items():
        digest.update(f"{key}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def source_of(definition: Any) -> str:
    """A function or class as a text: its name, and its source where there is one."""
    name = f"{getattr(definition, '__module__', '')}.{getattr(definition, '__qualname__', type(definition))}"
    try:
        return name + "\n" + inspect.getsource(definition)
    except (OSError, TypeError):
        return name
