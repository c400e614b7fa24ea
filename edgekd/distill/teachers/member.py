"""One teacher as it is asked: whatever it is made of, samples in, one row of logits a sample out.

A teacher may see samples at a size and in units of its own, know only some of the classes, and answer in
probabilities; here it becomes comparable with the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.identity import module_digest
from edgekd.distill.inference import arranged, device_of, evaluating, predict
from edgekd.errors import InputError

_SUM_TOLERANCE = 1e-3  # of the probabilities of a row, in float32 or float16


@dataclass(frozen=True)
class Teacher:
    """A teacher and how to ask it.

    source: a torch.nn.Module; the path of an ONNX file (.onnx), of a Keras model (.keras, .h5) or of stored logits
    (.npz, .npy, see stored.py); or an array of logits of the training set, (samples, classes).
    weight: its share in an ensemble, against the others' weights. classes: the student's class of each of its outputs,
    where it knows only some of them. input_size: (height, width) it wants images at. mean, std: one number or one a
    channel; it sees (x - mean) / std. outputs: logits, probabilities, or whichever its answers look like. layout: of
    the samples a file takes, channels first or last; by its declared shape when left out. precision: of a module's
    arithmetic, bfloat16 (autocast) where the machine is faster at it.
    """

    source: Any
    weight: float = 1.0
    classes: Sequence[int] | None = None
    input_size: tuple[int, int] | None = None
    mean: float | Sequence[float] = 0.0
    std: float | Sequence[float] = 1.0
    outputs: Literal["auto", "logits", "probabilities"] = "auto"
    layout: Literal["channels-first", "channels-last"] | None = None
    precision: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        if not (isinstance(self.weight, Real) and not isinstance(self.weight, bool) and 0.0 < self.weight < 1e9):
            raise InputError(f"a teacher's weight is {self.weight!r}", "a number above 0")
        for name in ("mean", "std"):
            try:
                numbers = torch.as_tensor(getattr(self, name), dtype=torch.float32)
            except (TypeError, ValueError, RuntimeError):
                numbers = torch.empty(0)
            good = numbers.ndim <= 1 and numbers.numel() > 0 and bool(numbers.isfinite().all())
            if not good or (name == "std" and bool((numbers <= 0).any())):
                above = ", above 0" if name == "std" else ""
                raise InputError(
                    f"a teacher's {name} is {getattr(self, name)!r}", f"one number, or one a channel{above}"
                )
        if self.input_size is not None and not _are_whole(self.input_size, count=2, least=1):
            raise InputError(f"a teacher's input_size is {self.input_size!r}", "(height, width), each 1 or more")
        if self.classes is not None and not _are_whole(self.classes):
            raise InputError(f"a teacher's classes is {self.classes!r}", "a list: the student's class of each output")
        if self.outputs not in ("auto", "logits", "probabilities"):
            raise InputError(f"a teacher's outputs is {self.outputs!r}", "auto, logits or probabilities")
        if self.layout not in (None, "channels-first", "channels-last"):
            raise InputError(f"a teacher's layout is {self.layout!r}", "channels-first or channels-last")
        if self.precision not in ("float32", "bfloat16"):
            raise InputError(f"a teacher's precision is {self.precision!r}", "float32 or bfloat16")
        if self.precision != "float32" and not isinstance(self.source, nn.Module):
            raise InputError("a teacher's precision is for modules: files and stored answers have their own")


class Member:
    """Base: a teacher that can be asked. title: what it is called in messages."""

    def __init__(self, spec: Teacher, title: str) -> None:
        self.spec, self.title = spec, title
        self.probabilities = spec.outputs == "probabilities"  # "auto" is settled by `settle`
        self.classes: int | None = None  # of the student, see `settle`

    def answers(self, x: Tensor) -> Tensor:
        """Its own outputs for prepared samples: (samples, outputs), on the CPU, float32."""
        raise NotImplementedError

    def source_digest(self) -> str:
        """SHA-256 of the network and its weights."""
        raise NotImplementedError

    def digest(self) -> str:
        """SHA-256 of all that decides its answers."""
        spec = self.spec
        whole = [None if some is None else [int(one) for one in some] for some in (spec.classes, spec.input_size)]
        how = [*whole, _plain(spec.mean), _plain(spec.std), spec.precision]
        text = json.dumps([self.source_digest(), *how, self.probabilities, self.classes])
        return hashlib.sha256(text.encode()).hexdigest()

    def prepared(self, x: Tensor) -> Tensor:
        """Samples as this teacher wants to see them. x: (samples, channels, …)."""
        spec = self.spec
        if spec.input_size is not None:
            if x.ndim != 4:
                raise InputError(f"{self.title}: input_size is for images, samples have the shape {list(x.shape[1:])}")
            if tuple(x.shape[2:]) != tuple(spec.input_size):
                x = functional.interpolate(
                    x, size=tuple(spec.input_size), mode="bilinear", align_corners=False, antialias=True
                )
        if spec.mean == 0.0 and spec.std == 1.0:
            return x
        return (x - self._by_channel(spec.mean, x)) / self._by_channel(spec.std, x)

    def ask(self, x: Tensor) -> Tensor:
        """Logits for the student's classes, (samples, classes), on the CPU; -inf for a class it does not know."""
        return self.placed(self.answers(self.prepared(x)))

    def settle(self, x: Tensor, classes: int | None) -> int:
        """Find out what the outputs are by asking about some samples; returns the number of the student's classes.

        classes: of the student, None to take the teacher's own. Raises InputError when they do not fit.
        """
        said = self.answers(self.prepared(x))
        self._check(said, len(x))
        return self.settle_by(said, classes)

    def settle_by(self, said: Tensor, classes: int | None) -> int:
        if self.spec.outputs == "auto":
            self.probabilities = looks_like_probabilities(said)
        elif self.probabilities and not looks_like_probabilities(said):
            raise InputError(f"{self.title}: outputs do not look like probabilities", 'set outputs = "logits"')
        outputs = said.shape[-1]
        known = self.spec.classes
        if known is None:
            if classes is not None and outputs != classes:
                raise InputError(
                    f"{self.title} has {outputs} classes, the student {classes}",
                    "both need the same classes; classes=[…] says which of them a teacher's outputs are",
                )
            self.classes = outputs
            return outputs
        self.classes = classes if classes is not None else max(known) + 1
        good = all(0 <= k < self.classes for k in known) and len(set(known)) == len(known)
        if not good or len(known) != outputs:
            raise InputError(
                f"{self.title}: classes is {list(known)}, for {outputs} outputs and {self.classes} classes",
                "one different class of the student, from 0, for each output",
            )
        return self.classes

    def placed(self, said: Tensor) -> Tensor:
        """Its outputs as logits in the student's classes."""
        if self.probabilities:
            said = said.clamp_min(torch.finfo(torch.float32).tiny).log()
        if self.spec.classes is None:
            return said
        assert self.classes is not None, "settle comes first"
        logits = torch.full((*said.shape[:-1], self.classes), -torch.inf)
        logits[..., list(self.spec.classes)] = said
        return logits

    def known(self) -> Tensor:
        """Which of the student's classes it knows: bool, (classes,)."""
        assert self.classes is not None, "settle comes first"
        known = torch.ones(self.classes, dtype=torch.bool)
        if self.spec.classes is not None:
            known[:] = False
            known[list(self.spec.classes)] = True
        return known

    def _by_channel(self, value: float | Sequence[float], x: Tensor) -> Tensor:
        numbers = torch.as_tensor(value, dtype=x.dtype, device=x.device).reshape(-1)
        if len(numbers) not in (1, x.shape[1]):
            raise InputError(
                f"{self.title}: {len(numbers)} numbers of mean or std for {x.shape[1]} channels",
                "one number, or one a channel",
            )
        return numbers.reshape(1, -1, *[1] * (x.ndim - 2))

    def _check(self, said: Any, count: int) -> None:
        if not isinstance(said, Tensor) or said.ndim != 2 or len(said) != count or said.shape[1] < 2:
            shape = list(said.shape) if isinstance(said, Tensor) else type(said).__name__
            raise InputError(
                f"{self.title} answers {count} samples with {shape}", f"it must return logits, ({count}, classes)"
            )
        if not bool(said.isfinite().all()):
            raise InputError(f"{self.title} answers with NaN or infinity", "check its weights, mean and std")


