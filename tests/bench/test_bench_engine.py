"""scripts/bench_engine on one small model and one emulated board, and bakenn's C in the same firmware."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from counted_models import counted_models
from engine_bench import bakenn, harness
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
def test_one_model_on_one_board_after_another(home: Path, tmp_path: Path) -> None:
    model, out = tmp_path / "classifier.tflite", tmp_path / "record.json"
    model.write_bytes(classifier())
    for board in ("mps2-an386", "mps2-an385"):
        ran = bench_engine(str(model), "--board", board, "--out", str(out), "--without-bakenn", "--samples", "2")
        assert ran.returncode == 0, ran.stderr
    record = json.loads(out.read_text())
    assert record["models"]["classifier"]["bytes"] == len(classifier())
    m3, m4 = record["rows"]
    assert (m3["board"], m4["board"], m4["tflm"]) == ("mps2-an385", "mps2-an386", None)
    assert m4["measured"]["command"].startswith("scripts/bench_engine classifier.tflite --board mps2-an386")
    assert len(m4["measured"]["commit"]) == 40 and "qemu-system-arm" in m4["measured"]["versions"]
    fast, small = m4["edgekd"]["balanced"], m4["edgekd"]["flash"]
    assert (fast["equal"], fast["of"]) == (small["equal"], small["of"]) == (2, 2)
    assert fast["instructions"] < small["instructions"] and fast["code"] > small["code"]
    assert fast["weights"] == small["weights"] == m3["edgekd"]["balanced"]["weights"]
    assert fast["weights"] + fast["tables"] + fast["code"] == fast["flash"]
    assert (
        f"| mps2-an385 | classifier | fast | – | 2 of 2 | {m3['edgekd']['balanced']['instructions']:,} |" in ran.stdout
    )
    assert bench_engine("--table", "--board", "mps2-an385", "--out", str(out)).stdout == ran.stdout
    goals = bench_engine("--check-goals", "--out", str(out))
    assert goals.returncode == 0 and "| code, each <= 14,000 | mps2-an386 |" in goals.stdout
    assert bench_engine("--check-goals", "--strict", "--out", str(out)).returncode == 1


def test_a_record_that_is_not_there_ends_in_exit_code_2(tmp_path: Path) -> None:
    ran = bench_engine("--table", "--out", str(tmp_path / "record.json"))
    assert ran.returncode == 2 and "there is no record" in ran.stderr


def test_a_bad_file_ends_in_exit_code_2(tmp_path: Path) -> None:
    model = tmp_path / "bad.tflite"
    model.write_bytes(b"not a model")
    ran = bench_engine(str(model), "--without-bakenn", "--out", str(tmp_path / "record.json"))
    assert ran.returncode == 2
    assert "bad.tflite" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.emulated
@pytest.mark.usefixtures("with_bakenn")
@pytest.mark.parametrize("kernels", ["portable", "cmsis-nn"])
def test_bakenn_in_the_same_firmware(kernels: str, tmp_path: Path) -> None:
    model = tmp_path / "separable.tflite"
    model.write_bytes(versioned(counted_models()["separable"]))
    variant = bakenn.Variant("cortex-m4", kernels)
    assert bakenn.Build(variant, "2") in bakenn.builds("cortex-m4")
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
    assert bakenn.builds("avr") == []
    assert {build.variant.kernels for build in bakenn.builds("cortex-m3")} == {"portable", "specialised"}


def test_what_decides_the_figures_of_a_build() -> None:
    board = load_board("mps2-an386")
    assert harness.identity(board) == harness.identity(load_board("mps2-an386"))
    assert harness.identity(board) != harness.identity(harness.optimized(board, "s"))


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
