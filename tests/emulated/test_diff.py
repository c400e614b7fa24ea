"""edgekd diff: a good board is equal in every tensor; of a bad kernel the right layer is named, with its cause."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphs
import numpy as np
import pytest
from flashable_board import flashable_board

from edgekd.cli import main
from edgekd.compiler.reader import read_tflite
from edgekd.errors import BadResultError, DeviceError
from edgekd.evaluate.board import board_under_test
from edgekd.evaluate.comparison import exactly
from edgekd.evaluate.diff import diff_model
from edgekd.evaluate.samples import one_sample
from edgekd.paths import shipped

pytestmark = pytest.mark.emulated

Mutate = Callable[[str, str, str], None]


@pytest.fixture
def mutate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mutate:
    """mutate(kernel, old, new): models that are compiled from now on have this in a kernel's source."""

    def change(kernel: str, old: str, new: str) -> None:
        shutil.copytree(shipped("firmware") / "kernels", tmp_path / "firmware" / "kernels")
        source = tmp_path / "firmware" / "kernels" / kernel
        assert source.read_text().count(old) == 1
        source.write_text(source.read_text().replace(old, new))
        monkeypatch.setattr("edgekd.compiler.pipeline.shipped", lambda name: tmp_path / name)

    return change


def sample_of(model: Path) -> list[Any]:
    return one_sample(read_tflite(model).inputs, None, 0)


@pytest.mark.parametrize("board", ["mps2-an386", "mega2560"])
def test_a_good_board_is_equal_in_every_tensor(board: str, edgekd_model: Path) -> None:
    result = diff_model(edgekd_model, board, sample_of(edgekd_model))
    assert result["equal"] and result["first"] is None
    assert all(look["equal"] for look in result["looks"])
    made = [look["operator_name"] for look in result["looks"] if look["moment"] == "made"]
    assert made == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "AVERAGE_POOL_2D", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip


def test_rings_state_and_every_type_are_compared_as_they_are(tmp_path: Path) -> None:
    names = ["VAR_HANDLE", "SVDF", "SPLIT", "DEQUANTIZE", "CONV_2D int16", "PAD folded"]
    parts = [*((name, 11) for name in names if name in graphs.OPERATORS), *(("chain", 100 + n) for n in range(10))]
    graph = graphs.random_graph(parts)
    model = tmp_path / "model.tflite"
    model.write_bytes(graph.data)
    result = diff_model(model, "mps2-an386", graph.samples(1)[0], optimize="ram")
    assert result["equal"] and len(result["looks"]) > 60


# Of small_models.classifier: 0 CONV_2D, 1 DEPTHWISE_CONV_2D, 2 CONV_2D 1x1, 3 ADD of 0's and 2's, 4 AVERAGE_POOL_2D, …
@pytest.mark.parametrize(
    ("kernel", "old", "new", "operator", "cause"),
    [
        pytest.param(
            "add_s8.c",
            "edgekd_requantize(sum, p->multiplier, p->shift)",
            "edgekd_high_multiply(sum, p->multiplier) >> -p->shift",
            3,
            "off by one, down: rounding",
            id="rounding",
        ),
        pytest.param(
            "depthwise_conv_2d_s8.c",
            "p->input_zero_point, scratch",
            "0, scratch",
            1,
            "pixels on the border only (first row, last row, first column, last column): padding",
            id="padding",
        ),
        pytest.param(
            "dense_s8.c",
            "y[channel + 1] = result(p, channel + 1, sum1)",
            "y[channel + 1] = result(p, channel, sum1)",
            0,
            "every 4th channel from 1 on: one lane",
            id="a lane",
        ),
        pytest.param(
            "depthwise_conv_2d_s8.c",
            "edgekd_offset_clamp_s8(scaled, p->zero_point, p->lowest, p->highest)",
            "(int8_t)(scaled + p->zero_point)",
            1,
            "only where the right value is the end of the type's range",
            id="saturation",
        ),
    ],
)
def test_the_layer_of_a_bad_kernel_is_named_with_its_cause(
    kernel: str, old: str, new: str, operator: int, cause: str, edgekd_model: Path, mutate: Mutate
) -> None:
    mutate(kernel, old, new)
    result = diff_model(edgekd_model, "mps2-an386", sample_of(edgekd_model), optimize="flash")
    first = result["first"]
    assert not result["equal"]
    assert (first["operator"], first["moment"]) == (operator, "made")
    assert first["causes"][0].startswith(cause)
    assert 0 < first["wrong"] <= first["of"] and first["values"]
    assert all(value["board"] != value["host"] for value in first["values"])


