"""Teachers that are files: ONNX, Keras, stored logits; hostile and damaged ones are refused."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_samples import convnet, images
from needs import import_needed, require_module

torch = import_needed("torch")

import edgekd  # noqa: E402
from edgekd.distill.teachers import Teacher, ensemble_of  # noqa: E402
from edgekd.errors import InputError  # noqa: E402

pytestmark = pytest.mark.torch

TRAIN, VAL = images(48, seed=0), images(24, seed=1)
X = torch.from_numpy(VAL[0])


def asked(teacher: Any, x: Any = X, classes: int = 3) -> Any:
    return ensemble_of([teacher if isinstance(teacher, Teacher) else Teacher(teacher)], None, x, classes).ask(x)[0]


def distilled(teacher: Any, **options: Any) -> Any:
    return edgekd.distill(
        teacher, convnet(3, 1), TRAIN, VAL, **{"epochs": 2, "batch_size": 16, "control": False, **options}
    )


def weights(model: Any) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_module("onnx")
    require_module("onnxruntime")
    path = tmp_path_factory.mktemp("onnx") / "teacher.onnx"
    torch.onnx.export(
        convnet(6, 9).eval(), (X[:1],), str(path), dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}}
    )
    return path


def test_an_onnx_file_says_what_its_network_says(onnx_file: Path) -> None:
    torch.testing.assert_close(asked(onnx_file), asked(convnet(6, 9)), rtol=1e-4, atol=1e-5)
    assert distilled(str(onnx_file)).metrics["teacher_val_accuracy"] > 0


def test_an_onnx_file_may_want_one_size_of_batch(tmp_path: Path) -> None:
    require_module("onnxruntime")
    path = tmp_path / "eight.onnx"
    torch.onnx.export(convnet(6, 9).eval(), (X[:8],), str(path), dynamo=False)
    torch.testing.assert_close(asked(path, X[:19]), asked(convnet(6, 9), X[:19]), rtol=1e-4, atol=1e-5)


def test_features_of_a_file_are_asked_for_in_vain(onnx_file: Path) -> None:
    with pytest.raises(InputError, match="fitnets needs the layers of its teachers"):
        distilled(onnx_file, method="fitnets")


def test_samples_that_a_file_does_not_take_are_named(onnx_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"declares samples of shape .*8, 8.* these are \[1, 5, 5\]"):
        asked(onnx_file, torch.zeros(4, 1, 5, 5))
    damaged = tmp_path / "cut.onnx"
    damaged.write_bytes(onnx_file.read_bytes()[:500])
    with pytest.raises(InputError, match="not an ONNX network, or damaged"):
        asked(damaged)
    assert asked(Teacher(onnx_file, input_size=(8, 8)), torch.zeros(4, 1, 5, 5)).shape == (4, 3)


_KERAS = """
import sys
sys.modules["tensorflow"] = None  # nothing of this needs it, and importing it takes longer than the rest
import os
from pathlib import Path
import numpy as np
import torch
os.environ["KERAS_BACKEND"] = "torch"
import keras
from edgekd.distill.teachers import Teacher, ensemble_of
from edgekd.errors import InputError

folder = Path(sys.argv[1])
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((6, 5, 2)),
    keras.layers.Conv2D(4, 3, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(3, activation="softmax"),
])
x = np.random.default_rng(0).normal(size=(7, 2, 6, 5)).astype(np.float32)
expected = torch.from_numpy(np.array(model.predict_on_batch(np.moveaxis(x, 1, -1)), np.float32))
for name in ("teacher.keras", "teacher.h5"):
    model.save(folder / name)
    together = ensemble_of([Teacher(folder / name)], None, torch.from_numpy(x), 3)
    said = together.probabilities(together.ask(torch.from_numpy(x)), 1.0)
    torch.testing.assert_close(said, expected, rtol=1e-4, atol=1e-5)

