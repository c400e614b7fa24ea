"""Teachers in ONNX files, asked through ONNX Runtime."""

from __future__ import annotations

import importlib.metadata
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


class OnnxMember(Member):
    """A network with one input and one output, (batch, classes). Raises InputError for other ones and damaged files."""

    def __init__(self, spec: Teacher, title: str, path: Path) -> None:
        super().__init__(spec, f"{title} ({path})")
        self._path = path
        if not path.is_file():
            raise InputError(f"{self.title}: no such file")
        self._session = _session(path, self.title)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise InputError(
                f"{self.title} has {len(inputs)} inputs and {len(outputs)} outputs", "a teacher has one of each"
            )
        self._input = inputs[0]
        if self._input.type != "tensor(float)":
            raise InputError(f"{self.title} takes {self._input.type}", "a teacher takes float32 samples")

    def answers(self, x: Tensor) -> Tensor:
        declared = [side if isinstance(side, int) else None for side in self._input.shape[1:]]
        layout = self.spec.layout or layout_of(declared, x, self.title)
        fixed = self._input.shape[0] if self._input.shape and isinstance(self._input.shape[0], int) else None
        seen = arranged_as(x, layout)
        pieces = [self._run(piece, fixed) for piece in torch.split(seen, fixed or _BATCH)]
        return torch.cat(pieces).float()

    def _run(self, piece: Tensor, fixed: int | None) -> Tensor:
        count = len(piece)
        if fixed is not None and count < fixed:  # a file may be exported for one size of batch
            piece = torch.cat([piece, piece[-1:].expand(fixed - count, *piece.shape[1:])])
        try:
            said = self._session.run(None, {self._input.name: np.ascontiguousarray(piece.numpy())})[0]
        except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
            raise InputError(
                f"{self.title} does not take samples of shape {list(piece.shape[1:])}: "
                f"{str(error).splitlines()[0][:300]}",
                f"it declares {self._input.shape}; input_size and layout change how it is asked",
            ) from None
        said = torch.from_numpy(np.asarray(said))
        return said[:count]

    def source_digest(self) -> str:
        return f"{sha256_of(self._path)} {importlib.metadata.version('onnxruntime')} {self.spec.layout}"


def _session(path: Path, title: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ToolError(
            "a teacher in an ONNX file needs onnxruntime, which is not installed",
            "install it: pip install 'edgekd[teachers]'",
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that spin while they wait starve the training beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # see _run
        raise InputError(f"{title} is not an ONNX network, or damaged: {str(error).splitlines()[0][:300]}") from None