def test_memory_that_is_written_over_is_told_from_a_wrong_result(edgekd_model: Path, mutate: Mutate) -> None:
    model = read_tflite(edgekd_model)
    # The 1x1 convolution writes one byte in front of its output, where the first convolution's is kept for the ADD.
    line = "    const int32_t outputs = p->outputs;"
    mutate("dsp/fully_connected_s8_dsp.c", line, line + " output[-1] ^= 0x55;")
    result = diff_model(edgekd_model, "mps2-an386", sample_of(edgekd_model))
    first = result["first"]
    assert (first["moment"], first["wrong"]) == ("read", 1)
    (cause,) = first["causes"]
    assert cause.startswith("memory: it was right when operator ")
    assert "2 (CONV_2D)" in cause.partition("in between: ")[2] and model.operators[2].name == "CONV_2D"


def test_a_board_that_says_one_thing_now_and_another_then_is_an_error(edgekd_model: Path, mutate: Mutate) -> None:
    mutate(
        "average_pool_2d_s8.c",
        "        y[channel] = edgekd_clamp_s8(mean, p->lowest, p->highest);",
        "        static int8_t calls;\n        y[channel] = (int8_t)(mean ^ ++calls);",
    )
    with pytest.raises(BadResultError, match="does not compute the same thing each time"):
        diff_model(edgekd_model, "mps2-an386", sample_of(edgekd_model), optimize="flash")


def test_a_board_at_a_port_is_given_firmware_for_this_and_says_so_afterwards(
    edgekd_model: Path, tmp_path: Path
) -> None:
    sample = sample_of(edgekd_model)
    with flashable_board(tmp_path) as bench:
        for _ in range(2):
            assert diff_model(edgekd_model, bench.profile, sample, port=bench.url)["equal"]
            assert bench.uploads == 1
        with (
            pytest.raises(DeviceError, match="made for edgekd diff"),
            board_under_test(edgekd_model, bench.profile, port=bench.url),
        ):
            pass
        with board_under_test(edgekd_model, bench.profile, port=bench.url, flash=True) as board:
            assert board.infer(sample[0]) == exactly(board.reference(sample[0]))
        assert bench.uploads == 2
        # The same board under a profile that does not know how to flash it.
        with pytest.raises(DeviceError, match=r"runs build [0-9a-f]{16}, and [0-9a-f]{16} is compared"):
            diff_model(edgekd_model, "mps2-an386", sample, port=bench.url)


def test_the_command_ends_in_1_with_the_layer_and_its_values(
    edgekd_model: Path,
    tmp_path: Path,
    mutate: Mutate,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    x = np.random.default_rng(3).integers(-128, 128, (4, 8, 8, 3), dtype=np.int8)
    np.savez(tmp_path / "data.npz", x_test=x)
    command = ["edgekd", "diff", str(edgekd_model), "--board", "mps2-an386", "--input", str(tmp_path / "data.npz")]

    def run(*options: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [*command, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    code, out, err = run("--index", "3", "--optimize", "flash")
    assert (code, out) == (0, "") and "differ" not in err and err.count("equal") == 2 * 7
    mutate("add_s8.c", "edgekd_requantize(sum, p->multiplier, p->shift)", "edgekd_requantize(sum, p->multiplier, 0)")
    code, out, err = run("--index", "3", "--optimize", "flash", "--json")
    first = json.loads(out)["first"]
    assert code == 1
    assert "first difference: output of operator 3 (ADD, edgekd_add_s8 kernel)" in err
    assert f"at {first['values'][0]['at']}: board {first['values'][0]['board']}" in err and "likely: " in err
    code, out, err = run("--index", "4")
    assert (code, out) == (2, "") and "has 4 samples, none with index 4" in err
