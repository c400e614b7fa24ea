"""What TensorFlow Lite Micro computes on the way: its tensors between input and output, of one sample."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from edgekd.convert import tflm
from edgekd.convert.tflm import Array
from edgekd.errors import InputError


def intermediates(model: Path, sample: Sequence[Array], tensors: Sequence[int]) -> dict[int, Array]:
    """Values of tensors of the main subgraph, by index, after one inference.

    sample: an array for each input of the model. tensors: indices; each must be computed by some operator.
    TensorFlow Lite Micro reuses memory, but not that of a graph's outputs: it is given a copy of the model of which
    these tensors are outputs, too. Raises InputError as tflm.run.
    """
    wanted = list(dict.fromkeys(tensors))
    with tempfile.TemporaryDirectory(prefix="edgekd-intermediates-") as folder:
        copy = Path(folder, model.name)
        copy.write_bytes(_with_outputs(model, wanted))
        try:
            (outputs,) = tflm.run(copy, [sample]).outputs
        except InputError as error:
            raise InputError(error.message.replace(str(copy), str(model)), *error.hints) from None
    return dict(zip(wanted, outputs, strict=True))


def _with_outputs(model: Path, tensors: Sequence[int]) -> bytes:
    """The file with these outputs instead of its own."""
    import flatbuffers
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    content = schema.ModelT.InitFromPackedBuf(model.read_bytes(), 0)
    content.subgraphs[0].outputs = list(tensors)
    content.signatureDefs = []  # they name the old outputs, and nothing here reads them
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())
