"""How the conversion worker may end. A fake `onnx` package, the worker's first import, makes it end as wanted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from tflite_builder import ModelBuilder

from edgekd.compiler.reader import parse_tflite
from edgekd.convert.export import Probe
from edgekd.convert.process import Job, check_int8, run_worker
from edgekd.errors import InputError, ToolError
from edgekd.progress import silent


@pytest.fixture
def job(tmp_path: Path) -> Job:
    x = np.zeros((1, 2), np.float32)
    return Job("model", tmp_path / "model.onnx", x, Probe(x, x), tmp_path / "out" / "model.tflite")


def make_worker(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "onnx.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))


@pytest.mark.parametrize(
    ("source", "error", "part"),
    [
        ("raise ImportError('libmissing.so.1: no such file')", InputError, "libmissing.so.1"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", ToolError, "ended by SIGKILL"),
        ("import os; print('last words', flush=True); os._exit(3)", ToolError, "code 3\n  worker: last words"),
        ("import os; os._exit(0)", ToolError, "made no model.tflite"),
    ],
    ids=["import", "killed", "exit", "nothing made"],
)
def test_the_end_of_the_worker_is_explained(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, error: type[Exception], part: str
) -> None:
    make_worker(source, tmp_path, monkeypatch)
    job.out.parent.mkdir()
    job.out.write_bytes(b"of an earlier run")

    with pytest.raises(error, match=part) as ended:
        run_worker([job], tmp_path / "convert.log", silent)

    assert f"the whole log: {tmp_path / 'convert.log'}" in str(ended.value)
    assert job.out.read_bytes() == b"of an earlier run"


def test_an_interruption_takes_the_worker_along(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = tmp_path / "pid"
    source = f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(60)"
    make_worker(source, tmp_path, monkeypatch)

    def interrupt(done: float, total: float, text: str) -> None:
        deadline = time.monotonic() + 30
        while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_worker([job], tmp_path / "convert.log", interrupt)

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_place_that_cannot_be_written_is_named(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=0.1), model.tensor((1, 4), scale=0.1)
    model.operator("RELU", [x], [y])
    (tmp_path / "made").write_bytes(model.build([x], [y]))
    copy = f"shutil.copy({str(tmp_path / 'made')!r}, json.load(open(sys.argv[1]))[0]['out'])"
    make_worker(f"import json, os, shutil, sys; {copy}; os._exit(0)", tmp_path, monkeypatch)
    job.out.parent.write_text("not a folder")

    with pytest.raises(InputError, match=r"out/model\.tflite cannot be written: File exists"):
        run_worker([job], tmp_path / "convert.log", silent)


def test_a_model_that_tensorflow_left_partly_in_float_is_refused() -> None:
    model = ModelBuilder()
    x, y = model.tensor((1, 4), scale=0.1), model.tensor((1, 4), scale=0.1)
    real, sums = model.tensor((1, 4), "float32"), model.tensor((1, 4), "float32", name="sums")
    model.operator("DEQUANTIZE", [x], [real])
    model.operator("CUMSUM", [real], [sums])
    model.operator("QUANTIZE", [sums], [y])

    with pytest.raises(InputError, match=r"operator 1 \(CUMSUM\) has no int8 form.*'sums'"):
        check_int8(parse_tflite(model.build([x], [y]), "model"))