keras.config.enable_unsafe_deserialization()
harmful = keras.Sequential([keras.Input((6, 5, 2)), keras.layers.Lambda(lambda t: t), keras.layers.Flatten()])
for name in ("harmful.keras", "harmful.h5"):
    harmful.save(folder / name)
    try:
        ensemble_of([Teacher(folder / name)], None, torch.from_numpy(x), 3)
    except InputError as error:
        assert "Lambda" in str(error), error
    else:
        raise SystemExit(f"{name} was loaded")

for name in ("teacher.keras", "teacher.h5"):
    content = (folder / name).read_bytes()
    (folder / f"cut-{name}").write_bytes(content[: len(content) // 2])
    try:
        ensemble_of([Teacher(folder / f"cut-{name}")], None, torch.from_numpy(x), 3)
    except InputError as error:
        assert "damaged" in str(error), error
    else:
        raise SystemExit(f"{name} was loaded")
print("good")
"""


@pytest.mark.slow
def test_keras_files_teach_and_run_no_code(tmp_path: Path) -> None:
    """In a process of its own: Keras' backend is set once a process."""
    require_module("keras")
    require_module("h5py")
    run = subprocess.run(
        [sys.executable, "-c", _KERAS, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
    )
    assert run.stdout.endswith("good\n"), run.stderr[-2000:]


def test_stored_logits_teach_as_their_network_does(tmp_path: Path) -> None:
    teacher = convnet(6, 9)
    live = distilled(teacher)
    train, val = (asked(teacher, torch.from_numpy(part[0])).numpy() for part in (TRAIN, VAL))
    np.savez(tmp_path / "teacher.npz", train=train, val=val)
    np.save(tmp_path / "teacher.npy", train)
    stored = distilled(tmp_path / "teacher.npz")
    assert stored.metrics["teacher_val_accuracy"] == live.metrics["teacher_val_accuracy"]
    for result in (stored, distilled(tmp_path / "teacher.npy"), distilled(train)):
        assert weights(result.student) == weights(live.student)
    assert "teacher_val_accuracy" not in distilled(train).metrics


def pickled(folder: Path) -> Path:
    path = folder / "objects.npy"
    np.save(path, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    return path


def lying(folder: Path) -> Path:
    """A header that promises 8 TB."""
    path = folder / "lying.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 2000)})
    return path


def saved(values: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        np.save(folder / "some.npy", values)
        return folder / "some.npy"

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (pickled, "not an .npy file, or damaged"),
        (lying, "not an .npy file, or damaged"),
        (saved(np.zeros((48, 4), np.float32)), "has 4 classes, the student 3"),
        (saved(np.zeros((47, 3), np.float32)), "has answers for 47 samples, the training set has 48"),
        (saved(np.full((48, 3), np.inf, np.float32)), r"train\[0, 0\] is NaN or infinity"),
        (saved(np.zeros((48, 3), np.int64)), "is int64"),
        (saved(np.zeros(48, np.float32)), r"is float32 \[48\]"),
    ],
)
def test_stored_logits_that_do_not_fit_are_refused(make: Callable[[Path], Path], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        distilled(make(tmp_path))


def test_stored_logits_are_of_the_samples_as_they_are(tmp_path: Path) -> None:
    answers = np.random.default_rng(0).normal(size=(48, 3))
    with pytest.raises(InputError, match="training set has 48 in 2 views"):
        distilled(answers, augment="flip")
    assert distilled(np.stack([answers, answers]), augment="flip", epochs=1).history
    with pytest.raises(InputError, match="which mixes samples"):
        distilled(answers, method="function-matching")


def test_a_pickle_in_the_clothes_of_an_archive_is_not_run(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    with zipfile.ZipFile(tmp_path / "teacher.npz", "w") as archive:
        archive.writestr("train.npy", pickle.dumps(Harmful()))
    with pytest.raises(InputError, match=r"teacher\.npz"):
        distilled(tmp_path / "teacher.npz")
    assert not (tmp_path / "ran").exists()
