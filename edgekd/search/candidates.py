"""A candidate: one choice of the student's options, and how good it was found to be."""

from __future__ import annotations

import hashlib
import json
import statistics
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edgekd.config import Options

Curve = list[float]


@dataclass(frozen=True)
class Candidate:
    """options: all keyword arguments of the student's network."""

    options: Options

    @cached_property
    def key(self) -> str:
        """The same for the same options, and fit to name a folder."""
        return hashlib.sha256(json.dumps(self.options, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Score:
    """accuracies: percent of the validation set, one a seed; empty when training was ended early. curve: of the first
    seed, one an epoch. weights: file of the first seed's network."""

    accuracies: tuple[float, ...]
    curve: Curve
    weights: Path | None = None

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies)
