"""What users hand to train and distill, checked and made tensors before any time is spent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from edgekd.data import Dataset
from edgekd.data.dataset import check_labels, check_samples
from edgekd.distill.feeds import samples_and_labels
from edgekd.distill.inference import arranged, device_of, evaluating
from edgekd.distill.seeds import seeded
from edgekd.errors import InputError

_BATCH = 512  # samples taken from a Dataset at once


@dataclass(frozen=True)
class Samples:
    """x: float32 (samples, channels, …). y: int64 class indices, (samples,); all -1 in a set without labels."""

    x: Tensor
    y: Tensor

    @property
    def labelled(self) -> bool:
        return bool((self.y >= 0).all())

    def digest(self) -> str:
        """SHA-256 of the values."""
        digest = self._digest_of_samples()
        digest.update(self.y.numpy().tobytes())
        return digest.hexdigest()

    def samples_digest(self) -> str:
        """SHA-256 of the samples without their labels: of what teachers are asked about."""
        return self._digest_of_samples().hexdigest()

    def _digest_of_samples(self) -> hashlib._Hash:
        digest = hashlib.sha256(repr((tuple(self.x.shape), str(self.x.dtype))).encode())
        digest.update(self.x.contiguous().numpy().tobytes())
        return digest


def channels_first(x: np.ndarray[Any, Any]) -> Tensor:
    """Samples of a Dataset, channels last, as networks take them: (samples, channels, …), float32.

    Raises InputError for int8 samples: they are already quantized for one converted model.
    """
    if x.dtype != np.float32:
        raise InputError(
            f"training needs float32 samples, these are {x.dtype}",
            "int8 samples are quantized for a model that is already converted",
        )
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))


def samples_of(value: Any, where: str, *, unlabelled: bool = False) -> Samples:
    """(x, y) arrays or tensors, or a Dataset or DataLoader of torch read once, as Samples.

    Raises InputError beginning with `where`.

    unlabelled: x alone, or (x, None), will do.
    """
    if unlabelled and isinstance(value, (np.ndarray, Tensor)):
        value = (value, None)
    if unlabelled and isinstance(value, (tuple, list)) and len(value) == 2 and value[1] is None:
        return _checked(value[0], None, where)
    if isinstance(value, TorchDataset):
        value = DataLoader(value, batch_size=_BATCH)
    if isinstance(value, DataLoader):
        pairs = [samples_and_labels(batch) for batch in value]
        if not pairs:
            raise InputError(f"{where}: the DataLoader is empty")
        return _checked(torch.cat([x for x, _ in pairs]), torch.cat([y for _, y in pairs]), where)
    if not (isinstance(value, (tuple, list)) and len(value) == 2):
        raise InputError(
            f"{where} is a {type(value).__name__}",
            "(x, y) arrays, an edgekd.data.Dataset, or a Dataset or DataLoader of torch that gives (x, y)",
        )
    return _checked(value[0], value[1], where)


def parts_of(train: Any, val: Any) -> tuple[Any, Any, Samples | None]:
    """(training data, validation data, test data): a Dataset for either stands for its own parts."""
    test = None
    if isinstance(train, Dataset):
        test = Samples(channels_first(train.x_test), torch.from_numpy(train.y_test))
        if val is None:
            val = train
        train = (channels_first(train.x_train), train.y_train)
    if isinstance(val, Dataset):
        val = (channels_first(val.x_val), val.y_val)
    if val is None:
        raise InputError("there is no validation data", "give val=(x, y), or a Dataset as train")
    return train, val, test


def _checked(x: Any, y: Any, where: str) -> Samples:
    """y: None for samples without labels."""
    x = _array(x, f"{where}: x")
    if x.dtype == np.float64:
        x = x.astype(np.float32)
    _check_float_samples(f"{where}: x", x)
    if y is None:
        y = np.full(len(x), -1)
    else:
        y = _array(y, f"{where}: y")
        check_labels(f"{where}: y", y, classes=None)
    if len(x) != len(y):
        raise InputError(f"{where} has {len(x)} samples and {len(y)} labels")
    # A copy: torch refuses to promise anything about arrays that are read-only or change meanwhile.
    return Samples(torch.from_numpy(np.array(x, order="C")), torch.from_numpy(y.astype(np.int64)))


def _array(value: Any, where: str) -> NDArray[Any]:
    """Raises InputError, beginning with `where`, for what is no array: rows of different lengths, say, or bfloat16."""
    try:
        return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{where} is no array: {str(error).splitlines()[0]}", "give a numpy array, or a torch tensor in float32"
        ) from None


def _check_float_samples(where: str, x: NDArray[Any]) -> None:
    if x.dtype == np.int8:
        raise InputError(f"{where} is {x.dtype}", "training needs float32 samples")
    check_samples(where, x)


def checked_loader(loader: DataLoader[Any], where: str) -> tuple[Tensor, Tensor]:
    """The first batch of a DataLoader, (samples, labels). Raises InputError, beginning with `where`, without one."""
    try:
        batches = len(loader)
    except TypeError:
        raise InputError(
            f"{where}: the DataLoader does not know how many batches it has", "give its Dataset the method __len__"
        ) from None
    if not batches:
        raise InputError(
            f"{where}: the DataLoader is empty", "with drop_last, a batch must not be larger than the data"
        )
    with seeded(0):  # what it draws to begin is not drawn from anybody's random numbers
        x, y = samples_and_labels(next(iter(loader)))
    _check_float_samples(f"{where}: x of a batch", _array(x, f"{where}: x of a batch"))
    return x, y


def check_batch(classes: int, where: str, *, labelled: bool) -> Callable[[Tensor, Tensor], None]:
    """A check of (x, y) batches of a DataLoader: labels in range or none at all, samples finite numbers."""

    def check(x: Tensor, y: Tensor) -> None:
        samples, labels = _array(x, f"{where}: x of a batch"), _array(y, f"{where}: y of a batch")
        _check_float_samples(f"{where}: x of a batch", samples)
        if labelled:
            check_labels(f"{where}: y of a batch", labels, classes)
        elif bool((y >= 0).any()):
            raise InputError(f"{where}: some batches have labels, others none", "give all of them, or none")
        if len(samples) != len(labels):
            raise InputError(f"{where}: a batch has {len(samples)} samples and {len(labels)} labels")

    return check


def classes_of(model: Any, name: str, x: Tensor) -> int:
    """Classes of a network, seen by asking it about the first samples.

    Raises InputError when it is no Module, does not take such samples, or does not answer one row of logits each.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"{name} is a {type(model).__name__}, not a torch.nn.Module")
    try:
        with torch.no_grad(), evaluating(model):
            answer = model(arranged(x[:2].to(device_of(model))))
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"{name} does not take samples of shape {list(x.shape[1:])}: {str(error).splitlines()[0]}",
            "samples are (batch, channels, height, width), or (batch, features) as the arrays given",
        ) from error
    count = min(2, len(x))
    if not isinstance(answer, Tensor) or answer.ndim != 2 or len(answer) != count or answer.shape[1] < 2:
        shape = list(answer.shape) if isinstance(answer, Tensor) else type(answer).__name__
        raise InputError(f"{name} answers {count} samples with {shape}", f"it must return logits, ({count}, classes)")
    return int(answer.shape[1])
