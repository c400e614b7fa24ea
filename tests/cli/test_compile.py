"""edgekd compile: exit codes, what goes to stdout and stderr, what lies in the folder afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_models import classifier


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(classifier())
    return path


def edgekd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from edgekd.cli import main; sys.argv[0] = 'edgekd'; main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_json_on_stdout_and_nothing_else(model: Path, tmp_path: Path) -> None:
    done = edgekd("compile", model, "--target", "cortex-m4", "--out", tmp_path / "c", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["name"] == "tiny" and result["target"] == "cortex-m4"
    assert sorted(result["files"]) == sorted(path.name for path in (tmp_path / "c").iterdir())
    assert {"tiny.h", "tiny.c", "tiny_weights.c"} <= set(result["files"])
    assert result["inputs"] == [
        {"name": "image", "dtype": "int8", "shape": [1, 8, 8, 3], "scale": pytest.approx(0.05), "zero_point": -5}
    ]
    assert [operator["name"] for operator in result["operators"]][:2] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert result["macs"] == sum(operator["macs"] for operator in result["operators"]) > 0


def test_a_table_on_stderr(model: Path, tmp_path: Path) -> None:
    done = edgekd("compile", model, "--target", "host", "--out", tmp_path / "c", "--name", "net")
    assert done.returncode == 0 and done.stdout == ""
    for expected in ("1 DEPTHWISE_CONV_2D", "1x4x4x8", "net.h says how to call it", "RAM: arena"):
        assert expected in done.stderr
    assert (tmp_path / "c" / "net.h").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "cortex-m5", "--out", "OUT"], 'error: there is no target "cortex-m5"\n  did you mean cortex-m'),
        (["--target", "host", "--out", "OUT", "--name", "9"], 'error: "9" cannot name the model in C'),
        (["--target", "host"], "Missing option '--out'"),
        (["--out", "OUT"], "Missing option '--target'"),
    ],
)
def test_bad_options_end_with_two_and_a_remedy(model: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    out = tmp_path / "c"
    done = edgekd("compile", model, *[str(out) if argument == "OUT" else argument for argument in arguments])
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not out.exists()


def test_a_file_that_is_no_model_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "photo.tflite").write_bytes(b"\x89PNG\r\n\x1a\n" * 50)
    done = edgekd("compile", tmp_path / "photo.tflite", "--target", "host", "--out", tmp_path / "c")
    assert done.returncode == 2
    assert "photo.tflite: not a .tflite model edgekd can compile" in done.stderr


def test_compiling_imports_neither_torch_nor_tensorflow(model: Path, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom edgekd.compiler import compile_model\n"
        "compile_model(Path(sys.argv[1]), Path(sys.argv[2]), target='host')\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'tensorflow', 'onnx'}))"
    )
    command = [sys.executable, "-c", program, str(model), str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
