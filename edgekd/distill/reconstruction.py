"""Autoencoders as anomaly detectors: trained to repeat what is normal, judged by how badly they repeat the rest.

A student has two examples of how to answer: the sample itself, and what its teachers make of it. The latter is
smoother, for what a larger network cannot repeat a smaller one need not try.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekd.distill.feeds import Batch, Loss
from edgekd.distill.inference import evaluating, predict
from edgekd.errors import InputError


def reconstruction_loss(said: Tensor | None, hard_weight: float) -> Loss:
    """hard_weight · MSE(answer, sample) + (1 - hard_weight) · MSE(answer, what the teachers said of the sample).

    said: of `together`, of every sample of the training set, (samples, features); None for the sample alone.
    hard_weight: 0 to 1. Parts: "hard" and, with teachers, "soft".
    """

    def loss(answers: Tensor, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        hard = functional.mse_loss(answers, batch.x)
        if said is None:
            return hard, {"hard": hard.detach()}
        assert batch.chosen is not None, "samples in memory are numbered"
        soft = functional.mse_loss(answers, said[batch.chosen].to(answers.device))
        return hard_weight * hard + (1.0 - hard_weight) * soft, {"hard": hard.detach(), "soft": soft.detach()}

    return loss


def together(models: Sequence[nn.Module], x: Tensor) -> Tensor:
    """The mean of what autoencoders answer, in evaluation mode and without gradients: (samples, features)."""
    return torch.stack([predict(model, x) for model in models]).mean(dim=0)


def judged_by_error(answers: Tensor, x: Tensor) -> dict[str, float]:
    """A row of the history: the mean squared error on the validation set, which is of normal samples."""
    return {"val_loss": float(functional.mse_loss(answers, x))}


def clip_errors(models: Sequence[nn.Module], x: Tensor, clip_windows: int) -> Tensor:
    """Mean squared error of each clip, over its windows, of the mean of the models' answers: (clips,).

    x: (clips × clip_windows, features).
    """
    return (together(models, x) - x).double().square().mean(dim=1).reshape(-1, clip_windows).mean(dim=1)


def auc_of(errors: Tensor, y: Tensor) -> float:
    """Area under the ROC curve: the chance that an anomalous clip's error is above a normal one's.

    errors: (clips,). y: 0 for normal, 1 for anomalous clips.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y.numpy(), errors.numpy()))


def check_autoencoder(model: nn.Module, name: str, x: Tensor) -> None:
    """Raise InputError unless a network gives back as many numbers as a sample has."""
    if x.ndim != 2:
        raise InputError(
            f"the samples have shape {list(x.shape[1:])}; an autoencoder here takes (samples, features)",
            "one row of numbers a window",
        )
    try:
        with torch.no_grad(), evaluating(model):
            shape = list(model(x[:2]).shape)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            f"{name} does not take samples of {x.shape[1]} numbers: {str(error).splitlines()[0]}",
            f"give it the right number, for example options = {{ features = {x.shape[1]} }}",
        ) from error
    if shape != [min(2, len(x)), x.shape[1]]:
        raise InputError(f"{name} answers {x.shape[1]} numbers with {shape[1:]}", "it must give back as many")
