"""[prune] and [quantize] of a recipe, after float training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_samples import convnet, images
from needs import import_needed

torch = import_needed("torch")

from edgekd.config import Quantize, Recipe  # noqa: E402
from edgekd.distill.inputs import Samples  # noqa: E402
from edgekd.distill.refine import quantizing_plan  # noqa: E402
from edgekd.distill.stage import run_distill  # noqa: E402
from edgekd.errors import InputError  # noqa: E402
from edgekd.files import sha256_of  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    parts = {}
    for seed, (part, count) in enumerate((("train", 300), ("val", 100), ("test", 100))):
        x, y = images(count, seed)
        parts |= {f"x_{part}": x.transpose(0, 2, 3, 1), f"y_{part}": y}
    np.savez(tmp_path / "samples.npz", **parts)
    return tmp_path / "samples.npz"


def recipe(samples: Path, **changes: Any) -> Recipe:
    def network(name: str, width: int) -> dict[str, Any]:
        options = {"image_size": 8, "width": width, "classes": 3}
        return {"model": name, "options": options, "epochs": 3, "batch_size": 50, "learning_rate": 0.05}

    return Recipe.model_validate(
        {
            "name": "test",
            "data": {"source": "npz", "path": samples},
            "teacher": {**network("teacher_cnn", 6), "count": 1},
            "student": network("student_cnn", 4),
            **changes,
        }
    )


def digests(folder: Path) -> dict[str, str | None]:
    return {file.name: sha256_of(file) for file in sorted((folder / "distill").glob("*.safetensors"))}


def test_a_recipe_prunes_and_quantizes_student_and_control(samples: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    changes = {"prune": {"share": 0.5, "epochs": 2}, "quantize": {"aware": True, "weight_bits": 4, "epochs": 1}}
    told: list[float] = []
    files = run_distill(recipe(samples, **changes), tmp_path, lambda done, total, text: told.append(done / total))
    names = {"student", "student-whole", "student-quantized", "control", "control-whole", "control-quantized"}
    assert {file.stem for file in files} == names | {"teacher-0", "distill"}
    assert told == sorted(told) and told[-1] == 1.0
    whole, pruned, quantized = (load_file(str(tmp_path / "distill" / f"student{end}.safetensors")) for end in ENDS)
    assert len(whole["0.weight"]) == 4 and len(pruned["0.weight"]) == 2
    assert any(key.endswith("log_scale") for key in quantized)
    said = json.loads((tmp_path / "distill" / "distill.json").read_text())
    assert said["student"]["parameters"] == sum(value.numel() for key, value in pruned.items() if is_weight(key))
    assert [len(said["quantize"][name]["history"]) for name in ("student", "control")] == [1, 1]
    assert said["quantize"]["aware"] is True
    assert len(said["student"]["history"]) == 2
    before = said["prune"]["student"]
    assert before["parameters"] == sum(value.numel() for key, value in whole.items() if is_weight(key))
    assert before["macs"] > 2 * said["student"]["macs"] and len(before["history"]) == 3
    assert before["sha256"] == sha256_of(tmp_path / "distill" / "student-whole.safetensors")
    assert said["prune"]["share"] == 0.5 and 0 <= said["prune"]["control"]["test_accuracy"] <= 100

    kept = digests(tmp_path)
    run_distill(recipe(samples, **changes), tmp_path)
    assert digests(tmp_path) == kept

    run_distill(recipe(samples, prune=changes["prune"], quantize={"aware": False}), tmp_path)
    assert digests(tmp_path) == {name: value for name, value in kept.items() if "quantized" not in name}


ENDS = ("-whole", "", "-quantized")


def is_weight(key: str) -> bool:
    return not key.endswith(("running_mean", "running_var", "num_batches_tracked"))


def test_the_default_changes_nothing_where_int8_loses_nothing(samples: Path, tmp_path: Path) -> None:
    for name, quantize in (("default", {"max_loss": 100.0}), ("never", {"aware": False})):
        run_distill(recipe(samples, quantize=quantize), tmp_path / name)
    assert digests(tmp_path / "default") == digests(tmp_path / "never")
    said = json.loads((tmp_path / "default" / "distill" / "distill.json").read_text())["quantize"]
    assert said["aware"] is False and "not more than 100" in said["reason"]
    assert said["untrained_val_accuracy"] == pytest.approx(said["float_val_accuracy"], abs=5)


def test_auto_fine_tunes_when_int8_loses_more_than_allowed() -> None:
    import edgekd

    x, y = images(300, 1)
    student = convnet(4)
    edgekd.train(student, (x, y), (x, y), epochs=8, batch_size=30)
    val = Samples(torch.from_numpy(x), torch.from_numpy(y))
    fine = quantizing_plan(Quantize(), student, val.x, val, None)
    assert not fine.aware and "not more than 0.5" in fine.reason
    outlier = np.concatenate([x, 300 * x[:1]])  # one wild sample: all others share a few steps
    lost = quantizing_plan(Quantize(), student, torch.from_numpy(outlier), val, None)
    assert lost.aware and lost.accuracies["untrained_val_accuracy"] < lost.accuracies["float_val_accuracy"] - 0.5
    assert not quantizing_plan(Quantize(aware=False), student, torch.from_numpy(outlier), val, None).aware
    assert quantizing_plan(Quantize(aware=True), student, val.x, val, None).aware


def test_auto_does_not_take_chance_for_a_loss() -> None:
    import edgekd
    from edgekd.distill.inference import predict
    from edgekd.distill.quantized import quantized

    x, y = images(300, 1)
    student = convnet(4)
    edgekd.train(student, (x, y), (x, y), epochs=8, batch_size=30)
    outlier, labels = torch.from_numpy(np.concatenate([x, 300 * x[:1]])), torch.from_numpy(y)
    x = torch.from_numpy(x)
    right = [predict(one, x).argmax(1) == labels for one in (student, quantized(student, outlier))]
    lost = torch.nonzero(right[0] & ~right[1]).flatten()
    for count, aware, words in ((4, False, "not more than chance does"), (5, True, "more than 0.5")):
        chosen = Samples(x[lost[:count]], labels[lost[:count]])
        plan = quantizing_plan(Quantize(), student, outlier, chosen, None)
        assert plan.aware is aware and words in plan.reason  # half to the power of 4 is above 0.05, of 5 below
        assert plan.accuracies["float_val_accuracy"] == 100 and plan.accuracies["untrained_val_accuracy"] == 0


def test_auto_says_why_a_network_keeps_post_training_quantization() -> None:
    val = Samples(torch.zeros(2, 1, 8, 8), torch.zeros(2, dtype=torch.int64))
    student = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 8), torch.nn.GELU(), torch.nn.Flatten())
    plan = quantizing_plan(Quantize(), student, val.x, val, None)
    assert not plan.aware and "GELU" in plan.reason


def test_peers_cannot_teach_once_more(samples: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="peers that learn with the student"):
        run_distill(recipe(samples, distill={"method": "mutual"}, quantize={"aware": True}), tmp_path)


def test_what_cannot_go_together_is_refused(samples: Path) -> None:
    for changes, words in (
        ({"quantize": {"weight_bits": 4}}, "weights of 4 bits are learned"),
        ({"quantize": {"weight_bits": 3}}, "weight_bits"),
        ({"prune": {"share": 1.0}}, "share"),
        ({"prune": {}}, "share"),
    ):
        with pytest.raises(ValueError, match=words):
            recipe(samples, **changes)
