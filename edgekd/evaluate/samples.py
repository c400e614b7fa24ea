"""What is streamed through the board: test samples of a file, or seeded noise for a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.compiler.graph import Tensor
from edgekd.convert.quantize_io import model_input
from edgekd.data.dataset import check_labels, check_samples
from edgekd.data.npz import read_npz
from edgekd.errors import InputError

_NOISE_SEED = 20260101


def read_test_set(path: Path, samples: int | None) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """`x_test` and `y_test` of an .npz file, the first `samples` of them (all by default).

    x: (samples, …), float32 in the model's units or int8, channels last. Raises InputError for anything else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file", "save one with numpy.savez(file, x_test=…, y_test=…)")
    parts = read_npz(path, required=("x_test", "y_test"))
    x, y = parts["x_test"], parts["y_test"]
    check_samples(f"{path}: x_test", x)
    check_labels(f"{path}: y_test", y, classes=None)
    if len(x) != len(y):
        raise InputError(f"{path}: x_test has {len(x)} samples and y_test {len(y)} labels")
    if samples is not None and samples > len(x):
        raise InputError(f"{path}: has {len(x)} test samples, {samples} were asked for", f"--samples {len(x)}")
    count = len(x) if samples is None else samples
    return x[:count], y[:count].astype(np.int64)


def one_sample(inputs: Sequence[Tensor], path: Path | None, index: int) -> list[npt.NDArray[Any]]:
    """One sample as a model with these inputs takes it.

    path: an .npz file with x_test, or an .npy file of one sample or of many, float32 in the model's units or the
    tensor's integers; None: noise, the same every time, for any number of inputs. index: which sample. Raises
    InputError.
    """
    if path is None:
        return noise(inputs, index + 1)[index]
    if len(inputs) != 1:
        raise InputError(f"{path}: has samples for one input, the model has {len(inputs)}", "leave --input out: noise")
    (tensor,) = inputs
    x = read_npz(path, required=("x_test",))["x_test"] if path.suffix == ".npz" else _read_npy(path)
    if x.shape in (tensor.shape, tensor.shape[1:]):
        x = x.reshape(1, *tensor.shape[1:])
    if index >= len(x):
        raise InputError(f"{path}: has {len(x)} samples, none with index {index}")
    return [model_input(x[index : index + 1], tensor)]


def _read_npy(path: Path) -> npt.NDArray[Any]:
    """Raises InputError for a file that is no array of numbers."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)  # mapped: a header cannot ask for memory
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (ValueError, EOFError, TypeError, SyntaxError, OverflowError) as error:
        raise InputError(f"{path}: not an .npy file, or damaged: {error}", "save it again with numpy.save") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or array.ndim == 0:
        raise InputError(f"{path}: holds no array of numbers", "save one with numpy.save, or x_test with numpy.savez")
    return np.array(array)


def noise(inputs: Sequence[Tensor], samples: int) -> list[list[npt.NDArray[Any]]]:
    """`samples` inputs of uniform noise over each tensor's whole range, the same every time.

    Returns noise[sample][input], in the tensors' own shapes and types.
    """
    random = np.random.default_rng(_NOISE_SEED)
    return [[_noise(random, tensor) for tensor in inputs] for _ in range(samples)]


def _noise(random: np.random.Generator, tensor: Tensor) -> npt.NDArray[Any]:
    if tensor.dtype == "float32":
        return random.standard_normal(tensor.shape, dtype=np.float32)
    if tensor.dtype == "bool":
        return random.integers(0, 2, tensor.shape).astype(np.bool_)
    limits = np.iinfo(tensor.dtype)
    return random.integers(limits.min, limits.max, tensor.shape, np.dtype(tensor.dtype), endpoint=True)
