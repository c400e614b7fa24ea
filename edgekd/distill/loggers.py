"""Where the rows of a training go beside its history: TensorBoard, MLflow, Weights & Biases, or what a user makes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from edgekd.errors import InputError, ToolError

Row = dict[str, float]


class Logger(Protocol):
    """Told each epoch's row of each network (see training.fit), and once at the end the metrics of the whole."""

    def row(self, network: str, row: Row) -> None: ...

    def finish(self, metrics: dict[str, float]) -> None: ...


class TensorBoard:
    """Event files in `folder`, a run for each network: `tensorboard --logdir folder`."""

    def __init__(self, folder: Path | str) -> None:
        _import("tensorboard", "train")
        # TensorBoard's own switch: without it, it imports tensorflow where that is installed, for seconds.
        sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))
        from torch.utils.tensorboard import SummaryWriter

        self._make, self._folder = SummaryWriter, Path(folder)
        self._writers: dict[str, Any] = {}

    def row(self, network: str, row: Row) -> None:
        if network not in self._writers:
            # A resumed training tells all its rows again: what an interrupted one left is replaced.
            for old in (self._folder / network).glob("events.out.tfevents.*"):
                old.unlink()
            self._writers[network] = self._make(str(self._folder / network))
        for key, value in row.items():
            if key != "epoch":
                self._writers[network].add_scalar(key, value, int(row["epoch"]))
        self._writers[network].flush()

    def finish(self, metrics: dict[str, float]) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()


class MLflow:
    """The run of MLflow that is active, or a new one; tracking_uri: where it goes, MLflow's own default without it."""

    def __init__(self, experiment: str = "edgekd", tracking_uri: str | None = None) -> None:
        self._mlflow: Any = _import("mlflow", "mlflow")
        if tracking_uri is not None:
            self._mlflow.set_tracking_uri(tracking_uri)
        self._mlflow.set_experiment(experiment)
        self._own = self._mlflow.active_run() is None
        if self._own:
            self._mlflow.start_run()

    def row(self, network: str, row: Row) -> None:
        values = {f"{_plain(network)}/{key}": value for key, value in row.items() if key != "epoch"}
        self._mlflow.log_metrics(values, step=int(row["epoch"]))

    def finish(self, metrics: dict[str, float]) -> None:
        self._mlflow.log_metrics(metrics)
        if self._own:
            self._mlflow.end_run()


class WandB:
    """A run of Weights & Biases. options: of wandb.init, for example project="edgekd", mode="offline"."""

    def __init__(self, **options: Any) -> None:
        wandb: Any = _import("wandb", "wandb")
        self._run = wandb.init(**{"project": "edgekd", **options})

    def row(self, network: str, row: Row) -> None:
        # Each network has its own epochs, and W&B's steps only rise: the epoch is a value like others.
        self._run.log({f"{network}/{key}": value for key, value in row.items()})

    def finish(self, metrics: dict[str, float]) -> None:
        self._run.summary.update(metrics)
        self._run.finish()


def named(names: Sequence[str], folder: Path, run: str) -> Logger:
    """Loggers by the names that recipes have for them. folder: of TensorBoard's. run: a name for MLflow and W&B."""
    makers: dict[str, Callable[[], Logger]] = {
        "tensorboard": lambda: TensorBoard(folder),
        "mlflow": lambda: MLflow(run),
        "wandb": lambda: WandB(name=run),
    }
    return Several(*(makers[name]() for name in names))


class Several:
    """Tells several loggers."""

    def __init__(self, *loggers: Logger) -> None:
        self._loggers = loggers

    def row(self, network: str, row: Row) -> None:
        for logger in self._loggers:
            logger.row(network, row)

    def finish(self, metrics: dict[str, float]) -> None:
        for logger in self._loggers:
            logger.finish(metrics)


def logger_of(value: Any) -> Logger:
    """A logger, or a list of them. Raises InputError for what is none."""
    if value is None:
        return Several()
    loggers = list(value) if isinstance(value, (list, tuple)) else [value]
    for one in loggers:
        if not (callable(getattr(one, "row", None)) and callable(getattr(one, "finish", None))):
            raise InputError(f"log is a {type(one).__name__}", "edgekd.distill.loggers: TensorBoard(folder), MLflow()")
    return Several(*loggers)


def _import(package: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError:
        raise ToolError(
            f"logging to {package} needs it installed", f"install it: pip install 'edgekd[{extra}]'"
        ) from None


def _plain(name: str) -> str:
    """A name that MLflow takes: letters, digits and a few signs."""
    return "".join(sign if sign.isalnum() or sign in "-_. /" else "-" for sign in name)
