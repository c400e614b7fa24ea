"""The stage `distill`: what it leaves, what it keeps, and how it goes on after it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import import_needed

torch = import_needed("torch")

from edgekd.config import Recipe  # noqa: E402
from edgekd.distill.stage import run_distill  # noqa: E402
from edgekd.errors import InputError  # noqa: E402
from edgekd.files import sha256_of  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Two classes of 8×8 images: bright above, bright below."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 200), ("val", 40), ("test", 40)):
        y = rng.integers(0, 2, count)
        x = rng.random((count, 8, 8, 1), np.float32)
        x[np.arange(count), y * 4] += 2.0
        arrays |= {f"x_{part}": x, f"y_{part}": y}
    np.savez(tmp_path / "samples.npz", **arrays)
    return tmp_path / "samples.npz"


def recipe(samples: Path, **changes: Any) -> Recipe:
    def network(name: str, width: int, **more: Any) -> dict[str, Any]:
        options = {"image_size": 8, "classes": 2, "width": width}
        return {"model": name, "options": options, "epochs": 3, "batch_size": 40, "learning_rate": 0.05, **more}

    return Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "npz", "path": samples},
            "teacher": network("teacher_cnn", 6, count=2, augment="shift"),
            "student": {**network("student_cnn", 4), **changes.pop("student", {})},
            "distill": {"augment": "flip", **changes.pop("distill", {})},
            **changes,
        }
    )


def digests(folder: Path) -> dict[str, str | None]:
    return {file.name: sha256_of(file) for file in sorted((folder / "distill").glob("*.safetensors"))}


class Killed(BaseException):
    pass


def test_it_leaves_weights_and_a_record_of_each_network(samples: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    files = run_distill(recipe(samples), tmp_path, lambda done, total, text: seen.append(done / total))

    names = ["teacher-0.safetensors", "teacher-1.safetensors", "student.safetensors", "control.safetensors"]
    assert [file.name for file in files] == [*names, "distill.json"]
    assert len({sha256_of(file) for file in files}) == 5
    said = json.loads(files[-1].read_text())
    assert [teacher["seed"] for teacher in said["teachers"]] == [1000, 1001]
    assert said["student"]["seed"] == said["control"]["seed"] == 0
    assert said["student"]["sha256"] == sha256_of(files[2])
    assert len(said["student"]["history"]) == len(said["control"]["history"]) == 3
    assert said["student"]["test_accuracy"] > 70
    assert {"val_accuracy", "test_accuracy"} <= set(said["ensemble"])
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_it_goes_on_where_it_was_and_keeps_what_did_not_change(samples: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_distill(recipe(samples), whole)

    for place in ("teacher 2 of 2, epoch 2", "student, epoch 3", "control, epoch 1"):

        def progress(done: float, total: float, text: str, place: str = place) -> None:
            if text.startswith(place):
                raise Killed

        with pytest.raises(Killed):
            run_distill(recipe(samples), broken, progress)
    run_distill(recipe(samples), broken)
    assert digests(broken) == digests(whole)
    assert not list(broken.glob("distill/parts/*.pt"))

    trained: list[str] = []
    run_distill(recipe(samples, distill={"temperature": 2.0}), broken, lambda d, t, text: trained.append(text))
    assert {text.split(",")[0] for text in trained if not text.endswith("kept")} == {"student"}
    changed = digests(broken)
    assert changed.pop("student.safetensors") != digests(whole)["student.safetensors"]
    assert changed.items() <= digests(whole).items()


def test_weights_that_were_altered_are_made_again(samples: Path, tmp_path: Path) -> None:
    run_distill(recipe(samples), tmp_path)
    before = digests(tmp_path)
    (tmp_path / "distill" / "teacher-1.safetensors").write_bytes(b"altered")
    (tmp_path / "distill" / "parts" / "control.json").write_text("{")
    student = tmp_path / "distill" / "parts" / "student.json"
    student.write_text(json.dumps({**json.loads(student.read_text()), "history": None}))
    run_distill(recipe(samples), tmp_path)
    assert digests(tmp_path) == before


_PROGRAM = """
import sys
from pathlib import Path
from edgekd.config import Recipe
from edgekd.distill.stage import run_distill
run_distill(Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2]), lambda d, t, text: print(text, flush=True))
"""


@pytest.mark.slow
def test_a_process_that_is_killed_loses_at_most_an_epoch(samples: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    long = recipe(samples, student={"epochs": 8})
    run_distill(long, whole)

    command = [sys.executable, "-c", _PROGRAM, long.model_dump_json(), str(broken)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        deadline = time.monotonic() + 120
        for line in process.stdout:
            if line.startswith("student, epoch 4") or time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert list(broken.glob("distill/parts/student.*.pt"))

    again: list[str] = []
    run_distill(long, broken, lambda done, total, text: again.append(text))
    assert not any(text.startswith(("student, epoch 1 ", "student, epoch 2 ")) for text in again)
    assert digests(broken) == digests(whole)


def test_a_network_of_the_users_own_is_trained_again_when_its_source_changes(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "nets_of_a_user.py"
    source.write_text("from torch import nn\ndef net():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2))\n")
    monkeypatch.syspath_prepend(tmp_path)
    own = recipe(samples, student={"model": "nets_of_a_user:net", "options": {}, "epochs": 1})

    def trained() -> set[str]:
        texts: list[str] = []
        run_distill(own, tmp_path / "run", lambda done, total, text: texts.append(text))
        return {text.split(",")[0] for text in texts if not text.endswith("kept")}

    assert {"student", "control"} <= trained()
    assert trained() == set()
    source.write_text(source.read_text() + "# changed\n")
    assert trained() == {"student", "control"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"student": {"options": {"image_size": 8, "classes": 3, "width": 4}}}, "3 classes, samples.npz 2"),
        ({"student": {"options": {"image_size": 28, "classes": 2}}}, r"does not take samples|must return logits"),
        ({"student": {"options": {"image_size": 4, "classes": 2}}}, "too small for 2 stages"),
        ({"student": {"options": {"height": 8}}}, "the student: .* unexpected keyword argument 'height'"),
        ({"student": {"options": {"width": -4}}}, r"the student: .*-4.*\n  it takes \(\*, image_size"),
        ({"distill": {"options": {"start_epoch": 3}}}, "start_epoch is 3, the last epoch is 2"),
        ({"student": {"model": "studentcnn"}}, "the student: .*\n  did you mean 'student_cnn'"),
    ],
)
def test_networks_that_do_not_fit_are_refused_before_any_training(
    samples: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run_distill(recipe(samples, **changes), tmp_path / "run")
    assert not (tmp_path / "run" / "distill").exists()


def test_int8_samples_are_refused_for_training(tmp_path: Path) -> None:
    x, y = np.zeros((20, 8, 8, 1), np.int8), np.arange(20) % 2
    parts = ("train", "val", "test")
    np.savez(tmp_path / "int8.npz", **{f"x_{part}": x for part in parts}, **{f"y_{part}": y for part in parts})
    with pytest.raises(InputError, match="float32 samples"):
        run_distill(recipe(tmp_path / "int8.npz"), tmp_path)


def said(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "distill" / "distill.json").read_text())
    return content


def test_a_recipe_names_method_and_options(samples: Path, tmp_path: Path) -> None:
    run_distill(recipe(samples, distill={"method": "dkd", "options": {"beta": 2.0}, "temperature": 3.0}), tmp_path)
    name, options = said(tmp_path)["method"]
    assert name == "dkd"
    assert options["beta"] == 2.0 and options["temperature"] == 3.0 and options["hard_weight"] == 1.0
    with pytest.raises(InputError, match="dkd has no option 'gamma'"):
        run_distill(recipe(samples, distill={"method": "dkd", "options": {"gamma": 2.0}}), tmp_path / "other")


def test_several_seeds_are_compared_in_pairs_and_the_first_is_as_if_alone(samples: Path, tmp_path: Path) -> None:
    run_distill(recipe(samples), tmp_path / "one")
    files = run_distill(recipe(samples, distill={"seeds": 3}), tmp_path / "three")
    assert {"student-seed-2.safetensors", "control-seed-1.safetensors"} <= {file.name for file in files}
    for name in ("student", "control"):
        one, three = (tmp_path / folder / "distill" / f"{name}.safetensors" for folder in ("one", "three"))
        assert sha256_of(one) == sha256_of(three)
    seeds = said(tmp_path / "three")["seeds"]["test_accuracy"]
    assert len(set(digests(tmp_path / "three").values())) == 2 + 3 + 3
    assert seeds["student"]["values"][0] == said(tmp_path / "three")["student"]["test_accuracy"]
    assert seeds["difference"]["values"] == [
        a - b for a, b in zip(seeds["student"]["values"], seeds["control"]["values"], strict=True)
    ]
    assert said(tmp_path / "one")["seeds"] is None


@pytest.mark.parametrize("method", ["mutual", "born-again"])
def test_peers_and_generations_of_a_recipe(method: str, samples: Path, tmp_path: Path) -> None:
    options = {"generations": 2} if method == "born-again" else {}
    changed = recipe(samples, distill={"method": method, "options": options}, student={"epochs": 1})
    names = {file.name for file in run_distill(changed, tmp_path)}
    assert ("generation-1.safetensors" in names) == (method == "born-again")
    teachers = digests(tmp_path)
    run_distill(recipe(samples, student={"epochs": 1}), tmp_path / "plain")
    assert teachers["teacher-0.safetensors"] == digests(tmp_path / "plain")["teacher-0.safetensors"]


def test_assistants_of_a_recipe_are_trained_in_turn(samples: Path, tmp_path: Path) -> None:
    assistant = {**recipe(samples).student.model_dump(), "options": {"image_size": 8, "classes": 2, "width": 5}}
    changed = recipe(samples, distill={"assistants": [assistant, assistant]})
    seen: list[float] = []
    run_distill(changed, tmp_path, lambda done, total, text: seen.append(done / total))
    assert {"assistant-1.safetensors", "assistant-2.safetensors"} <= set(digests(tmp_path))
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1.0)


def test_a_teacher_that_is_a_file_teaches_alone_and_beside_others(samples: Path, tmp_path: Path) -> None:
    count = {part: len(values) for part, values in np.load(samples).items()}
    rng = np.random.default_rng(1)
    np.savez(
        tmp_path / "teacher.npz",
        train=rng.normal(size=(count["x_train"], 2)),
        val=rng.normal(size=(count["x_val"], 2)),
    )
    file = {"path": tmp_path / "teacher.npz", "weight": 2.0}
    both = recipe(samples, teacher_files=[file], distill={"augment": "none"})
    run_distill(both, tmp_path / "both")
    assert said(tmp_path / "both")["ensemble"]["count"] == 3
    assert said(tmp_path / "both")["teachers"][2]["test_accuracy"] is None
    alone = both.model_copy(update={"teacher": None})
    run_distill(alone, tmp_path / "alone")
    assert "teacher-0.safetensors" not in digests(tmp_path / "alone")
    assert digests(tmp_path / "alone")["control.safetensors"] == digests(tmp_path / "both")["control.safetensors"]
    with pytest.raises(InputError, match=r"teacher\.npz.* has answers for"):  # before any training
        run_distill(
            alone.model_copy(update={"distill": alone.distill.model_copy(update={"augment": "flip"})}), tmp_path
        )


def test_answers_are_kept_for_the_next_method(samples: Path, tmp_path: Path) -> None:
    run_distill(recipe(samples), tmp_path)
    kept = {file.name for file in (tmp_path / "distill" / "answers").iterdir()}
    assert len(kept) == 2
    run_distill(recipe(samples, distill={"method": "dist"}), tmp_path)
    assert {file.name for file in (tmp_path / "distill" / "answers").iterdir()} == kept
    uncached = tmp_path / "uncached"
    run_distill(recipe(samples, distill={"method": "dist", "cache": False}), uncached)
    assert digests(uncached) == digests(tmp_path)
    assert not (uncached / "distill" / "answers").exists()


def test_event_files_of_every_network_lie_in_the_run_directory(samples: Path, tmp_path: Path) -> None:
    run_distill(recipe(samples), tmp_path)
    folder = tmp_path / "distill" / "tensorboard"
    names = {"teacher-0", "teacher-1", "student", "control"}
    assert {file.parent.name for file in folder.glob("*/events.out.tfevents.*")} == names
    silent = tmp_path / "silent"
    run_distill(recipe(samples, distill={"log": []}), silent)
    assert not (silent / "distill" / "tensorboard").exists()
