"""Networks of a run that are done, and the checkpoints of one that is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from torch import nn

from edgekd.files import sha256_of, whole_file, write_atomically


@dataclass(frozen=True)
class Trained:
    """A network that is done, the file of its weights, and its record.

    record: sha256 (of the file), seed, epoch (whose weights are kept), val_accuracy in percent, seconds, history.
    """

    model: nn.Module
    weights: Path
    record: dict[str, Any]


class Keeper:
    """Keeps networks by name in a folder: NAME.safetensors, and parts/NAME.json, which says what it was made from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, identity: str, model: nn.Module) -> Trained | None:
        """The network `name`, its weights put into `model`; None unless it was made from `identity` and is intact."""
        weights = self._weights(name)
        try:
            kept = json.loads(self._record(name).read_text())
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict) or kept.pop("identity", None) != identity:
            return None
        if "sha256" not in kept or kept["sha256"] != sha256_of(weights):
            return None
        if not (isinstance(kept.get("history"), list) and kept["history"]):
            return None
        load_model(model, str(weights))
        return Trained(model, weights, kept)

    def keep(self, name: str, identity: str, model: nn.Module, record: dict[str, Any]) -> Trained:
        """Write the network `name` and forget its checkpoints. Raises EdgekdError when it cannot be written."""
        weights = self._weights(name)
        with whole_file(weights) as partial:
            try:
                save_model(model, str(partial))
            except SafetensorError as error:  # as it calls a full disk
                raise OSError(str(error)) from None
        record = {"sha256": sha256_of(weights), **record}
        write_atomically(self._record(name), json.dumps({"identity": identity, **record}, indent=2))
        for checkpoint in self._checkpoints(name):
            checkpoint.unlink()
        return Trained(model, weights, record)

    def checkpoint(self, name: str, identity: str) -> Path:
        """Where the training of `identity` is saved; those of a recipe that has changed since are deleted."""
        path = self._record(name).with_name(f"{name}.{identity[:12]}.pt")
        for other in self._checkpoints(name):
            if other != path:
                other.unlink()
        return path

    def _weights(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"

    def _record(self, name: str) -> Path:
        return self._folder / "parts" / f"{name}.json"

    def _checkpoints(self, name: str) -> list[Path]:
        return list((self._folder / "parts").glob(f"{name}.*.pt"))
