"""edgekd eval --farm: samples shared out among boards of several kinds, one in use, one lost on the way."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from lab import labgrid, ser2net, serial_port_of
from small_models import classifier

from edgekd.convert import tflm
from edgekd.device.emulator import Emulator
from edgekd.device.farm import load_farm
from edgekd.device.lock import held
from edgekd.errors import DeviceError
from edgekd.evaluate.on_farm import eval_on_farm
from edgekd.firmware import deploy_cached
from edgekd.firmware.board import load_board

pytestmark = pytest.mark.emulated

SAMPLES = 200
FARM = """
[[board]]
name = "arm"
profile = "mps2-an386"
emulated = true

[[board]]
name = "riscv"
profile = "qemu-riscv32"
emulated = true

[[board]]
name = "far"
profile = "mps2-an386"
port = "{url}"
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, edgekd_model: Path) -> Path:
    x = np.random.default_rng(6).integers(-128, 128, (SAMPLES, 8, 8, 3), dtype=np.int8)
    y = tflm.run_batch(edgekd_model, x).reshape(SAMPLES, 4).argmax(axis=1)
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x_test=x, y_test=y)
    return path


@contextlib.contextmanager
def board_that_vanishes(model: Path, after_bytes: int) -> Iterator[str]:
    """The URL of a board that runs `model`, until `after_bytes` have come from it; then nothing is there any more."""
    board = load_board("mps2-an386")
    with Emulator(board, deploy_cached(model, board).elf) as emulator:
        listener = socket.create_server(("127.0.0.1", 0))
        left = after_bytes

        def back(line: socket.socket, host: socket.socket) -> None:
            nonlocal left
            with contextlib.suppress(OSError):
                while left > 0 and (data := line.recv(65536)):
                    host.sendall(data[:left])
                    left -= len(data)
            if left <= 0:
                listener.close()
            for end in (line, host):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    host, _ = listener.accept()
                    line = socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])))
                    threading.Thread(target=back, args=(line, host), daemon=True).start()
                    while chunk := host.recv(65536):
                        line.sendall(chunk)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.close()


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from edgekd.cli import main; main()", "eval", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {board["name"]: board for board in result["boards"]}


