"""Teachers of which only the answers are there: stored logits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgekd.data.npz import read_npz
from edgekd.distill.teachers.member import Member, Teacher
from edgekd.errors import InputError


class StoredMember(Member):
    """Logits (or probabilities) of the training set, in its order, and of the validation set where they are there.

    An .npz file has them as `train` and `val`, an .npy file or an array those of the training set:
    (samples, outputs), or (views, samples, outputs) of every view of an augmentation, see augment.py.
    """

    def __init__(self, spec: Teacher, title: str, train: NDArray[Any], val: NDArray[Any] | None) -> None:
        super().__init__(spec, title)
        for name in ("input_size", "layout"):
            if getattr(spec, name) is not None:
                raise InputError(f"{title}: {name} is for teachers that are asked, these answers are stored")
        self._train = _checked(train, f"{title}: train")
        self._val = _checked(val, f"{title}: val") if val is not None else None

    def answers(self, x: Tensor) -> Tensor:
        raise InputError(
            f"{self.title} cannot be asked: only its answers to the training samples are stored",
            "use a method and an augmentation that show the student these samples alone, or the network itself",
        )

    def settle(self, x: Tensor, classes: int | None) -> int:
        return self.settle_by(self._train, classes)

    def table(self, views: int, samples: int) -> Tensor:
        """Logits of every view of the training samples: (views, samples, classes). InputError when they do not fit."""
        said = self._train if self._train.ndim == 3 else self._train[None]
        if said.shape[:2] != (views, samples):
            have = f"{said.shape[1]} samples" + (f" in {said.shape[0]} views" if said.shape[0] > 1 else "")
            want = f"{samples}" + (f" in {views} views" if views > 1 else "")
            raise InputError(
                f"{self.title} has answers for {have}, the training set has {want}",
                "they must be of the training samples themselves, in their order"
                + ("; an augmentation needs those of every view" if views > 1 else ""),
            )
        return self.placed(said)

    def validation(self, samples: int) -> Tensor | None:
        """Logits of the validation samples, (samples, classes), None when they are not there."""
        if self._val is None:
            return None
        if self._val.ndim != 2 or self._val.shape != (samples, self._train.shape[-1]):
            raise InputError(
                f"{self.title}: val is {list(self._val.shape)}, the validation set has {samples} samples "
                f"and train {self._train.shape[-1]} outputs"
            )
        return self.placed(self._val)

    def source_digest(self) -> str:
        digest = hashlib.sha256(repr(tuple(self._train.shape)).encode())
        digest.update(self._train.numpy().tobytes())
        return digest.hexdigest()


def stored_member(spec: Teacher, title: str, path: Path) -> StoredMember:
    """Stored logits of a file. Raises InputError when it is missing or damaged."""
    if path.suffix.lower() == ".npz":
        parts = read_npz(path, required=("train",), optional=("val",))
        return StoredMember(spec, f"{title} ({path})", parts["train"], parts.get("val"))
    return StoredMember(spec, f"{title} ({path})", _read_npy(path), None)


def _read_npy(path: Path) -> NDArray[Any]:
    """The array of an .npy file, never unpickled; mapped first, which finds out a header that lies about the size."""
    try:
        return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, EOFError, TypeError, SyntaxError, KeyError) as error:
        raise InputError(
            f"{path}: not an .npy file, or damaged: {str(error).splitlines()[0][:200]}", "save it again with numpy.save"
        ) from None


def _checked(values: NDArray[Any], where: str) -> Tensor:
    if values.ndim not in (2, 3) or not np.issubdtype(values.dtype, np.floating) or values.size == 0:
        raise InputError(
            f"{where} is {values.dtype} {list(values.shape)}", "logits: float, (samples, classes) or with views first"
        )
    if values.shape[-1] < 2:
        raise InputError(f"{where} has {values.shape[-1]} class: a classifier needs two or more")
    if not np.isfinite(values).all():
        wrong = tuple(map(int, np.argwhere(~np.isfinite(values))[0]))
        raise InputError(f"{where}{list(wrong)} is NaN or infinity", "store finite logits")
    return torch.from_numpy(np.array(values, np.float32, order="C"))