class ModuleMember(Member):
    """A torch network; asked in evaluation mode without gradients, it keeps its modes and weights."""

    def __init__(self, spec: Teacher, title: str) -> None:
        super().__init__(spec, title)
        self.module: nn.Module = spec.source

    def answers(self, x: Tensor) -> Tensor:
        try:
            with torch.autocast(device_of(self.module).type, torch.bfloat16, enabled=self.spec.precision == "bfloat16"):
                return predict(self.module, x).float()
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise InputError(
                f"{self.title} does not take samples of shape {list(x.shape[1:])}: {str(error).splitlines()[0]}",
                "samples are (batch, channels, height, width), or (batch, features) as the arrays given",
            ) from error

    def run(self, x: Tensor) -> None:
        """A pass in evaluation mode, for the hooks that take its features. x: a batch of the student's, unprepared."""
        with evaluating(self.module):
            self.module(arranged(self.prepared(x).to(device_of(self.module))))

    def source_digest(self) -> str:
        return module_digest(self.module)


def looks_like_probabilities(said: Tensor) -> bool:
    """Whether rows are at least 0 and add up to 1. said: (…, outputs)."""
    return bool((said >= 0).all()) and bool(((said.sum(dim=-1) - 1.0).abs() < _SUM_TOLERANCE).all())


def _are_whole(values: Any, *, count: int | None = None, least: int | None = None) -> bool:
    """Whether values are whole numbers: so many, and none below `least`."""
    if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
        return False
    if not all(isinstance(one, Integral) and not isinstance(one, bool) for one in values):
        return False
    return count in (None, len(values)) and (least is None or min(values) >= least)


def _plain(value: float | Sequence[float]) -> list[float]:
    return [float(number) for number in torch.as_tensor(value, dtype=torch.float64).reshape(-1)]


def path_of(source: Any) -> Path | None:
    """The path that a teacher's source names, None when it is something else."""
    return Path(source) if isinstance(source, (str, Path)) else None
