"""Where a training's figures go: event files that TensorBoard reads, and what MLflow and W&B are told."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from distill_samples import convnet, images
from needs import import_needed, require_module

torch = import_needed("torch")

import edgekd  # noqa: E402
from edgekd.distill.loggers import MLflow, TensorBoard, WandB  # noqa: E402
from edgekd.errors import InputError, ToolError  # noqa: E402

pytestmark = pytest.mark.torch

TRAIN, VAL = images(48, seed=0), images(24, seed=1)


def distilled(log: Any, **options: Any) -> Any:
    return edgekd.distill(convnet(4, 9), convnet(3, 1), TRAIN, VAL, epochs=2, batch_size=16, log=log, **options)


class Kept:
    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, float]]] = []
        self.finished: list[dict[str, float]] = []

    def row(self, network: str, row: dict[str, float]) -> None:
        self.rows.append((network, row))

    def finish(self, metrics: dict[str, float]) -> None:
        self.finished.append(metrics)


def test_a_logger_is_told_every_row_and_the_metrics() -> None:
    log = Kept()
    result = distilled(log)
    assert [row for name, row in log.rows if name == "student"] == result.history
    assert [row for name, row in log.rows if name == "control"] == result.control_history
    assert log.finished == [result.metrics]
    with pytest.raises(InputError, match="log is a str"):
        distilled("tensorboard")


def test_a_resumed_training_tells_the_rows_of_before_again(tmp_path: Path) -> None:
    first, second = Kept(), Kept()
    distilled(first, checkpoint=tmp_path)
    distilled(second, checkpoint=tmp_path)
    assert first.rows == second.rows


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    return {tag: [(event.step, event.value) for event in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def test_tensorboard_reads_the_event_files(tmp_path: Path) -> None:
    require_module("tensorboard")
    for _ in range(2):  # again in the same folder: the rows of before are replaced
        result = distilled(TensorBoard(tmp_path))
        for name, history in (("student", result.history), ("control", result.control_history)):
            read = scalars(tmp_path / name)
            assert set(read) == set(history[0]) - {"epoch"}
            assert [step for step, _ in read["val_accuracy"]] == [1, 2]
            assert [value for _, value in read["val_accuracy"]] == pytest.approx(
                [row["val_accuracy"] for row in history]
            )


def test_mlflow_is_told_by_epoch_and_its_run_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a module in MLflow's place that keeps what it is told."""
    told: list[tuple[str, Any]] = []
    module: Any = ModuleType("mlflow")
    module.set_experiment = lambda name: told.append(("experiment", name))
    module.active_run = lambda: None
    module.start_run = lambda: told.append(("start", None))
    module.end_run = lambda: told.append(("end", None))
    module.log_metrics = lambda values, step=None: told.append((str(step), values))
    monkeypatch.setitem(sys.modules, "mlflow", module)
    result = distilled(MLflow("shapes"), control=False)
    assert [name for name, _ in told] == ["experiment", "start", "1", "2", "None", "end"]
    assert told[2][1]["student/val_accuracy"] == result.history[0]["val_accuracy"]
    assert told[4][1] == result.metrics


def test_wandb_is_told_rows_and_a_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a module in its place that keeps what it is told."""
    logged: list[dict[str, float]] = []
    summary: dict[str, float] = {}
    ended: list[bool] = []
    run = SimpleNamespace(log=logged.append, summary=summary, finish=lambda: ended.append(True))
    module: Any = ModuleType("wandb")
    module.init = lambda **options: run if options == {"project": "edgekd", "mode": "offline"} else None
    monkeypatch.setitem(sys.modules, "wandb", module)
    result = distilled(WandB(mode="offline"), control=False)
    assert logged[1]["student/epoch"] == 2
    assert summary == result.metrics and ended == [True]


@pytest.mark.parametrize(("make", "package"), [(MLflow, "mlflow"), (WandB, "wandb")])
def test_a_missing_package_names_its_extra(make: Any, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ToolError, match=rf"edgekd\[{package}\]"):
        make()
