"""scripts/bench_engine on one small model and one emulated board, and bakenn's C in the same firmware."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from counted_models import counted_models
from engine_bench import bakenn
from engine_bench.harness import measure_c
from small_models import classifier
from tflite_builder import pack
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from edgekd.errors import ToolError
from edgekd.firmware.board import load_board

ROOT = Path(__file__).resolve().parents[2]
# The versions bakenn knows of the operators in counted_models; TensorFlow's converter writes them.
_VERSIONS = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "AVERAGE_POOL_2D": 2, "ADD": 2}


def bench_engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-m", "engine_bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture
def with_bakenn(home: Path) -> None:
    """bakenn, from PyPI."""
    try:
        bakenn.install()
    except ToolError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.mark.emulated
def test_one_model_on_one_board(home: Path, tmp_path: Path) -> None:
    model, out = tmp_path / "classifier.tflite", tmp_path / "record.json"
    model.write_bytes(classifier())
    where = ["--board", "mps2-an386", "--out", str(out)]
    ran = bench_engine(str(model), *where, "--without-bakenn", "--samples", "2")
    assert ran.returncode == 0, ran.stderr
    record = json.loads(out.read_text())
    assert record["command"].startswith("scripts/bench_engine classifier.tflite --board mps2-an386")
    assert record["models"]["classifier"]["bytes"] == len(classifier())
    (row,) = record["rows"]
    assert (row["edgekd"]["equal"], row["edgekd"]["of"], row["tflm"]) == (2, 2, None)
    assert f"| mps2-an386 | classifier | 2 of 2 | {row['edgekd']['instructions']:,} | – | – |" in ran.stdout
    assert bench_engine("--table", *where).stdout == ran.stdout


def test_a_bad_file_ends_in_exit_code_2(tmp_path: Path) -> None:
    model = tmp_path / "bad.tflite"
    model.write_bytes(b"not a model")
    ran = bench_engine(str(model), "--without-bakenn", "--out", str(tmp_path / "record.json"))
    assert ran.returncode == 2
    assert "bad.tflite" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.emulated
@pytest.mark.usefixtures("with_bakenn")
@pytest.mark.parametrize("kernels", ["specialised", "cmsis-nn"])
def test_bakenn_in_the_same_firmware(kernels: str, tmp_path: Path) -> None:
    model = tmp_path / "separable.tflite"
    model.write_bytes(versioned(counted_models()["separable"]))
    variant = bakenn.Variant("cortex-m4", kernels)
    assert variant in bakenn.variants("cortex-m4")
    sources = bakenn.compile_to_c(model, tmp_path / "c", variant)
    figures = measure_c(model, sources, load_board("mps2-an386"), "2", samples=2)
    assert figures.exact and figures.of == 2
    assert figures.instructions > 1_000_000  # for 690,000 multiply-accumulates
    assert figures.ram > 16 * 16 * 16 and figures.flash > 3000 and figures.stack > 0


@pytest.mark.usefixtures("with_bakenn")
def test_what_bakenn_refuses_is_said(tmp_path: Path) -> None:
    model = tmp_path / "classifier.tflite"
    model.write_bytes(classifier())
    with pytest.raises(bakenn.RefusedError, match="version"):
        bakenn.compile_to_c(model, tmp_path / "c", bakenn.Variant("portable32", "portable"))


def test_cores_bakenn_has_nothing_for() -> None:
    assert bakenn.variants("avr") == []
    assert {variant.kernels for variant in bakenn.variants("cortex-m3")} == {"portable", "specialised"}


def test_cmsis_nn_runs_without_vectors() -> None:
    board = load_board("mps3-an547")
    assert "mve" in board.cpu.features
    assert "+nomve" in " ".join(bakenn.without_vectors(board).machine_flags)


def versioned(data: bytes) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(bytearray(data), 0)
    for code in model.operatorCodes:
        names = [name for name, number in vars(schema.BuiltinOperator).items() if number == code.builtinCode]
        code.version = next((_VERSIONS[name] for name in names if name in _VERSIONS), 1)
    return pack(model)
