"""edgekd bench and edgekd eval: the keys and exit codes other programs rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import classifier
from tflite_builder import ModelBuilder

from edgekd.convert import tflm
from edgekd.device.emulator import Emulator
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

pytestmark = pytest.mark.emulated

PER_INFERENCE = {"instructions", "cycles", "micros", "source"}
LINK = {"bytes_sent", "bytes_received", "retries", "seconds"}


def edgekd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from edgekd.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, edgekd_model: Path) -> Path:
    """30 images; the labels are what TensorFlow Lite Micro answers, but for the last three."""
    x = np.random.default_rng(4).integers(-128, 128, (30, 8, 8, 3), dtype=np.int8)
    y = tflm.run_batch(edgekd_model, x).reshape(30, 4).argmax(axis=1)
    y[-3:] = (y[-3:] + 1) % 4
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x_test=x, y_test=y)
    return path


def test_bench_prints_one_json_object_with_the_promised_keys(edgekd_model: Path) -> None:
    done = edgekd("bench", edgekd_model, "--board", "mps2-an386", "--samples", "4", "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["board"] == "mps2-an386" and result["engine"] == "aot" and result["samples"] == 4
    assert len(result["model_sha256"]) == 64 and result["model"] == str(edgekd_model)
    assert result["bit_exact"] == {"oracle": "TensorFlow Lite Micro", "equal": 4, "of": 4}
    assert result["per_inference"].keys() >= PER_INFERENCE
    assert result["per_inference"]["instructions"] > 10_000
    flash, ram = result["flash_bytes"], result["ram_bytes"]
    assert flash["total"] == flash["weights"] + flash["engine"] and min(flash.values()) > 0
    assert ram["total"] == ram["arena"] + ram["static"] + ram["stack"]
    assert ram["arena"] >= 8 * 8 * 3 + 4 and ram["stack"] > 0 and ram["static"] >= 0


def test_eval_prints_one_json_object_with_the_promised_keys(edgekd_model: Path, data: Path) -> None:
    done = edgekd("eval", edgekd_model, "--board", "netduinoplus2", "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert (result["accuracy"], result["samples"]) == (0.9, 30)
    assert result["bit_exact"]["equal"] == result["bit_exact"]["of"] == 30
    assert result["per_inference"].keys() >= PER_INFERENCE
    assert (result["task"], result["auc"], len(result["per_class"])) == ("classify", None, 4)
    assert sum(row["support"] for row in result["per_class"]) == 30
    speed = result["per_inference"]
    assert speed["minimum"] <= speed["p50"] <= speed["p90"] <= speed["p99"] <= speed["maximum"]
    assert result["link"].keys() >= LINK and result["link"]["bytes_sent"] > 30 * 192


def test_eval_scores_an_anomaly_detector_by_what_it_gives_back(tmp_path: Path) -> None:
    model = ModelBuilder()
    x, y = (model.tensor((1, 8), scale=0.1, zero_point=3) for _ in range(2))
    weights = model.tensor((8, 8), scale=0.01, data=100 * np.eye(8, dtype=np.int8))  # the identity up to 12.4
    model.operator("FULLY_CONNECTED", [x, weights], [y])
    (tmp_path / "auto.tflite").write_bytes(model.build([x], [y]))
    random = np.random.default_rng(0)
    samples = random.uniform(-6, 6, (12, 3, 8)).astype(np.float32)
    samples[:4, 1, :2] = 40  # clamped on the way: an anomaly in one of three windows
    np.savez(tmp_path / "data.npz", x_test=samples, y_test=[1] * 3 + [0] * 9)  # and one that is labelled normal
    options = ["--board", "mps2-an386", "--data", tmp_path / "data.npz"]
    done = edgekd("eval", tmp_path / "auto.tflite", *options, "--json")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert (result["task"], result["samples"], result["inferences"], result["accuracy"]) == ("anomaly", 12, 36, None)
    assert 24 / 27 <= result["auc"] <= 1 and result["bit_exact"]["of"] == 36
    low, high = result["auc_interval_95"] or (result["auc"], 1.0)
    assert low <= result["auc"] <= high
    done = edgekd("eval", tmp_path / "auto.tflite", *options)
    assert "AUC on the board" in done.stderr and "By class" not in done.stderr


def test_eval_takes_the_url_of_a_running_board_and_refuses_one_with_another_model(
    edgekd_model: Path, data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(classifier(seed=1))
    board = load_board("mps2-an386")
    with Emulator(board, deploy_cached(edgekd_model, board).elf) as emulator:
        options = ["--board", board.name, "--data", data, "--samples", "5", "--port", emulator.url, "--json"]
        done = edgekd("eval", edgekd_model, *options)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["samples"] == result["bit_exact"]["equal"] == 5
        assert result["per_inference"]["instructions"] is None  # a board may be at that port as well
        refused = edgekd("eval", other, *options)
    assert refused.returncode == 2 and refused.stdout == ""
    assert "the board runs another model" in refused.stderr and "edgekd deploy" in refused.stderr


def test_without_json_a_person_reads_a_table_and_stdout_stays_empty(edgekd_model: Path) -> None:
    done = edgekd("bench", edgekd_model, "--board", "mps2-an386", "--samples", "1")
    assert done.returncode == 0 and done.stdout == ""
    assert "outputs equal in every byte" in done.stderr and "1 of 1" in done.stderr


@pytest.mark.parametrize("command", ["bench", "eval"])
def test_outputs_that_differ_end_in_exit_code_1_after_the_figures(
    command: str, edgekd_model: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgekd.cli import main

    true_run = tflm.run

    def other_answers(*arguments: Any) -> tflm.TflmRun:
        run = true_run(*arguments)
        run.outputs[1][0] = run.outputs[1][0] ^ 1
        return run

    monkeypatch.setattr("edgekd.evaluate.under_test.tflm.run", other_answers)
    options = ["--samples", "3", "--json"] + (["--data", str(data)] if command == "eval" else [])
    monkeypatch.setattr(sys, "argv", ["edgekd", command, str(edgekd_model), "--board", "mps2-an386", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert json.loads(printed.out)["bit_exact"]["equal"] == 2
    assert "1 of 3 outputs differ from TensorFlow Lite Micro's" in printed.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--board", "mps2-an368"], "did you mean mps2-an386?"),
        (["--board", "nucleo_f446re"], "cannot be emulated"),
        (["--board", "mps2-an386", "--engine", "tflm"], "cannot be deployed yet"),
        (["--board", "mps2-an386", "--samples", "0"], "--samples"),
        (["--board", "mps2-an386", "--port", "/dev/there-is-none"], "/dev/there-is-none cannot be opened"),
    ],
)
def test_what_bench_cannot_do_ends_in_exit_code_2_with_a_sentence(
    options: list[str], says: str, edgekd_model: Path
) -> None:
    done = edgekd("bench", edgekd_model, *options, "--json")
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and "Traceback" not in done.stderr
