"""Every method by name: it trains, it repeats, it resumes to the bit, it leaves nothing behind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distill_samples import convnet, images
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import edgekd  # noqa: E402
from edgekd.distill.methods import (  # noqa: E402
    CRD,
    DKD,
    METHODS,
    RKD,
    AttentionTransfer,
    FitNets,
    FunctionMatching,
    SoftTargets,
    method_of,
)
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

TRAIN, VAL = images(96, seed=0), images(30, seed=1)
FEATURES = ["fitnets", "attention-transfer", "similarity-preserving", "rkd", "crd"]


def distilled(method: Any, student: nn.Module | None = None, teacher: Any = None, **options: Any) -> Any:
    defaults: dict[str, Any] = {"epochs": 2, "batch_size": 16, "control": False, "seed": 5}
    return edgekd.distill(
        convnet(6, 9) if teacher is None else teacher,
        convnet(3, 1) if student is None else student,
        options.pop("train", TRAIN),
        VAL,
        method=method,
        **{**defaults, **options},
    )


def weights(model: nn.Module) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


class Killed(BaseException):
    pass


def kill(done: float, total: float, text: str) -> None:
    if "epoch 2" in text and text.startswith("the student"):
        raise Killed


@pytest.mark.parametrize("name", METHODS)
def test_it_trains_repeats_and_resumes_to_the_bit(name: str, tmp_path: Path) -> None:
    whole = distilled(name)
    plain = convnet(3, 1)
    edgekd.train(plain, TRAIN, VAL, epochs=2, batch_size=16, seed=5)
    assert weights(whole.student) != weights(plain)
    with pytest.raises(Killed):
        distilled(name, checkpoint=tmp_path, progress=kill)
    resumed = distilled(name, checkpoint=tmp_path)
    assert weights(resumed.student) == weights(whole.student)
    assert [row["val_loss"] for row in resumed.history] == [row["val_loss"] for row in whole.history]


@pytest.mark.parametrize("name", METHODS)
def test_it_takes_two_teachers_of_different_shapes(name: str) -> None:
    one, other = convnet(6, 9), convnet(4, 8, stages=3)
    result = distilled(name, teacher=[one, other])
    assert all(row["train_loss"] == row["train_loss"] for row in result.history)


@pytest.mark.parametrize("name", FEATURES)
def test_it_leaves_neither_hooks_nor_projections(name: str) -> None:
    teacher, student = convnet(6, 9), convnet(3, 1)
    before, shapes = weights(teacher), {key: value.shape for key, value in student.state_dict().items()}
    distilled(name, student, teacher)
    assert not any(module._forward_hooks for net in (teacher, student) for module in net.modules())
    assert {key: value.shape for key, value in student.state_dict().items()} == shapes
    assert weights(teacher) == before


@pytest.mark.parametrize("name", FEATURES)
def test_soft_targets_may_stand_beside_features(name: str) -> None:
    assert {"hard_loss", "feature_loss", "soft_loss"} <= set(distilled(name, soft_weight=1.0).history[0])


def test_layers_may_be_named() -> None:
    method = FitNets(student_layers=["1"], teacher_layers=["3"])
    assert distilled(method).history[0]["feature_loss"] > 0
    with pytest.raises(InputError, match=r"the student has no layer '33' with features\n.*"):
        distilled(FitNets(student_layers=["33"]))
    with pytest.raises(InputError, match="pair by pair"):
        FitNets(student_layers=["1"], teacher_layers=["1", "3"])
    with pytest.raises(InputError, match="not both maps"):
        distilled(AttentionTransfer(student_layers=["5"], teacher_layers=["3"]))


def test_features_of_networks_without_maps_are_vectors() -> None:
    def flat(width: int, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 3))

    for method in ("fitnets", "similarity-preserving", "rkd", "crd"):
        assert distilled(method, flat(6, 0), convnet(5, 3)).history[0]["feature_loss"] > 0
        assert distilled(method, convnet(5, 3), flat(6, 0)).history[0]["feature_loss"] > 0


def test_peers_learn_with_the_student_and_teachers_of_other_methods_do_not() -> None:
    peer, teacher = convnet(6, 9), convnet(6, 9)
    distilled("mutual", teacher=peer)
    distilled("dkd", teacher=teacher)
    assert weights(peer) != weights(teacher) == weights(convnet(6, 9))


def test_generations_begin_where_the_student_began_and_teach_in_turn() -> None:
    """Two generations by hand: the first with the next seed, then the student taught by it."""
    first, student = convnet(3, 1), convnet(3, 1)
    options: dict[str, Any] = {"temperature": 1.0, "hard_weight": 0.5}
    distilled("soft-targets", first, seed=6, **options)
    distilled("soft-targets", student, first, **options)
    born = distilled("born-again", generations=2)
    assert weights(born.student) == weights(student)


def test_a_network_can_be_its_own_first_teacher() -> None:
    student = convnet(3, 1)
    alone = copy.deepcopy(student)
    edgekd.train(alone, TRAIN, VAL, epochs=2, batch_size=16, seed=5)
    result = edgekd.distill(None, student, TRAIN, VAL, method="born-again", epochs=2, batch_size=16, seed=5)
    assert result.control is not None and weights(result.control) == weights(alone)
    assert weights(result.student) != weights(alone)
    with pytest.raises(InputError, match="no teacher"):
        edgekd.distill(None, student, TRAIN, VAL, epochs=1)


def test_assistants_stand_between_teacher_and_student() -> None:
    assistant, student = convnet(4, 2), convnet(3, 1)
    distilled("soft-targets", assistant)
    distilled("soft-targets", student, assistant)
    between = convnet(4, 2)
    result = distilled("soft-targets", assistants=[between])
    assert weights(between) == weights(assistant)
    assert weights(result.student) == weights(student)


def test_a_users_own_loss_is_a_function_of_three() -> None:
    seen = []

    def squares(student_out: Any, teacher_out: Any, target: Any) -> Any:
        seen.append((student_out.shape, teacher_out.shape, target.shape))
        return ((student_out - teacher_out) ** 2).mean()

    teacher = convnet(6, 9)
    result = distilled(squares, teacher=teacher, hard_weight=0.5, epochs=1)
    assert set(seen) == {((16, 3), (16, 3), (16,))}
    row = result.history[0]
    assert row["train_loss"] == pytest.approx(0.5 * row["hard_loss"] + row["soft_loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda s, t, y: 1.0, "returned float"),
        (lambda s, t, y: ((s - t) ** 2).mean(dim=1), r"returned a tensor of shape \[16\]"),
        (lambda s, t, y: (t**2).mean(), "does not depend on the student"),
    ],
)
def test_a_users_loss_that_is_none_says_so(loss: Callable[..., Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        distilled(loss)


def test_before_its_start_epoch_a_method_is_plain_training() -> None:
    alone, student = convnet(3, 1), convnet(3, 1)
    history = edgekd.train(alone, TRAIN, VAL, epochs=2, batch_size=16, seed=5).history
    late = distilled("dkd", student, start_epoch=1).history
    assert late[0]["val_loss"] == history[0]["val_loss"]
    assert late[1]["val_loss"] != history[1]["val_loss"]
    assert weights(distilled("crd", start_epoch=1).student) != weights(alone)


def test_matched_functions_see_mixed_images_and_no_labels() -> None:
    """Student and teacher are asked about the very same tensors, which are in no data set."""

    class Watched(nn.Module):
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net, self.seen = net, []

        def forward(self, x: Any) -> Any:
            if len(x) == 16:
                self.seen.append(x.detach().clone())
            return self.net(x)

    teacher, student = Watched(convnet(6, 9)), Watched(convnet(3, 1))
    x, _ = TRAIN
    edgekd.distill(teacher, student, x, VAL, method="function-matching", epochs=1, batch_size=16)
    mixed = student.seen[:6]
    assert all(any(torch.equal(a, b) for b in teacher.seen) for a in mixed)
    images_given = torch.from_numpy(x)
    assert not any(torch.equal(image, given) for image in mixed[0] for given in images_given)


def test_what_does_without_labels_learns_from_samples_alone() -> None:
    x, _ = TRAIN
    result = distilled("soft-targets", train=x, hard_weight=0.0, control=None)
    assert result.control is None
    labelled = distilled("soft-targets", hard_weight=0.0)
    assert weights(result.student) == weights(labelled.student)
    for method in ("soft-targets", "dkd", "mutual"):
        with pytest.raises(InputError, match="needs labels"):
            distilled(method, train=(x, None))
    with pytest.raises(InputError, match="has none"):
        distilled("soft-targets", train=x, hard_weight=0.0, control=True)


def test_a_data_loader_will_do_for_all_but_those_that_remember_samples() -> None:
    loader = DataLoader(TensorDataset(*map(torch.from_numpy, TRAIN)), batch_size=16, shuffle=True)
    for method in ("dist", "rkd", "function-matching"):
        assert len(distilled(method, train=loader).history) == 2
    with pytest.raises(InputError, match="crd needs a training set in memory"):
        distilled("crd", train=loader)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: method_of("dkdd", {}), "no method is called 'dkdd'\n.*did you mean 'dkd'"),
        (lambda: method_of("dkd", {"alfa": 1}), "dkd has no option 'alfa'\n.*did you mean alpha"),
        (lambda: method_of(DKD(), {"alpha": 1}), "already made"),
        (lambda: method_of(3, {}), "the method is 3"),
        (lambda: method_of("nowhere:loss", {}), "No module named 'nowhere'"),
        (lambda: DKD(alpha=-1), "dkd: alpha is -1"),
        (lambda: DKD(alpha="much"), "dkd: alpha is 'much'"),
        (lambda: DKD(temperature=float("nan")), "dkd: temperature is nan"),
        (lambda: CRD(negatives=1.5), "crd: negatives is 1.5"),
        (lambda: SoftTargets(hard_weight=1.5), "hard_weight is 1.5"),
        (lambda: FunctionMatching(start_epoch=2), "start_epoch is 2"),
        (lambda: distilled("dkd", alpa=2), "unknown option 'alpa'\n.*alpha"),
        (lambda: distilled(RKD(weight=True)), "rkd: weight is True"),
    ],
)
def test_a_wrong_method_says_what_would_be_right(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        call()


def test_a_method_may_be_a_name_a_class_or_made() -> None:
    named, kind, made = (distilled(method) for method in ("dkd", DKD, DKD()))
    assert weights(named.student) == weights(kind.student) == weights(made.student)
    assert method_of("function_matching", {}) == FunctionMatching()
