"""ONNX to int8 .tflite, in a process of its own.

Importing onnx2tf changes the recursion limit, random seeds and the environment, and importing tensorflow takes
seconds: so this runs apart, once for all the models of a run. Called by `process.py`:

    python -P -m edgekd.convert.worker JOBS.json REPORT_FD

JOBS.json: a list of {"name", "onnx", "calibration", "probe_x", "probe_y", "out"} (paths; .npy arrays, channels last,
probe_y in torch's layout) and "levels" (null, or of a network trained with quantization the largest step of a weight:
its scales are kept and the calibration is not used). On REPORT_FD it writes one JSON value a line: {"phase": text,
"done": n, "total": n} as it goes on, {"failed": sentence, "hint": sentence, "logged": bool} before it ends with code 1.
All else that it and its libraries print is a log for people.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekd.convert import onnx_graph, weight_levels
from edgekd.convert.export import shape_depends_on_data

_RECURSION_LIMIT = 10_000  # onnx2tf sets the C int maximum, which turns a deep recursion into a crash
_START = 0.6  # share of the time before the first conversion, for two small models
_TOLERANCE = 1e-3  # of the outputs' range; folding a batch norm costs about 1e-6
_TOLERANCE_IN_STEPS = 0.05  # the same where values are rounded to steps: a tie rounded up moves those after it


class FailureError(Exception):
    """A model that cannot be converted: a sentence for the person who made it, and a remedy.

    logged: what onnx2tf printed before tells more than the sentence does.
    """

    def __init__(self, sentence: str, hint: str, *, logged: bool = False) -> None:
        super().__init__(sentence)
        self.hint = hint
        self.logged = logged


class _Reporter:
    """Writes messages for the parent, and nothing else, to one file descriptor."""

    def __init__(self, descriptor: int, models: int) -> None:
        self._pipe = os.fdopen(descriptor, "w")
        self._models = models

    def start(self, share: float, text: str) -> None:
        """share: of the start, which ends before the first model is converted."""
        self._send({"phase": text, "done": _START * share * self._models, "total": self._models})

    def phase(self, model: int, share: float, text: str) -> None:
        """share: of the conversion of the model of that number."""
        done = _START * self._models + (1.0 - _START) * (model + share)
        self._send({"phase": text, "done": done, "total": self._models})

    def failed(self, failure: FailureError) -> None:
        self._send({"failed": str(failure), "hint": failure.hint, "logged": failure.logged})

    def _send(self, message: dict[str, Any]) -> None:
        self._pipe.write(json.dumps(message) + "\n")
        self._pipe.flush()


def main() -> int:
    faulthandler.enable()
    jobs = json.loads(Path(sys.argv[1]).read_text())
    report = _Reporter(int(sys.argv[2]), len(jobs))
    report.start(0.0, "start the converters")
    try:
        # onnxsim first: it brings its own protobuf and crashes when it is loaded after tensorflow.
        _import("onnx", "onnxsim")
        for job in jobs:
            report.start(0.1, f"{job['name']}: read the ONNX graph")
            _simplify(job)
        report.start(0.2, "start TensorFlow")
        _import("tensorflow", "onnx2tf.onnx2tf", "onnx2tf.ops.QuantizeLinear")
        _keep_scales()
        sys.setrecursionlimit(_RECURSION_LIMIT)
        for number, job in enumerate(jobs):
            _convert(job, number, report)
    except FailureError as failure:
        report.failed(failure)
        raise
    return 0


def _keep_scales() -> None:
    """Let onnx2tf keep the scales of fake-quantized tensors, which it drops: its handler passes values through."""
    import tensorflow as tf
    from onnx2tf.ops import QuantizeLinear as handler  # noqa: N813

    dropping = handler.make_node

    def make_node(*, graph_node: Any, tf_layers_dict: dict[str, Any], **options: Any) -> None:
        dropping(graph_node=graph_node, tf_layers_dict=tf_layers_dict, **options)
        scale, zero_point = (np.asarray(given.values) for given in graph_node.inputs[1:3])
        if scale.size != 1 or zero_point.dtype != np.int8:
            raise FailureError(
                f"{graph_node.name} quantizes to {zero_point.dtype} with {scale.size} scales",
                "fake-quantize activations per tensor, to int8",
            )
        result = tf_layers_dict[graph_node.outputs[0].name]
        result["tf_node"] = tf.quantization.fake_quant_with_min_max_args(
            result["tf_node"],
            min=float((-128 - int(zero_point)) * scale.reshape(())),
            max=float((127 - int(zero_point)) * scale.reshape(())),
        )

    handler.make_node = make_node


def _import(*names: str) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise FailureError(f"{name} cannot be imported: {error}", "pip install 'edgekd[convert]'") from error


def _simplify(job: dict[str, Any]) -> None:
    """Put a simplified copy of the graph, with every shape known, beside it: onnx2tf may rewrite what it reads."""
    import onnx
    from onnxsim import simplify

    exported = onnx.load(job["onnx"])
    simplified, equal = simplify(exported)
    graph = simplified if equal else exported
    for value in (*graph.graph.input, *graph.graph.output):
        if any(dimension.dim_value < 1 for dimension in value.type.tensor_type.shape.dim):
            error = shape_depends_on_data(value.name)
            raise FailureError(error.message, *error.hints)
    layer = onnx_graph.recurrent(graph.graph)
    if layer is not None:
        raise FailureError(
            f"{layer}: recurrent layers cannot be converted, but their cells can",
            "call nn.LSTMCell, nn.GRUCell or nn.RNNCell in forward(), once for each of a fixed number of steps",
        )
    onnx_graph.rewrite(graph.graph)
    onnx.save(graph, str(_simplified(job)))


def _simplified(job: dict[str, Any]) -> Path:
    return Path(job["onnx"]).with_suffix(".simplified.onnx")


def _convert(job: dict[str, Any], number: int, report: _Reporter) -> None:
    name = job["name"]
    report.phase(number, 0.0, f"{name}: to TensorFlow")
    network = _to_keras(job)
    aware = job["levels"] is not None
    tolerance = _TOLERANCE_IN_STEPS if aware else _TOLERANCE
    _compare(network, np.load(job["probe_x"]), np.load(job["probe_y"]), _simplified(job), tolerance)
    calibration = np.load(job["calibration"])
    report.phase(number, 0.3, f"{name}: calibrate")

    def samples() -> Iterator[list[npt.NDArray[np.float32]]]:
        for index in range(len(calibration)):
            if index % 100 == 0:
                report.phase(number, 0.3 + 0.6 * index / len(calibration), f"{name}: calibrate")
            yield [calibration[index : index + 1]]
        report.phase(number, 0.9, f"{name}: quantize")

    made = _quantized(network, None if aware else samples)
    if aware and job["levels"] < 127:
        made = weight_levels.narrowed(made, job["levels"])
    Path(job["out"]).write_bytes(made)
    report.phase(number, 1.0, f"{name}: converted")


def _to_keras(job: dict[str, Any]) -> Any:
    """The network as a Keras model, channels last."""
    import onnx2tf.onnx2tf as onnx2tf

    # For three-channel inputs onnx2tf would download 20 images (128, 128, 3) to see whether layouts agree.
    onnx2tf.download_test_image_data = lambda: np.random.RandomState(0).rand(20, 128, 128, 3).astype(np.float32)
    try:
        return onnx2tf.convert(
            input_onnx_file_path=str(_simplified(job)),
            output_folder_path=str(Path(job["onnx"]).with_suffix("")),
            not_use_onnxsim=True,
            disable_model_save=True,
            custom_input_op_name_np_data_path=[["input", job["probe_x"], 0.0, 1.0]],  # mean 0, standard deviation 1
        )
    except SystemExit:  # how onnx2tf ends when it has printed what is wrong
        reason = "see what it printed"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    raise FailureError(
        f"onnx2tf cannot convert {job['name']} to TensorFlow: {reason}",
        "the model uses an operator or a layout that onnx2tf does not know",
        logged=True,
    )


def _compare(
    network: Any, x: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], path: Path, tolerance: float
) -> None:
    """Refuse a network that does not compute what torch computed: a wrong layout, or a branch frozen by tracing.

    path: of the ONNX graph it was made of. tolerance: share of the outputs' range.
    """
    fault = "this is a fault of onnx2tf: write the model with other layers"
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        counts = f"{len(network.inputs)} inputs and {len(network.outputs)} outputs"
        raise FailureError(f"the converted network has {counts}, not one each", fault)
    takes = tuple(network.inputs[0].shape)
    if takes != (1, *x.shape[1:]):
        raise FailureError(f"the converted network takes {list(takes)}, a sample is {[1, *x.shape[1:]]}", fault)
    computed = np.concatenate([np.asarray(network(x[n : n + 1])) for n in range(len(x))])
    candidates = [y for y in (np.moveaxis(expected, 1, -1), expected) if y.shape == computed.shape]
    if not candidates:
        returns = f"{list(computed.shape[1:])}, torch {list(expected.shape[1:])}"
        raise FailureError(f"the converted network returns {returns}", fault)
    difference = min(float(np.abs(y - computed).max()) for y in candidates)
    if not difference <= tolerance * max(float(np.ptp(expected)), 1e-6):
        import onnx

        mixed = onnx_graph.ambiguous(onnx.load(path).graph)
        if mixed is not None:
            fault += f"; {mixed} has as many channels as rows and columns, which it mixes up: one more or less may help"
        raise FailureError(
            f"the converted network is not the model: outputs differ by {difference:.3g}",
            f"a branch or a loop that depends on the data cannot be converted; if there is none, {fault}",
        )


def _quantized(network: Any, samples: Any) -> bytes:
    """Per-channel int8 weights, int8 activations, int8 in and out. samples: None where the network has its scales."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    if samples is not None:  # without, TensorFlow must be let free; process.check_int8 sees what it left in float
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = samples
    try:
        return bytes(converter.convert())
    except Exception as error:
        # Of pages of MLIR, the one line "'tf.Erf' op is neither a custom op nor a flex op".
        telling = re.search(r"'tf\.\w+' op .*|.*not yet supported for op.*", str(error))
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise FailureError(
            f"TensorFlow cannot make an int8 model of it: {telling[0] if telling else last}",
            "replace that operator by one that has an int8 form",
            logged=telling is None,
        ) from error


if __name__ == "__main__":
    sys.exit(main())