def test_all_boards_take_part_and_the_loss_of_one_costs_no_sample(
    edgekd_model: Path, data: Path, tmp_path: Path
) -> None:
    farm = tmp_path / "farm.toml"
    with board_that_vanishes(edgekd_model, after_bytes=300) as url:
        farm.write_text(FARM.format(url=url))
        done = run(edgekd_model, "--farm", farm, "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["samples"], result["accuracy"]) == (SAMPLES, 1.0)
    assert result["bit_exact"] == {"oracle": "TensorFlow Lite Micro", "equal": SAMPLES, "of": SAMPLES}
    assert result["board"] == "mps2-an386, qemu-riscv32" and result["per_inference"] is None
    boards = by_name(result)
    assert sum(board["answered"] for board in boards.values()) == SAMPLES
    assert all(board["equal"] == board["answered"] for board in boards.values())
    assert {name: board["state"] for name, board in boards.items()} == {"arm": "done", "riscv": "done", "far": "lost"}
    assert url in boards["far"]["why"] and boards["far"]["port"] == url
    assert boards["arm"]["answered"] > 0 and boards["riscv"]["answered"] > 0
    assert boards["arm"]["per_inference"]["instructions"] > 1000 and boards["arm"]["link"]["bytes_sent"] > 192


def test_a_board_in_use_is_left_out_and_it_is_said_who_has_it(edgekd_model: Path, data: Path, tmp_path: Path) -> None:
    farm = tmp_path / "farm.toml"
    farm.write_text(FARM.split('[[board]]\nname = "far"')[0])
    boards = load_farm(farm)
    with held(str(boards.identity_of(boards.boards[1])), "riscv"):
        done = run(edgekd_model, "--farm", farm, "--data", data, "--samples", "8")
        assert done.returncode == 0 and done.stdout == "", done.stderr
        assert "in use riscv is in use by" in " ".join(done.stderr.split())
        nothing = run(edgekd_model, "--farm", farm, "--data", data, "--board", "qemu-riscv32", "--wait", "0.1")
    assert nothing.returncode == 2 and "riscv is in use by" in nothing.stderr
    assert "samples have no answer: no board is left" in nothing.stderr


def test_what_the_lost_boards_answered_is_kept(edgekd_model: Path, data: Path, tmp_path: Path) -> None:
    farm, journal = tmp_path / "farm.toml", tmp_path / "answers.jsonl"
    with board_that_vanishes(edgekd_model, after_bytes=800) as url:
        farm.write_text("[[board]]" + FARM.format(url=url).split("[[board]]")[3])
        with pytest.raises(DeviceError, match="no board is left") as lost:
            eval_on_farm(edgekd_model, farm, data, journal=journal)
        assert f"far: {url}" in str(lost.value)
    farm.write_text("[[board]]" + FARM.split("[[board]]")[1])
    result = eval_on_farm(edgekd_model, farm, data, journal=journal)
    boards = by_name(result)
    assert 0 < result["journal"]["kept"] == boards["far"]["answered"] < SAMPLES
    assert boards["arm"]["answered"] == SAMPLES - boards["far"]["answered"]
    assert boards["far"]["state"] == "earlier" and result["bit_exact"]["equal"] == SAMPLES


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--board", "microbit"], "no board has the profile microbit"),
        (["--port", "/dev/null"], "leave one out"),
        (["--samples", "1000"], "1000 were asked for"),
    ],
)
def test_what_a_farm_cannot_do_is_said(
    edgekd_model: Path, data: Path, tmp_path: Path, options: list[str], says: str
) -> None:
    farm = tmp_path / "farm.toml"
    farm.write_text(FARM.format(url="socket://127.0.0.1:1"))
    done = run(edgekd_model, "--farm", farm, "--data", data, *options)
    assert done.returncode == 2 and says in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_a_board_that_gives_wrong_answers_is_found(
    edgekd_model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_run = tflm.run

    def other_answers(*arguments: Any) -> tflm.TflmRun:
        made = true_run(*arguments)
        made.outputs[3][0] = made.outputs[3][0] ^ 1
        return made

    monkeypatch.setattr("edgekd.evaluate.on_farm.tflm.run", other_answers)
    farm = tmp_path / "farm.toml"
    farm.write_text(FARM.split('[[board]]\nname = "far"')[0])
    result = eval_on_farm(edgekd_model, farm, data, samples=10)
    assert result["bit_exact"]["equal"] == 9
    assert sorted(board["answered"] - board["equal"] for board in result["boards"]) == [0, 1]


def test_another_model_is_refused_by_a_board_that_cannot_be_flashed(
    data: Path, tmp_path: Path, edgekd_model: Path
) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(classifier(seed=1))
    farm = tmp_path / "farm.toml"
    with board_that_vanishes(edgekd_model, after_bytes=10**9) as url:
        farm.write_text("[[board]]" + FARM.format(url=url).split("[[board]]")[3])
        with pytest.raises(DeviceError, match="no board is left") as refused:
            eval_on_farm(other, farm, data)
    assert "the board runs another model" in str(refused.value)


def test_boards_of_many_hosts_are_one_pool(edgekd_model: Path, data: Path, tmp_path: Path) -> None:
    """One behind ser2net, one at a labgrid place, one emulated here."""
    board = load_board("mps2-an386")
    elf = deploy_cached(edgekd_model, board).elf
    with contextlib.ExitStack() as stack:
        urls = []
        for _ in range(2):
            port = stack.enter_context(serial_port_of(stack.enter_context(Emulator(board, elf)).url))
            urls.append(stack.enter_context(ser2net(f"serialdev,{port},115200n81,local", tmp_path)))
        exported = {"host": "127.0.0.1", "port": urlsplit(urls[1]).port, "speed": 115_200, "protocol": "rfc2217"}
        lab = stack.enter_context(labgrid({"rack-1": {"NetworkSerialPort": exported}}, tmp_path))
        lab.create("bench", "rack-1")
        farm = tmp_path / "farm.toml"
        farm.write_text(
            FARM.split('[[board]]\nname = "riscv"')[0]
            + f'[[board]]\nname = "far"\nprofile = "mps2-an386"\nport = "{urls[0]}"\n'
            + '[[board]]\nname = "place"\nprofile = "mps2-an386"\nplace = "bench"\n'
            + f'[labgrid]\ncoordinator = "{lab.coordinator}"\n'
        )
        result = eval_on_farm(edgekd_model, farm, data)
        assert "bench" not in lab.client("who").stdout  # given back
    boards = by_name(result)
    assert result["bit_exact"]["equal"] == SAMPLES == sum(board["answered"] for board in boards.values())
    assert {name: board["state"] for name, board in boards.items()} == dict.fromkeys(("arm", "far", "place"), "done")
    assert all(board["equal"] == board["answered"] for board in boards.values())
    assert boards["far"]["answered"] > 0
