"""Training and distillation from Python: `edgekd.train` and `edgekd.distill`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgekd.distill.answers import Store, said_of
from edgekd.distill.call import Call, Data, History, folder_of, kept
from edgekd.distill.inference import accuracy
from edgekd.distill.loggers import Logger
from edgekd.distill.methods import BornAgain, Method
from edgekd.distill.options import training_and_method, training_of
from edgekd.distill.teachers import Ensemble, Teacher, check_apart, ensemble_of, specs_of
from edgekd.distill.teaching import Teaching
from edgekd.errors import InputError
from edgekd.progress import Progress, silent


@dataclass(frozen=True)
class TrainResult:
    """model: the module given, trained in place. history: one row an epoch, see training.fit.

    metrics: `epoch` (whose weights are kept), `val_loss`, `val_accuracy` (percent) and, trained on a Dataset,
    `test_accuracy` (percent).
    """

    model: nn.Module
    metrics: dict[str, float]
    history: History


@dataclass(frozen=True)
class DistillResult:
    """student: the module given, trained in place. control: the same student trained without a teacher, None when it
    was not wanted; control_history: its rows. history: one row an epoch, see training.fit.

    metrics: `epoch` (whose weights are kept), `val_loss`, `val_accuracy` (percent) and `teacher_val_accuracy` (of all
    teachers together; not there when only their answers to the training set are); of the control `control_epoch`,
    `control_val_loss` and `control_val_accuracy`; on a Dataset accuracies with `test` for `val`, too.
    """

    student: nn.Module
    metrics: dict[str, float]
    history: History
    control: nn.Module | None
    control_history: History


def train(
    model: nn.Module,
    train: Any,
    val: Any = None,
    *,
    augment: str = "none",
    checkpoint: Path | str | None = None,
    log: Logger | Sequence[Logger] | None = None,
    progress: Progress = silent,
    **options: Any,
) -> TrainResult:
    """Train a classifier with labels alone, in place.

    train, val: (x, y) with x float32 (samples, channels, …) as the model takes it and y class indices from 0; or a
    Dataset or DataLoader of torch that gives such; or an edgekd.data.Dataset, which brings its own validation set.
    augment: "none", "flip", "shift" or "shift-flip". checkpoint: a folder; training that was interrupted goes on there.
    log: see loggers.py. options: fields of training.Training: epochs, batch_size, learning_rate, weight_decay,
    optimizer, label_smoothing, select, patience, precision, seed. The same seed and machine give the same weights;
    the model's initial weights are the caller's.
    Raises InputError for data and options that do not fit, EdgekdError when training diverges or memory runs out.

        result = edgekd.train(net, (x_train, y_train), (x_val, y_val), epochs=5)
    """
    training = training_of(options)
    call = Call(Data(train, val, augment, training), training, checkpoint, log, progress)
    call.data.check(model, "the model")
    history = call.fit(model, "model", None)
    metrics = {**kept(history, training), **call.data.tested("test_accuracy", model)}
    call.log.finish(metrics)
    return TrainResult(model, metrics, history)


def distill(
    teacher: Any,
    student: nn.Module,
    train: Any,
    val: Any = None,
    *,
    method: str | Method | type[Method] | Callable[[Tensor, Tensor, Tensor], Tensor] = "soft-targets",
    assistants: Sequence[nn.Module] = (),
    control: bool | None = None,
    augment: str = "none",
    cache: Path | str | None = None,
    checkpoint: Path | str | None = None,
    log: Logger | Sequence[Logger] | None = None,
    progress: Progress = silent,
    **options: Any,
) -> DistillResult:
    """Train a student, in place, with what one teacher says or several, averaged in probability space.

    teacher: a trained module, a path (.onnx, .keras, .h5, or stored logits in .npz or .npy), an array of logits of the
    training set, an edgekd.Teacher (weight, input size, normalisation, classes), or a list of these. Modules are asked
    in evaluation mode without gradients and keep their modes and weights. None with method "born-again": the student
    alone. train: as of `train`, or without labels for methods that do without: x alone, a DataLoader of x alone.
    method: a name of methods.METHODS, one made (`DKD(alpha=2.0)`), or a function of your own
    (student_out, teacher_out, target) -> loss. options: the method's (temperature, hard_weight, …), see its class, and
    those of `train`.
    assistants: networks between teacher and student in size (Mirzadeh et al. 2020, arXiv:1902.03393): each is trained,
    in place, by the one before it, and the last one teaches the student.
    control: also train a copy of the student as it came, with the same data, augmentation, order and budget but labels
    alone; by default where there are labels. cache: a folder where the teachers' answers are kept for the next time.
    Raises InputError for data and options that do not fit, EdgekdError when training diverges or memory runs out.

        result = edgekd.distill([net_a, net_b], small, (x_train, y_train), (x_val, y_val), epochs=5)
    """
    training, made = training_and_method(method, options)
    data = Data(train, val, augment, training, unlabelled=True)
    call = Call(data, training, checkpoint, log, progress)
    kept_answers = folder_of(cache, "cache")
    classes = data.check(student, "the student")
    assistants = [assistants] if isinstance(assistants, nn.Module) else list(assistants)
    for number, assistant in enumerate(assistants, start=1):
        if (found := data.check(assistant, f"assistant {number}")) != classes:
            raise InputError(f"assistant {number} has {found} classes, the student {classes}", "all need the same")
    control = data.train.labelled if control is None else control
    untrained = copy.deepcopy(student)
    first_control: History | None = None
    if teacher is None and isinstance(made, BornAgain):
        first_control = call.fit(untrained, "control", None)
        teacher, untrained = untrained, copy.deepcopy(untrained)
    ensemble = ensemble_of(specs_of(teacher), student, data.val.x[:16], classes)
    check_apart(student, assistants, ensemble)
    store = Store(kept_answers) if kept_answers is not None else None
    Teaching(made, ensemble, store).check(data.train, training.epochs)
    said = _said(ensemble, data, store)  # damaged answers are found before time is spent
    history = _Course(call, made, store).teach(ensemble, student, assistants)
    metrics = {**kept(history, training), **said}
    metrics |= data.tested("test_accuracy", student)
    control_history: History = []
    if control:
        control_history = first_control or call.fit(untrained, "control", None)
        metrics |= {f"control_{key}": value for key, value in kept(control_history, training).items()}
        metrics |= data.tested("control_test_accuracy", untrained)
    call.log.finish(metrics)
    return DistillResult(student, metrics, history, untrained if control else None, control_history)


class _Course:
    """Teachers, then whoever they teach in turn, down to the student."""

    def __init__(self, call: Call, method: Method, store: Store | None) -> None:
        self._call, self._method, self._store = call, method, store

    def teach(self, teachers: Ensemble, student: nn.Module, assistants: Sequence[nn.Module]) -> History:
        seed = self._call.training.seed
        if assistants and self._method.trains_teachers:
            raise InputError(f"{self._method.name} has peers, no teachers: assistants have no place in it")
        for number, assistant in enumerate(assistants, start=1):
            teachers = self._next(teachers, assistant, f"assistant {number}", seed)
        generations = self._method.generations if isinstance(self._method, BornAgain) else 1
        born = [copy.deepcopy(student) for _ in range(generations - 1)]
        for number, one in enumerate(born, start=1):
            teachers = self._next(teachers, one, f"generation {number}", seed + number)
        return self._fit(student, "student", teachers, seed)

    def _next(self, teachers: Ensemble, model: nn.Module, role: str, seed: int) -> Ensemble:
        """`model`, taught, as the next teacher."""
        classes = self._call.data.check(model, f"the {role}")
        self._fit(model, role, teachers, seed)
        return ensemble_of([Teacher(model)], None, self._call.data.val.x[:16], classes)

    def _fit(self, model: nn.Module, role: str, teachers: Ensemble, seed: int) -> History:
        training = replace(self._call.training, seed=seed)
        return self._call.fit(model, role, Teaching(self._method, teachers, self._store), training)


def _said(teachers: Ensemble, data: Data, store: Store | None) -> dict[str, float]:
    """Accuracies of the teachers together, where they can be asked."""
    parts = {"val": data.val} if data.test is None else {"val": data.val, "test": data.test}
    if teachers.stored:
        answers = {"val": teachers.validation(data.val.x)}
    else:
        answers = {part: said_of(teachers, one.x, store, one.samples_digest()) for part, one in parts.items()}
    return {
        f"teacher_{part}_accuracy": accuracy(teachers.probabilities(said, 1.0), parts[part].y)
        for part, said in answers.items()
        if said is not None
    }
