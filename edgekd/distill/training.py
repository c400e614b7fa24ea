"""The training loop: teachers, students and controls all go through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill import checkpoint as checkpoints
from edgekd.distill.checkpoint import State
from edgekd.distill.feeds import Batch, Feed
from edgekd.distill.inference import accuracy, arranged, device_of, predict
from edgekd.distill.macs import count_macs
from edgekd.distill.schedule import one_cycle
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.soft_targets import soft_targets
from edgekd.distill.threads import suited_threads
from edgekd.errors import EdgekdError, InputError

_GLOBAL = 2  # the place of the global random numbers among the streams of a seed
_MOMENTUM = 0.9
# What torch raises when a network and its input do not fit.
_MISFIT = (RuntimeError, ValueError, TypeError, IndexError, AttributeError)

Loss = Callable[[Tensor, Batch], tuple[Tensor, dict[str, Tensor]]]
Watch = Callable[[float, str], None]


@dataclass(frozen=True)
class Training:
    """How long and how fast: the budget, the same for a student and its control.

    learning_rate: the peak of the one-cycle schedule. optimizer: SGD with Nesterov momentum 0.9, or AdamW.
    weight_decay: of weights, not of biases and normalisation. label_smoothing: of the hard labels, 0 to 1, where
    there is no teacher. select: keep the weights of the last epoch, or of the best on the validation set.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    optimizer: Literal["sgd", "adamw"] = "adamw"  # SGD learns nothing in a net without normalisation at its usual rate
    label_smoothing: float = 0.0
    select: Literal["last", "validation"] = "last"
    seed: int = 0


def hard_loss(label_smoothing: float) -> Loss:
    """Cross-entropy with the labels alone: teachers, controls, plain training."""

    def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return functional.cross_entropy(logits, batch.y, label_smoothing=label_smoothing), {}

    return loss


def distillation_loss(temperature: float, hard_weight: float) -> Loss:
    """Soft targets of the batch's teachers beside the labels, see soft_targets.py."""

    def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        assert batch.soft is not None, "a distilled student's feed has its teachers' answers"
        return soft_targets(logits, batch.soft, batch.y, temperature=temperature, hard_weight=hard_weight)

    return loss


def fit(
    model: nn.Module,
    feed: Feed,
    validation: tuple[Tensor, Tensor],
    training: Training,
    loss: Loss,
    *,
    name: str,
    checkpoint: Path | None = None,
    identity: str = "",
    watch: Watch | None = None,
) -> list[dict[str, float]]:
    """Train `model` in place and return its history, one row an epoch.

    feed: batches. validation: (samples, channels, …) and class indices, for the history and for select. name: what
    the network is called in messages. checkpoint: written after every epoch and resumed from when it is there;
    the final weights are those of a run without interruption. identity: see checkpoint.State. watch: told the share
    done (0 to 1) and a line of text.

    Rows: epoch (from 1), train_loss and, of a student, hard_loss and soft_loss (means of the epoch), val_loss,
    val_accuracy (percent), learning_rate (of the last step), seconds. The module keeps its mode.
    Raises EdgekdError when the loss stops being a number, InputError when network and samples do not fit.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = _optimizer(model, training)
    state = State(identity)
    if checkpoint is not None and (saved := checkpoints.load(checkpoint, identity)) is not None:
        state = saved
        model.load_state_dict(state.model)
        optimizer.load_state_dict(state.optimizer)
    work = count_macs(model, tuple(validation[0].shape[1:])) * training.batch_size
    try:
        with suited_threads(work):
            while state.epoch < training.epochs:
                row = _epoch(model, optimizer, feed, validation, training, loss, state, name, watch)
                _record(state, row, model, optimizer, training)
                if checkpoint is not None:
                    checkpoints.save(state, checkpoint)
        if state.best:
            model.load_state_dict(state.best)
    finally:
        model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for module, mode in modes:
            module.training = mode
    return state.history


def chosen_row(history: list[dict[str, float]], training: Training) -> dict[str, float]:
    """The row of the epoch whose weights are kept; of equal ones on the validation set, the first."""
    if training.select == "last":
        return history[-1]
    return max(history, key=lambda row: row["val_accuracy"])


def _optimizer(model: nn.Module, training: Training) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise InputError("the network has no parameters to train")
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": training.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if training.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=training.learning_rate)
    return torch.optim.SGD(groups, lr=training.learning_rate, momentum=_MOMENTUM, nesterov=True)


def _epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    feed: Feed,
    validation: tuple[Tensor, Tensor],
    training: Training,
    loss: Loss,
    state: State,
    name: str,
    watch: Watch | None,
) -> dict[str, float]:
    """One pass over the training samples and one over the validation samples; returns its row of the history."""
    started = time.monotonic()
    steps = len(feed)
    sums: dict[str, float] = {}
    text = f"{name}, epoch {state.epoch + 1} of {training.epochs}"
    if state.history:
        text += f", validation {state.history[-1]['val_accuracy']:.2f} %"
    rate = 0.0
    with seeded(mixed(training.seed, _GLOBAL, state.epoch)):
        model.train()
        for step, batch in enumerate(feed.epoch(state.epoch)):
            position = state.epoch * steps + step
            rate = one_cycle(position, training.epochs * steps, training.learning_rate)
            for group in optimizer.param_groups:
                group["lr"] = rate
            for key, value in _step(model, optimizer, batch, loss, name).items():
                sums[key] = sums.get(key, 0.0) + value
            _check_finite(sums["train_loss"], name, state.epoch + 1, training)
            if watch is not None:
                watch((position + 1) / (training.epochs * steps), text)
        scores = predict(model, validation[0])
    val_loss = float(functional.cross_entropy(scores, validation[1]))
    _check_finite(val_loss, name, state.epoch + 1, training)
    return {
        "epoch": state.epoch + 1,
        **{key: total / steps for key, total in sums.items()},
        "val_loss": val_loss,
        "val_accuracy": accuracy(scores, validation[1]),
        "learning_rate": rate,
        "seconds": time.monotonic() - started,
    }


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, loss: Loss, name: str) -> dict[str, float]:
    """One step of the optimizer; returns the losses of the batch."""
    device = device_of(model)
    soft = batch.soft.to(device) if batch.soft is not None else None
    on_device = Batch(batch.x.to(device), batch.y.to(device), soft)
    try:
        value, parts = loss(model(arranged(on_device.x)), on_device)
    except _MISFIT as error:
        raise InputError(
            f"{name} cannot be trained on a batch of shape {list(batch.x.shape)}: {str(error).splitlines()[0]}",
            "samples are (batch, channels, height, width); a batch of one sample does not suit batch normalisation",
        ) from error
    optimizer.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {"train_loss": float(value.detach()), **{f"{key}_loss": float(part) for key, part in parts.items()}}


def _record(
    state: State, row: dict[str, float], model: nn.Module, optimizer: torch.optim.Optimizer, training: Training
) -> None:
    state.history.append(row)
    state.epoch += 1
    state.model, state.optimizer = model.state_dict(), optimizer.state_dict()
    if training.select == "validation" and chosen_row(state.history, training) is row:
        state.best = {key: value.detach().clone() for key, value in model.state_dict().items()}


def _check_finite(value: float, name: str, epoch: int, training: Training) -> None:
    if value != value or abs(value) == float("inf"):
        raise EdgekdError(
            f"training of {name} diverged: its loss is {value} in epoch {epoch}",
            f"try a lower learning_rate (it is {training.learning_rate:g}), for example "
            f"{training.learning_rate / 3:.2g}",
            "and check that samples are scaled to about -1 to 1",
        )
