"""Projects that speak MLPerf Tiny's protocol: what goes in, and which models are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from mlperf_board import keyword_model, one_layer_model

from edgekd.cli.deploy import command
from edgekd.compiler.reader import read_tflite
from edgekd.errors import InputError
from edgekd.firmware.board import load_board
from edgekd.firmware.mlperf import BENCHMARKS, note
from edgekd.firmware.project import make_project

PIXELS, PROBABILITIES = (1.0, -128), (1 / 256, -128)


def write(path: Path, model: bytes) -> Path:
    path.write_bytes(model)
    return path


def test_the_project_has_one_protocol_and_the_models_quantization(tmp_path: Path) -> None:
    board = load_board("mps2-an386")
    model = write(tmp_path / "kws.tflite", keyword_model())
    own = make_project(model, board, tmp_path / "own")
    project = make_project(model, board, tmp_path / "mlperf", benchmark=BENCHMARKS["kws01"])
    files = {path.name for path in (project.folder / "lib" / "runtime").iterdir()}
    assert {"mlperf.c", "mlperf_scores.c", "MLPERF.md"} <= files
    assert not {"server.c", "wire.c", "mlperf_distance.c", "PROTOCOL.md"} & files
    assert not list(own.folder.rglob("*mlperf*")) and not list(own.folder.rglob("MLPERF.md"))
    config = (project.folder / "include" / "edgekd_mlperf_config.h").read_text()
    assert '#define EDGEKD_MLPERF_BENCHMARK "kws01"\n' in config
    assert "#define EDGEKD_MLPERF_OUTPUT_ZERO_POINT (-128)\n" in config
    assert project.build_id != own.build_id


@pytest.mark.parametrize(
    ("benchmark", "model", "said"),
    [
        ("ic01", keyword_model(), "ic01 needs one quantized int8 input of 3072 values, the model has 1x49x10x1 int8"),
        ("kws01", one_layer_model(490, 11, PIXELS, PROBABILITIES), "needs one quantized int8 output of 12 values"),
        (
            "kws01",
            one_layer_model(490, 12, PIXELS, (0.01, 0)),
            r"scale 0.01, zero point 0 and is not probabilities \(1/256, -128\)",
        ),
    ],
)
def test_a_model_that_the_runner_would_score_wrong_is_refused(
    benchmark: str, model: bytes, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "model.tflite", model)
    with pytest.raises(InputError, match=said):
        make_project(path, load_board("mps2-an386"), tmp_path / "project", benchmark=BENCHMARKS[benchmark])


def test_keywords_quantized_otherwise_than_the_benchmarks_files_are_told_of(tmp_path: Path) -> None:
    alike, other = keyword_model(), one_layer_model(490, 12, (0.5, 83), PROBABILITIES)
    graphs = [read_tflite(write(tmp_path / f"{n}.tflite", model)) for n, model in enumerate((alike, other))]
    assert note(BENCHMARKS["kws01"], graphs[0]) is None
    assert "own files have 0.5847029, 83" in (note(BENCHMARKS["kws01"], graphs[1]) or "")
    assert note(BENCHMARKS["ic01"], graphs[1]) is None


@pytest.mark.parametrize("options", [["--protocol", "mlperf"], ["--benchmark", "kws01"]])
def test_protocol_and_benchmark_go_together(options: list[str]) -> None:
    result = CliRunner().invoke(command, ["model.tflite", "--board", "mps2-an386", *options])
    assert result.exit_code == 2 and "go together" in result.stderr


def test_an_unknown_benchmark_is_said_to_be_one() -> None:
    options = ["--board", "mps2-an386", "--protocol", "mlperf", "--benchmark", "kws"]
    result = CliRunner().invoke(command, ["m.tflite", *options])
    assert isinstance(result.exception, InputError)
    assert "benchmarks: kws01, ic01, vww01, ad01" in str(result.exception)
