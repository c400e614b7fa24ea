"""Speed and memory of the model on a board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgekd.errors import DeviceError, InputError
from edgekd.evaluate.answers import Answers
from edgekd.evaluate.layers import check_against_timer, layer_costs, trace_inference
from edgekd.evaluate.metrics import per_inference
from edgekd.evaluate.samples import noise
from edgekd.firmware import Deployment
from edgekd.progress import Progress, silent

if TYPE_CHECKING:
    from edgekd.compiler.plan import Optimize
    from edgekd.evaluate.under_test import BoardUnderTest


def measure(
    under_test: BoardUnderTest,
    deployment: Deployment,
    samples: int,
    *,
    optimize: Optimize = "balanced",
    layers: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """What `samples` inferences of seeded noise take, every output byte compared.

    deployment: the build that the board runs, of which sizes are; optimize: what it was made for. layers: what each
    layer costs, too; see edgekd.evaluate.layers. Returns JSON values. Raises InputError, DeviceError.
    """
    if samples < 1:
        raise InputError(f"{samples} samples measure nothing")
    running = under_test.device.info.build_id
    if running != deployment.build_id:
        raise DeviceError(
            f"{under_test.board.name}: the board runs build {running}, and the sizes would be those of "
            f"{deployment.build_id}",
            f"flash it first: edgekd deploy {under_test.model} --board {under_test.board.name} --port PORT",
        )
    inputs = noise(under_test.graph.inputs, samples)
    answers = under_test.stream(inputs, progress)
    flash = deployment.sizes.flash
    result = {
        "model": str(under_test.model),
        "model_sha256": deployment.model_sha256,
        "board": under_test.board.name,
        "engine": under_test.engine,
        "optimize": optimize,
        "samples": samples,
        "bit_exact": under_test.compare(inputs, answers.outputs),
        "per_inference": per_inference(answers.ticks, under_test.board, emulated=under_test.emulated),
        "flash_bytes": {"weights": flash.weights, "engine": flash.engine, "total": flash.total},
        "ram_bytes": _ram_bytes(deployment.sizes.ram.static, answers),
        "link": answers.link,
    }
    if layers:
        traced = trace_inference(deployment, inputs[0])
        check_against_timer(traced, answers.ticks[0], under_test.board)
        result["layers"] = layer_costs(deployment, traced)
    return result


def _ram_bytes(static: int, answers: Answers) -> dict[str, int]:
    """RAM in bytes: the arena with input and output buffers, other statics of model and engine, stack of inference."""
    parts = {"arena": answers.arena_bytes, "static": static, "stack": answers.stack_bytes}
    return {**parts, "total": sum(parts.values())}
