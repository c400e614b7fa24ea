"""Teachers in Keras files (.keras, .h5), loaded without running code from the file."""

from __future__ import annotations

import importlib
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgekd.distill.teachers.layout import arranged_as, layout_of
from edgekd.distill.teachers.member import Member, Teacher
from edgekd.errors import InputError, ToolError
from edgekd.files import sha256_of

_BATCH = 512
_MOST_BYTES = 16 << 20  # of the description of the layers


class KerasMember(Member):
    """A network with one input and one output, (batch, classes), channels last as Keras has them.

    Raises InputError for damaged files and for those that hold code: Lambda layers and classes that are not Keras' own.
    """

    def __init__(self, spec: Teacher, title: str, path: Path) -> None:
        super().__init__(spec, f"{title} ({path})")
        self._path = path
        if not path.is_file():
            raise InputError(f"{self.title}: no such file")
        keras = _keras()
        _refuse_code(path, self.title)
        try:
            self._model = keras.saving.load_model(str(path), compile=False, safe_mode=True)
            shape = self._model.input_shape
        except Exception as error:  # whatever a hostile or damaged file makes Keras, h5py and zipfile raise
            raise InputError(
                f"{self.title} is not a Keras network, or damaged: {str(error).splitlines()[0][:300]}",
                "layers must be Keras' own; custom code in a file is never run",
            ) from None
        if isinstance(shape, (list, dict)) and not isinstance(shape, tuple):
            raise InputError(f"{self.title} has several inputs", "a teacher has one")
        self._shape = tuple(shape)

    def answers(self, x: Tensor) -> Tensor:
        declared = list(self._shape[1:])
        layout = self.spec.layout or ("channels-last" if None in declared else layout_of(declared, x, self.title))
        seen = arranged_as(x, layout)
        try:
            said = [self._model.predict_on_batch(np.ascontiguousarray(piece)) for piece in torch.split(seen, _BATCH)]
            return torch.cat([torch.from_numpy(np.array(piece, np.float32)) for piece in said])
        except Exception as error:  # of whichever framework Keras runs on
            raise InputError(
                f"{self.title} does not take samples of shape {list(seen.shape[1:])}: "
                f"{str(error).splitlines()[0][:300]}",
                f"it declares {list(self._shape)}; input_size and layout change how it is asked",
            ) from None

    def source_digest(self) -> str:
        keras = _keras()
        return f"{sha256_of(self._path)} {keras.__version__} {keras.backend.backend()} {self.spec.layout}"


def _keras() -> Any:
    """Keras, on torch unless it was imported before: tensorflow would take seconds and half a gigabyte."""
    if "keras" in sys.modules:
        return sys.modules["keras"]
    before = os.environ.get("KERAS_BACKEND")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        return importlib.import_module("keras")
    except ImportError:
        raise ToolError(
            "a teacher in a Keras file needs keras, which is not installed",
            "install it: pip install 'edgekd[teachers]'",
        ) from None
    finally:
        if before is None:
            os.environ.pop("KERAS_BACKEND", None)


def _refuse_code(path: Path, title: str) -> None:
    """Raise InputError for a file with a Lambda layer: it holds code. Keras refuses it, too, in other words."""
    try:
        config = _config_of(path)
    except Exception as error:  # see KerasMember
        raise InputError(f"{title} is not a Keras network, or damaged: {str(error).splitlines()[0][:300]}") from None
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("class_name") in ("Lambda", "__lambda__", "TFOpLambda"):
                raise InputError(
                    f"{title} has a Lambda layer: code in a file is never run",
                    "save it again with layers of Keras' own, or export it to ONNX",
                )
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _config_of(path: Path) -> Any:
    """The description of the layers, JSON values."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > _MOST_BYTES:
                raise ValueError("config.json is larger than 16 MiB")
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path, "r") as file:
        config = file.attrs["model_config"]
    return json.loads(config)
