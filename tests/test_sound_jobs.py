"""The way from sound to a measured board, small: keywords, and machines that run badly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgekd.data.wav import write_wav

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.emulated, pytest.mark.slow]

ANOMALY = """\
name = "machines"
task = "anomaly"
data = { source = "machine-sounds", path = "machines", validation = 6, options = { mels = 8, middle = 30 } }
teacher = { model = "autoencoder", options = { features = 40, width = 24, depth = 1, bottleneck = 4 }, count = 2, \
epochs = 6, batch_size = 64, optimizer = "adamw" }
student = { model = "autoencoder", options = { features = 40, width = 12, depth = 1, bottleneck = 4 }, \
epochs = 6, batch_size = 64, optimizer = "adamw" }
distill = { method = "reconstruction", seeds = 2, log = [] }
convert = { calibration_samples = 60, max_auc_drop = 0.5 }
evaluate = { samples = 8 }
"""

KEYWORDS = """\
name = "beeps"
data = { source = "speech-commands", path = "beeps", options = { words = ["low", "high"], unknown_share = 0.0, \
silence_share = 0.5, seconds = 0.3, mels = 16, coefficients = 8 } }
teacher = { model = "ds_cnn", options = { frames = 14, features = 8, width = 8, blocks = 1, classes = 3 }, count = 1, \
epochs = 12, batch_size = 16, learning_rate = 0.05 }
student = { model = "ds_cnn", options = { frames = 14, features = 8, width = 8, blocks = 1, classes = 3 }, \
epochs = 12, batch_size = 16, learning_rate = 0.05 }
distill = { log = [] }
prune = { share = 0.25, epochs = 4 }
quantize = { aware = true, epochs = 1 }
convert = { calibration_samples = 40, max_accuracy_drop = 50.0 }
evaluate = { samples = 6 }
"""


def run(folder: Path, recipe: str) -> dict[str, object]:
    (folder / "recipe.toml").write_text(recipe)
    command = [str(Path(sys.executable).with_name("edgekd")), "run", "recipe.toml", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_an_anomaly_detector_goes_from_sound_to_a_board(tmp_path: Path) -> None:
    from machine_sounds.__main__ import make

    make(tmp_path / "machines", train=30, test=8, seed=0)
    result = run(tmp_path, ANOMALY)
    scores = result["auc"]
    assert result["task"] == "anomaly" and "accuracy" not in result
    assert len(scores["teachers"]) == 2 and all(0 <= scores[key] <= 1 for key in ("ensemble", "student_float"))
    assert scores["board"] == scores["student_int8"]  # the same clips, the same bytes
    assert result["bit_exact"]["equal"] == result["bit_exact"]["of"] == 8 * 19
    folder = tmp_path / "runs" / "machines"
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "Student against control, AUC on 8 test clips" in page
    assert "AUC on the board" in page and "By class" not in page
    paired = result["seeds"]["test_auc"]["difference"]
    assert f"{paired['mean']:+.4f}" in page and "student over 2 seeds" in page and "paired t-test" in page
    assert result["prune"] is None and result["quantize"] is None and "quantization" not in page


def test_keywords_go_from_sound_to_a_board(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for word, hertz in (("low", 400), ("high", 1500)):
        for speaker in range(80):
            beep = np.sin(2 * np.pi * hertz * random.uniform(0.9, 1.1) * np.arange(4800) / 16000)
            sound = random.uniform(0.05, 0.3) * beep + random.normal(0, 0.01, 4800)
            write_wav(tmp_path / "beeps" / word / f"{speaker:08x}_nohash_0.wav", sound, 16000)
    write_wav(tmp_path / "beeps" / "_background_noise_" / "hiss.wav", random.normal(0, 0.1, 16000), 16000)
    result = run(tmp_path, KEYWORDS)
    assert result["data"]["class_names"] == ["_silence_", "low", "high"]
    assert result["accuracy"]["student_int8"] > 60
    before, page = result["prune"]["student"], (tmp_path / "runs" / "beeps" / "report.html").read_text()
    assert "student before pruning" in page and f"{before['macs']:,} multiply-accumulates" in page
    assert before["macs"] > result["model"]["macs"]
    assert result["quantize"]["aware"] and "fine-tuned" in page and "the recipe says so" in page
    assert {"student, whole", "student, in int8 steps"} <= set(result["training_seconds"])
    assert result["bit_exact"]["equal"] == result["bit_exact"]["of"] == 6
