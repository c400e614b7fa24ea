"""An epoch by edgekd and one by torchdistill: seconds of the processor, and the loss of each step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

import edgekd
from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.methods import Setting, SoftTargets
from edgekd.distill.schedule import one_cycle
from training_bench.beside import torchdistill_module
from training_bench.work import HARD_WEIGHT, TEMPERATURE, Work

Epoch = tuple[float, list[float]]


@dataclass(frozen=True, kw_only=True)
class _Noted(SoftTargets):
    """Soft targets whose losses are noted, step by step."""

    losses: list[Tensor] = field(default_factory=list)

    def build(self, setting: Setting) -> Loss:
        of_batch = super().build(setting)

        def loss(logits: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
            value, parts = of_batch(logits, batch)
            self.losses.append(value.detach())
            return value, parts

        return loss


def by_edgekd(work: Work, train: Any, cache: Path | None = None) -> Epoch:
    """train: the samples as edgekd.distill takes them; cache: where the teacher's answers are kept."""
    student, method = work.student(), _Noted(temperature=TEMPERATURE, hard_weight=HARD_WEIGHT)
    started = time.process_time()
    edgekd.distill(
        work.teacher,
        student,
        train,
        work.validation,
        method=method,
        control=False,
        cache=cache,
        epochs=1,
        batch_size=work.settings["batch_size"],
        learning_rate=work.settings["learning_rate"],
        optimizer="sgd",
        weight_decay=0.0,
        seed=work.settings["seed"],
    )
    return time.process_time() - started, [float(loss) for loss in method.losses]


def by_torchdistill(work: Work) -> Epoch:
    """Its DistillationBox on the same samples in the same order, driven as its documentation has it."""
    distillation = torchdistill_module("torchdistill.core.distillation")
    logging.getLogger("torchdistill").setLevel(logging.WARNING)
    student, losses = work.student(), []
    config = _config(work)
    datasets = {"train": TensorDataset(work.x, work.y)}
    device = torch.device("cpu")
    started = time.process_time()
    box = distillation.get_distillation_box(work.teacher, student, datasets, config, device, [], False, 1.0)
    work.teacher.eval()  # edgekd sees to that itself
    box.pre_epoch_process(epoch=0)
    for x, y, supplement in box.train_data_loader:
        loss = box.forward_process(x.to(device), y.to(device), supplement)
        box.post_forward_process(loss=loss)
        losses.append(loss.item())
    box.post_epoch_process()
    seconds = time.process_time() - started
    box.clean_modules()
    return seconds, losses


def sides(work: Work, cache: Path) -> dict[str, Callable[[], Epoch]]:
    """What is measured, by name; the first is what the others are fractions of. cache: filled before they are run."""
    arrays = (work.x, work.y)
    by_edgekd(work, arrays, cache)
    return {
        "torchdistill": lambda: by_torchdistill(work),
        "loader": lambda: by_edgekd(work, work.loader()),
        "arrays": lambda: by_edgekd(work, arrays),
        "cached": lambda: by_edgekd(work, arrays, cache),
    }


def _config(work: Work) -> dict[str, Any]:
    logits = {"module_path": ".", "module_io": "output"}
    both = {f"{whose}_{key}": value for whose in ("student", "teacher") for key, value in logits.items()}
    weights = {"temperature": TEMPERATURE, "alpha": HARD_WEIGHT}
    kd = {"criterion": {"key": "KDLoss", "kwargs": {**both, **weights}}, "weight": 1.0}
    rate = work.settings["learning_rate"]
    return {
        "num_epochs": 1,
        "train_data_loader": {
            "dataset_id": "train",
            "sampler": {"class_or_func": lambda dataset: work.order},
            "kwargs": {"batch_size": work.settings["batch_size"], "num_workers": 0},
        },
        "teacher": {"forward_proc": "forward_batch_only", "requires_grad": False},
        "student": {"forward_proc": "forward_batch_only"},
        "criterion": {"key": "WeightedSumLoss", "kwargs": {"sub_terms": {"kd": kd}}},
        "optimizer": {"key": "SGD", "kwargs": {"lr": rate, "momentum": 0.9, "nesterov": True}},
        "scheduler": {
            "key": "LambdaLR",
            "kwargs": {"lr_lambda": lambda step: one_cycle(step, work.steps, 1.0)},
            "scheduling_step": 1,
        },
    }
