"""`edgekd.train` and `edgekd.distill`: what a user writes, and what a user gets wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import edgekd  # noqa: E402
from edgekd import data  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)
X = RNG.random((40, 1, 4, 4), np.float32)
Y = (X.mean(axis=(1, 2, 3)) > 0.5).astype(np.int64)
SPLIT = ((X[:30], Y[:30]), (X[30:], Y[30:]))


def net(seed: int = 0, *, hidden: int = 8, classes: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, classes)
    )


def weights(model: nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


def test_ten_lines_from_arrays_to_a_student() -> None:
    digits = data.load("digits", validation=200)
    x_train, x_val = (np.moveaxis(x, -1, 1) for x in (digits.x_train, digits.x_val))
    train, val = (x_train, digits.y_train), (x_val, digits.y_val)

    torch.manual_seed(0)
    big = [nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)) for _ in range(2)]
    small = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))
    for seed, teacher in enumerate(big):
        assert edgekd.train(teacher, train, val, epochs=8, batch_size=32, seed=seed).metrics["val_accuracy"] > 93
    result = edgekd.distill(big, small, train, val, epochs=8, batch_size=32)

    assert result.student is small
    assert result.metrics["val_accuracy"] > 90
    assert result.metrics["teacher_val_accuracy"] > 93
    assert result.metrics["control_val_accuracy"] == result.control_history[-1]["val_accuracy"]
    assert [row["epoch"] for row in result.history] == list(range(1, 9))
    assert {"train_loss", "hard_loss", "soft_loss", "val_loss"} <= set(result.history[0])


def test_a_data_set_brings_its_validation_and_its_test_set() -> None:
    digits = data.load("digits", validation=200)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    metrics = edgekd.train(model, digits, epochs=3, batch_size=64).metrics
    model.eval()
    with torch.no_grad():
        said = model(torch.from_numpy(digits.x_test).permute(0, 3, 1, 2)).argmax(1).numpy()
    assert metrics["test_accuracy"] == pytest.approx(100 * np.mean(said == digits.y_test))


def test_the_control_is_the_same_student_without_a_teacher() -> None:
    student = net(1)
    alone = copy.deepcopy(student)
    options: dict[str, Any] = {"epochs": 3, "batch_size": 8, "augment": "flip", "seed": 4}

    result = edgekd.distill(net(2), student, *SPLIT, hard_weight=0.2, **options)
    edgekd.train(alone, *SPLIT, **options)

    assert result.control is not None
    assert weights(result.control) == weights(alone)
    assert weights(result.control) != weights(student)


def test_a_student_with_hard_weight_1_is_its_control() -> None:
    student = net(1)
    result = edgekd.distill(net(2), student, *SPLIT, hard_weight=1.0, epochs=3, batch_size=8)
    assert result.control is not None
    np.testing.assert_allclose(
        [row["val_loss"] for row in result.history], [row["val_loss"] for row in result.control_history], rtol=1e-5
    )


def test_teachers_are_neither_changed_nor_left_in_another_mode() -> None:
    teachers = [net(2), net(3).eval()]
    before = [weights(teacher) for teacher in teachers]
    edgekd.distill(teachers, net(1), *SPLIT, epochs=2, batch_size=8)
    assert [weights(teacher) for teacher in teachers] == before
    assert [teacher.training for teacher in teachers] == [True, False]
    assert all(p.grad is None and p.requires_grad for teacher in teachers for p in teacher.parameters())


def test_answers_kept_and_answers_asked_for_in_every_epoch_teach_the_same() -> None:
    """Two views of an image: one epoch asks as it goes, two epochs ask beforehand."""
    one, two = net(1), net(1)
    first = edgekd.distill(net(2), one, *SPLIT, epochs=1, augment="flip", control=False)
    second = edgekd.distill(net(2), two, *SPLIT, epochs=2, augment="flip", control=False)
    assert first.control is None
    # The learning rate's curve differs after the first step, and with 30 samples an epoch is one step.
    assert first.history[0]["soft_loss"] == pytest.approx(second.history[0]["soft_loss"], rel=1e-5)


def loader(shuffle: bool, generator: torch.Generator | None = None) -> DataLoader[Any]:
    pairs = TensorDataset(*map(torch.from_numpy, SPLIT[0]))
    return DataLoader(pairs, batch_size=8, shuffle=shuffle, generator=generator, drop_last=True)


@pytest.mark.parametrize("own_generator", [False, True])
def test_a_data_loader_repeats_and_its_control_sees_the_same_batches(own_generator: bool) -> None:
    def run() -> Any:
        generator = torch.Generator() if own_generator else None
        val = DataLoader(TensorDataset(*map(torch.from_numpy, SPLIT[1])), batch_size=3)
        return edgekd.distill(net(2), net(1), loader(True, generator), val, hard_weight=1.0, epochs=3)

    first, second = run(), run()
    assert weights(first.student) == weights(second.student)
    np.testing.assert_allclose(
        [row["val_loss"] for row in first.history], [row["val_loss"] for row in first.control_history], rtol=1e-5
    )


def test_a_call_with_a_checkpoint_goes_on_where_it_was(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def progress(done: float, total: float, text: str) -> None:
        if text.startswith("the control, epoch 2"):
            raise Killed

    def run(student: nn.Module, **options: Any) -> Any:
        return edgekd.distill(net(2), student, *SPLIT, epochs=3, batch_size=8, **options)

    whole = run(net(1))
    with pytest.raises(Killed):
        run(net(1), checkpoint=tmp_path, progress=progress)
    resumed = run(net(1), checkpoint=tmp_path)
    assert weights(resumed.student) == weights(whole.student)
    assert weights(resumed.control) == weights(whole.control)
    with pytest.raises(InputError, match="another training"):
        edgekd.distill(net(9), net(1), *SPLIT, epochs=3, batch_size=8, checkpoint=tmp_path)


nan = X[:30].copy()
nan[3, 0, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: edgekd.train(net(), (nan, Y[:30]), SPLIT[1], epochs=1), r"x\[3\] holds NaN"),
        (lambda: edgekd.train(net(), (X, Y[:30]), SPLIT[1], epochs=1), "40 samples and 30 labels"),
        (lambda: edgekd.train(net(), (X, Y + 1), SPLIT[1], epochs=1), "is 2, and there are 2 classes"),
        (lambda: edgekd.train(net(), (X, Y - 1), SPLIT[1], epochs=1), "is -1"),
        (lambda: edgekd.train(net(), (X, Y.astype(float)), SPLIT[1], epochs=1), "y is float64"),
        (lambda: edgekd.train(net(), (X.astype(np.int8), Y), SPLIT[1], epochs=1), "x is int8"),
        (lambda: edgekd.train(net(), X, SPLIT[1], epochs=1), "train is a ndarray"),
        (lambda: edgekd.train(net(), SPLIT[0], epochs=1), "no validation data"),
        (lambda: edgekd.train(net(), (X[:, :, 1:], Y), SPLIT[1], epochs=1), "train has samples of shape"),
        (lambda: edgekd.train(net(), SPLIT[0], (X[:0], Y[:0]), epochs=1), "val: x is empty"),
        (lambda: edgekd.train(nn.Linear(7, 2), *SPLIT, epochs=1), "the model does not take samples"),
        (lambda: edgekd.train(nn.Identity(), *SPLIT, epochs=1), "it must return logits"),
        (lambda: edgekd.train("net", *SPLIT, epochs=1), "the model is a str"),  # type: ignore[arg-type]
        (lambda: edgekd.train(net(), *SPLIT, epochs=0), "epochs is 0"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, learning_rate=float("nan")), "learning_rate is nan"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, learning_rat=0.1), "did you mean learning_rate"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, optimizer="adam"), "optimizer is 'adam'"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, batch_size=1), "batch of one sample"),
        (lambda: edgekd.train(net(), loader(True), SPLIT[1], epochs=1, augment="flip"), "DataLoader"),
        (lambda: edgekd.train(net(), DataLoader([1.0, 2.0]), SPLIT[1], epochs=1), "has 1 axes"),
        (lambda: edgekd.distill([], net(), *SPLIT, epochs=1), "no teacher"),
        (lambda: edgekd.distill(net(classes=3), net(), *SPLIT, epochs=1), "3 classes, the student 2"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, temperature=0), "temperature is 0"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, hard_weight=2), "hard_weight is 2"),
        (lambda: edgekd.train(net(), (X, Y - 1), SPLIT[1], epochs=1), "class indices begin at 0"),
        (lambda: edgekd.train(net(), ([[1.0], [1.0, 2.0]], [0, 1]), SPLIT[1], epochs=1), "train: x is no array"),
        (lambda: edgekd.train(net(), (torch.tensor(X).bfloat16(), Y), SPLIT[1], epochs=1), "train: x is no array"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1.5), "a whole number from 1 to 1,000,000"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, checkpoint=__file__), r"checkpoint: .* is no folder"),
        (lambda: edgekd.train(net(), *SPLIT, epochs=1, checkpoint=3), "checkpoint is a int"),  # type: ignore[arg-type]
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, cache=__file__), "cache: .* is no folder"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=2, start_epoch=2), "the teachers never begin"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, hard_weight=0, soft_weight=0), "all weights are 0"),
        (lambda: edgekd.distill(net(), net(), (3, None), SPLIT[1], epochs=1), "train: x"),
        (lambda: edgekd.distill("net.pt", net(), *SPLIT, epochs=1), "weights alone are no network"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, assistants=[net(classes=3)]), "assistant 1 has 3"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, method=lambda s, t: s), "the loss of the student"),
        (lambda: edgekd.distill(net(), net(), *SPLIT, epochs=1, method=lambda s, t, y: s @ t), "the loss of the stu"),
        (lambda: edgekd.prune(net(), SPLIT[0], share=0.5), "the samples are no array"),
        (lambda: edgekd.Teacher(net(), mean="0"), "mean is '0'"),  # type: ignore[arg-type]
        (lambda: edgekd.Teacher(net(), std=[]), "std is"),
        (lambda: edgekd.Teacher(net(), input_size=8), "input_size is 8"),  # type: ignore[arg-type]
        (lambda: edgekd.Teacher(net(), input_size=(-8, 8)), r"input_size is \(-8, 8\)"),
        (lambda: edgekd.Teacher(net(), classes=2), "classes is 2"),  # type: ignore[arg-type]
        (lambda: edgekd.Teacher(net(), weight=True), "weight is True"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_a_student_cannot_teach_itself() -> None:
    one = net()
    with pytest.raises(InputError, match="the student itself"):
        edgekd.distill(one, one, *SPLIT, epochs=1)
    with pytest.raises(InputError, match="the student and the teacher share weights"):
        edgekd.distill(nn.Sequential(one), one, *SPLIT, epochs=1)
    with pytest.raises(InputError, match="the student and assistant 1 share weights"):
        edgekd.distill(net(), one, *SPLIT, epochs=1, assistants=[one])
    with pytest.raises(InputError, match="assistant 1 and the teacher share weights"):
        edgekd.distill(one, net(), *SPLIT, epochs=1, assistants=[one])


def batches(x: Any, y: Any = None, *, batch_size: int = 8, **options: Any) -> DataLoader[Any]:
    arrays = [x] if y is None else [x, y]
    return DataLoader(TensorDataset(*map(torch.from_numpy, arrays)), batch_size=batch_size, **options)


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        (batches(X, Y + 5), "there are 2 classes"),
        (batches(X, Y.astype(np.float32)), "train: y of a batch is float32"),
        (batches(X.astype(np.int8), Y), "train: x of a batch is int8"),
        (batches(X[:, :, 1:], Y), "train has samples of shape"),
        (batches(nan, Y[:30]), r"train: x of a batch\[3\] holds NaN"),
        (batches(X[:0], Y[:0]), "train: the DataLoader is empty"),
        (batches(X[:5], Y[:5], drop_last=True), "train: the DataLoader is empty"),
        (batches(X), "train: the DataLoader gives no labels"),
        (DataLoader([{"x": 1.0}]), r"the DataLoader gives a dict\n  a batch must be \(samples, labels\)"),
    ],
)
def test_a_loaders_batches_are_checked_too(loader: DataLoader[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        edgekd.train(net(), loader, SPLIT[1], epochs=1)


def test_a_loader_needs_a_length() -> None:
    class Endless(torch.utils.data.IterableDataset[Any]):
        def __iter__(self) -> Any:
            yield from zip(torch.from_numpy(X), torch.from_numpy(Y), strict=True)

    with pytest.raises(InputError, match="does not know how many batches"):
        edgekd.train(net(), DataLoader(Endless(), batch_size=8), SPLIT[1], epochs=1)


def test_samples_without_labels_teach_the_same_from_a_loader_and_from_an_array() -> None:
    teacher = edgekd.train(net(2), *SPLIT, epochs=2, batch_size=8).model
    x, options = SPLIT[0][0], {"hard_weight": 0.0, "epochs": 2, "optimizer": "sgd"}
    found = edgekd.distill(teacher, net(1), batches(x, batch_size=len(x)), SPLIT[1], **options)
    assert found.control is None and found.control_history == []
    same = edgekd.distill(teacher, net(1), x, SPLIT[1], batch_size=len(x), **options)
    rows = [[row["val_loss"] for row in one.history] for one in (found, same)]
    np.testing.assert_allclose(*rows, rtol=1e-4)  # the one batch is the same samples in another order
    alone = edgekd.distill(teacher, net(1), DataLoader(list(torch.from_numpy(x)), batch_size=8), SPLIT[1], **options)
    assert alone.history[-1]["soft_loss"] > 0

    with pytest.raises(InputError, match="needs labels as it is set"):
        edgekd.distill(teacher, net(1), batches(x), SPLIT[1], epochs=1)
    with pytest.raises(InputError, match="the control is trained with labels"):
        edgekd.distill(teacher, net(1), batches(x), SPLIT[1], control=True, **options)
    mixed = DataLoader([torch.from_numpy(x[:8]), (torch.from_numpy(x[:8]), torch.from_numpy(Y[:8]))], batch_size=None)
    with pytest.raises(InputError, match="some batches have labels, others none"):
        edgekd.distill(teacher, net(1), mixed, SPLIT[1], **options)


def test_a_dataset_of_torch_is_shuffled_in_batches_and_read_for_validation() -> None:
    train, val = (TensorDataset(*map(torch.from_numpy, part)) for part in SPLIT)
    seen: list[int] = []

    class Watched(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return len(train)

        def __getitem__(self, index: int) -> Any:
            seen.append(index)
            return train[index]

    runs = [edgekd.train(net(1), Watched(), val, epochs=2, batch_size=8) for _ in range(2)]
    assert weights(runs[0].model) == weights(runs[1].model)
    epoch = len(train) // 8 * 8
    orders = [seen[8 : 8 + epoch], seen[8 + epoch : 8 + 2 * epoch]]  # the first batch is looked at beforehand
    assert len(set(orders[0])) == epoch and orders[0] != orders[1] and orders[0] != sorted(orders[0])


def test_numbers_of_numpy_are_numbers() -> None:
    options = {"epochs": np.int64(2), "learning_rate": np.float32(0.01), "seed": np.uint8(3)}
    assert len(edgekd.train(net(), *SPLIT, batch_size=8, **options).history) == 2
    assert edgekd.distill(edgekd.Teacher(net(2), classes=np.array([1, 0])), net(), *SPLIT, epochs=1).control is not None


def test_the_control_s_kept_epoch_is_told_as_the_student_s() -> None:
    found = edgekd.distill(net(2), net(1), *SPLIT, epochs=4, batch_size=8, select="validation")
    metrics, history = found.metrics, found.control_history
    best = max(history, key=lambda row: row["val_accuracy"])
    assert metrics["control_epoch"] == best["epoch"] and metrics["control_val_loss"] == best["val_loss"]
    assert metrics["control_val_accuracy"] == best["val_accuracy"]


@pytest.mark.parametrize(
    "call",
    [
        lambda options: edgekd.distill(net(), net(), (nan, Y[:30]), SPLIT[1], **options),
        lambda options: edgekd.distill(net(), net(), (X, Y + 1), SPLIT[1], **options),
        lambda options: edgekd.distill(net(), net(), (X, Y[:30]), SPLIT[1], **options),
        lambda options: edgekd.distill(net(), net(), SPLIT[0], (X[:, :, 1:], Y), **options),
        lambda options: edgekd.distill(net(classes=3), net(), *SPLIT, **options),
        lambda options: edgekd.distill("teacher.onnx", net(), *SPLIT, **options),
        lambda options: edgekd.distill("teacher.pt", net(), *SPLIT, **options),
        lambda options: edgekd.distill(net(), net(), *SPLIT, **{**options, "method": "fitnet"}),
        lambda options: edgekd.distill(net(), net(), *SPLIT, **{**options, "patience": 0}),
        lambda options: edgekd.distill(net(), net(), *SPLIT, **{**options, "precision": "int8"}),
        lambda options: edgekd.distill(np.zeros((7, 2)), net(), *SPLIT, **options),
    ],
)
def test_bad_input_leaves_no_file(call: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    with pytest.raises(InputError):
        call({"epochs": 1, "checkpoint": tmp_path / "checkpoints", "cache": tmp_path / "answers"})
    assert list(tmp_path.iterdir()) == []
