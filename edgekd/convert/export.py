"""torch to ONNX, with the checks that make a model convertible: one real tensor in, one out."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgekd.errors import EdgekdError, InputError, ToolError

if TYPE_CHECKING:
    import torch

_OPSET = 17  # the newest that torch's tracing exporter writes and onnx2tf 1.29 was measured with
_PROBES = 8  # calibration samples on which the converted network is compared with torch's


@dataclass(frozen=True, eq=False)
class Probe:
    """What torch computes on a few samples. x: (n, …) channels last; y: (n, …) in torch's layout, both float32."""

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]


def check_calibration(calibration: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The calibration samples as float32. Raises InputError unless they are finite real numbers that vary.

    calibration: (samples, features), (samples, length, channels) or (samples, height, width, channels).
    """
    samples = np.asarray(calibration)
    if not np.issubdtype(samples.dtype, np.floating):
        raise InputError(f"calibration samples are {samples.dtype}, not float32", "give them in the model's own units")
    if samples.ndim not in (2, 3, 4) or 0 in samples.shape:
        raise InputError(
            f"calibration has shape {list(samples.shape)}",
            "samples first, channels last: (samples, height, width, channels), "
            "(samples, length, channels) or (samples, features)",
        )
    if not np.isfinite(samples).all():
        first = int(np.argwhere(~np.isfinite(samples))[0][0])
        raise InputError(f"calibration sample {first} holds NaN or infinity", "remove it, or mend its scaling")
    if samples.min() == samples.max():
        raise InputError(
            f"every calibration value is {samples.flat[0]}", "give real samples: they set the range of each tensor"
        )
    return np.ascontiguousarray(samples, dtype=np.float32)


def channels_first(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, …, C) as torch takes it: (N, C, …)."""
    return np.ascontiguousarray(np.moveaxis(samples, -1, 1))


def export_onnx(model: torch.nn.Module, calibration: npt.NDArray[np.float32], onnx_path: Path) -> Probe:
    """Write `model` in inference mode to `onnx_path` for a batch of one; its input is called "input".

    calibration: checked samples, channels last. `model` itself is left as it is: a copy on the CPU is exported.
    Returns what the model computes on a few of the samples.
    Raises InputError for a model that cannot be converted, naming what is in the way.
    """
    with _one_thread():
        return _export(model, calibration, onnx_path)


def _export(model: torch.nn.Module, calibration: npt.NDArray[np.float32], onnx_path: Path) -> Probe:
    import torch

    if not isinstance(model, torch.nn.Module):
        raise InputError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    from edgekd.distill.quantized import QuantizedNetwork

    plain = model.snapped() if isinstance(model, QuantizedNetwork) else copy.deepcopy(model)
    still = plain.cpu().float().eval()
    x = calibration[:_PROBES]
    outputs = [_run(still, torch.from_numpy(channels_first(sample[None]))) for sample in x]
    if len({output.shape for output in outputs}) > 1:
        raise shape_depends_on_data("output")
    probe = Probe(x, np.concatenate(outputs))
    example = torch.from_numpy(channels_first(x[:1]))
    with _quiet() as said:
        try:
            # The tracing exporter: 0.1 s a model where torch.export takes 3.5 s, for the same .tflite. What tracing
            # may freeze wrongly (a branch on the data) shows when the result is compared with the probe.
            torch.onnx.export(
                still,
                (example,),
                str(onnx_path),
                dynamo=False,
                opset_version=_OPSET,
                input_names=["input"],
                output_names=["output"],
            )
        except torch.onnx.errors.UnsupportedOperatorError as error:
            raise _unsupported(error) from None
        except Exception as error:
            raise InputError(f"torch cannot export the model to ONNX: {_first_line(error)}", *said()) from None
    return probe


def _run(model: torch.nn.Module, x: torch.Tensor) -> npt.NDArray[np.float32]:
    """One sample through the model, checked to be one finite real tensor with a batch of one."""
    import torch

    try:
        with torch.no_grad():
            y = model(x)
    except EdgekdError:
        raise
    except Exception as error:
        raise InputError(
            f"the model fails on an input of shape {list(x.shape)}: {_first_line(error)}",
            "calibration samples must have the shape the model was trained on, channels last",
        ) from None
    if not isinstance(y, torch.Tensor):
        raise InputError(
            f"the model returns a {type(y).__name__}, not one tensor", "return the logits alone when not training"
        )
    if not y.is_floating_point() or y.ndim < 2 or y.shape[0] != 1:
        raise InputError(f"the model returns {y.dtype} of shape {list(y.shape)} for a batch of one, not (1, …) floats")
    if not torch.isfinite(y).all():
        raise InputError("the model computes NaN or infinity on the calibration samples", "train it again: it diverged")
    return y.numpy().astype(np.float32)


def shape_depends_on_data(what: str) -> InputError:
    """The error for a model whose input or output has no fixed shape."""
    return InputError(
        f"the shape of the model's {what} depends on the data",
        "a microcontroller needs fixed shapes: avoid masks as indices, nonzero and unique",
    )


def _unsupported(error: Exception) -> InputError:
    operator = str(error).split("'")
    name = operator[1] if len(operator) > 1 else _first_line(error)
    return InputError(f"the model uses {name}, which ONNX (opset {_OPSET}) does not have", "use another operator")


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Single samples are too small to share: threads that wait for each other take ten times as long."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """Silence the exporter's warnings, prints and log lines. Yields a function: the last of what it printed."""
    heard = io.StringIO()
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            warnings.simplefilter("ignore")
            yield lambda: [line for line in heard.getvalue().splitlines() if line.strip()][-3:]
    finally:
        logger.setLevel(level)


def require_packages() -> None:
    """Raises ToolError when a package that conversion needs is not installed."""
    from importlib.util import find_spec

    needed = ("torch", "onnx", "onnxsim", "onnxruntime", "onnx2tf", "tensorflow", "tf_keras")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ToolError(f"conversion needs {', '.join(missing)}", "install it: pip install 'edgekd[convert]'")
