"""The training loop: teachers, students and controls all go through it, and fine-tuning of a student may.

It takes a module, a feed of batches and a loss, and knows nothing of teachers: a loss that trains or remembers
something is a Module, whose weights are trained with the network's and saved in its checkpoints.
"""

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
from edgekd.distill import parallel
from edgekd.distill.checkpoint import State
from edgekd.distill.feeds import Batch, Feed, Loss
from edgekd.distill.inference import accuracy, predict
from edgekd.distill.macs import count_macs
from edgekd.distill.schedule import one_cycle
from edgekd.distill.seeds import mixed, seeded
from edgekd.distill.step import Step, memory_advice
from edgekd.distill.threads import suited_threads
from edgekd.errors import EdgekdError, InputError

_GLOBAL = 2  # the place of the global random numbers among the streams of a seed
_MOMENTUM = 0.9

Watch = Callable[[float, str], None]
Row = dict[str, float]
Log = Callable[[Row], None]
# What a row of the history says of the validation set: from the network's answers and what they should have been.
Judge = Callable[[Tensor, Tensor], Row]


@dataclass(frozen=True)
class Training:
    """How long and how fast: the budget, the same for a student and its control.

    learning_rate: the peak of the one-cycle schedule. optimizer: SGD with Nesterov momentum 0.9, or AdamW.
    weight_decay: of weights, not of biases and normalisation. label_smoothing: of the hard labels, 0 to 1, where
    there is no teacher. select: keep the weights of the last epoch, or of the best on the validation set. patience:
    stop after so many epochs without a better one on the validation set, whose weights are then kept; None for never.
    precision: of the network's own arithmetic; with bfloat16 (autocast) weights and losses stay float32.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    optimizer: Literal["sgd", "adamw"] = "adamw"  # SGD learns nothing in a net without normalisation at its usual rate
    label_smoothing: float = 0.0
    select: Literal["last", "validation"] = "last"
    patience: int | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0

    @property
    def keeps_best(self) -> bool:
        """Whether the weights kept are those of the best epoch on the validation set."""
        return self.select == "validation" or self.patience is not None


def hard_loss(label_smoothing: float) -> Loss:
    """Cross-entropy with the labels alone: teachers, controls, plain training."""

    def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return functional.cross_entropy(logits, batch.y, label_smoothing=label_smoothing), {}

    return loss


def judged_by_class(scores: Tensor, y: Tensor) -> Row:
    """A classifier: cross-entropy and accuracy in percent. scores: logits, (samples, classes); y: class indices."""
    return {"val_loss": float(functional.cross_entropy(scores, y)), "val_accuracy": accuracy(scores, y)}


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
    log: Log | None = None,
    judge: Judge = judged_by_class,
) -> list[Row]:
    """Train `model` in place and return its history, one row an epoch.

    feed: batches. validation: (samples, channels, …) and what `judge` holds the answers against (class indices), for
    the history and for select: the highest val_accuracy, without one the lowest val_loss, is best. name: what
    the network is called in messages. checkpoint: written after every epoch and resumed from when it is there;
    the final weights are those of a run without interruption. identity: see checkpoint.State. watch: told the share
    done (0 to 1) and a line of text. log: told each row of the history, those before a resumption, too.

    Rows: epoch (from 1), train_loss and the loss's parts (hard_loss, soft_loss, …; means of the epoch), val_loss,
    val_accuracy (percent), learning_rate (of the last step), seconds. The module keeps its mode.
    In a process group of torch.distributed each process takes its part of every batch, see parallel.py.
    Raises EdgekdError when the loss stops being a number or memory runs out, InputError when network and samples do
    not fit.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    work = count_macs(model, tuple(validation[0].shape[1:])) * training.batch_size
    try:
        with suited_threads(work):
            fitting = _Fitting(model, feed, validation, training, loss, name, watch, judge)
            return fitting.run(checkpoint, identity, log)
    finally:
        model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        for module, mode in modes:
            module.training = mode


def chosen_row(history: list[Row], training: Training) -> Row:
    """The row of the epoch whose weights are kept; of equal ones on the validation set, the first."""
    if not training.keeps_best:
        return history[-1]
    return max(history, key=lambda row: row.get("val_accuracy", -row["val_loss"]))


class _Fitting:
    """One training under way."""

    def __init__(
        self,
        model: nn.Module,
        feed: Feed,
        validation: tuple[Tensor, Tensor],
        training: Training,
        loss: Loss,
        name: str,
        watch: Watch | None,
        judge: Judge,
    ) -> None:
        self._model, self._feed, self._validation, self._judge = model, feed, validation, judge
        self._training, self._name, self._watch = training, name, watch
        self._step = Step(model, loss, training.precision, name)
        self._optimizer = _optimizer(self._step, training)
        self._state = State("")

    def run(self, checkpoint: Path | None, identity: str, log: Log | None) -> list[Row]:
        state = self._resume(checkpoint, identity)
        for row in state.history:
            if log is not None:
                log(row)
        with parallel.shared(self._step) as step:
            while not self._finished():
                row = self._epoch(step)
                self._record(row)
                if checkpoint is not None and parallel.is_first():
                    checkpoints.save(state, checkpoint)
                if log is not None:
                    log(row)
        if state.best:
            self._model.load_state_dict(state.best)
        return state.history

    def _resume(self, checkpoint: Path | None, identity: str) -> State:
        self._state = State(identity)
        if checkpoint is not None and (saved := checkpoints.load(checkpoint, identity)) is not None:
            self._state = saved
            self._model.load_state_dict(saved.model)
            self._optimizer.load_state_dict(saved.optimizer)
            if self._step.loss_module is not None:
                self._step.loss_module.load_state_dict(saved.loss)
        return self._state

    def _finished(self) -> bool:
        history, training = self._state.history, self._training
        if self._state.epoch >= training.epochs:
            return True
        if training.patience is None or not history:
            return False
        return len(history) - chosen_row(history, training)["epoch"] >= training.patience

    def _epoch(self, step: nn.Module) -> Row:
        """One pass over the training samples and one over the validation samples; returns its row of the history."""
        started = time.monotonic()
        training, state, steps, seen = self._training, self._state, len(self._feed), 0
        sums: Row = {}
        rate = 0.0
        with seeded(mixed(training.seed, _GLOBAL, state.epoch)):
            step.train()
            for number, batch in enumerate(self._feed.epoch(state.epoch)):
                position = state.epoch * steps + number
                rate = one_cycle(position, training.epochs * steps, training.learning_rate)
                for group in self._optimizer.param_groups:
                    group["lr"] = rate
                for key, value in self._one_step(step, batch).items():
                    sums[key] = sums.get(key, 0.0) + value
                self._check_finite(sums["train_loss"])
                seen += len(batch.x)
                if self._watch is not None:
                    rate_text = f", {seen / (time.monotonic() - started):,.0f} samples/s"
                    self._watch((position + 1) / (training.epochs * steps), self._text() + rate_text)
            scores = predict(self._model, self._validation[0])
        judged = self._judge(scores, self._validation[1])
        self._check_finite(judged["val_loss"])
        return {
            "epoch": state.epoch + 1,
            **{key: total / steps for key, total in sums.items()},
            **judged,
            "learning_rate": rate,
            "seconds": time.monotonic() - started,
        }

    def _one_step(self, step: nn.Module, batch: Batch) -> Row:
        """One step of the optimizer; returns the losses of the batch."""
        own = parallel.own_part(batch)
        with memory_advice(self._name, own):
            value, parts = step(own)
            self._optimizer.zero_grad(set_to_none=True)
            value.backward()
            self._optimizer.step()
        losses = {"train_loss": float(value.detach()), **{f"{key}_loss": float(part) for key, part in parts.items()}}
        return parallel.averaged(losses)

    def _record(self, row: Row) -> None:
        state = self._state
        state.history.append(row)
        state.epoch += 1
        state.model, state.optimizer = self._model.state_dict(), self._optimizer.state_dict()
        if self._step.loss_module is not None:
            state.loss = self._step.loss_module.state_dict()
        if self._training.keeps_best and chosen_row(state.history, self._training) is row:
            state.best = {key: value.detach().clone() for key, value in self._model.state_dict().items()}

    def _text(self) -> str:
        state = self._state
        text = f"{self._name}, epoch {state.epoch + 1} of {self._training.epochs}"
        if not state.history:
            return text
        row = state.history[-1]
        found = f"{row['val_accuracy']:.2f} %" if "val_accuracy" in row else f"loss {row['val_loss']:.4g}"
        return f"{text}, validation {found}"

    def _check_finite(self, value: float) -> None:
        if value != value or abs(value) == float("inf"):
            rate = self._training.learning_rate
            raise EdgekdError(
                f"training of {self._name} diverged: its loss is {value} in epoch {self._state.epoch + 1}",
                f"try a lower learning_rate (it is {rate:g}), for example {rate / 3:.2g}",
                "and check that samples are scaled to about -1 to 1",
            )


def _optimizer(step: Step, training: Training) -> torch.optim.Optimizer:
    if not any(parameter.requires_grad for parameter in step.model.parameters()):
        raise InputError("the network has no parameters to train")
    parameters = [parameter for parameter in step.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": training.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if training.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=training.learning_rate)
    return torch.optim.SGD(groups, lr=training.learning_rate, momentum=_MOMENTUM, nesterov=True)
