"""Two processes over gloo give the losses of one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from distill_samples import convnet, images
from needs import import_needed

import edgekd
from edgekd.errors import InputError

import_needed("torch")

pytestmark = [pytest.mark.torch, pytest.mark.slow]

_PROGRAM = """
import json, os, sys
from pathlib import Path
import torch
from test_parallel import distilled
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo")
said = distilled(Path(sys.argv[1]))
if os.environ["RANK"] == "0":
    print(json.dumps(said))
torch.distributed.destroy_process_group()
"""


def distilled(folder: Path) -> dict[str, Any]:
    """History and weights by method, and what is said of batches that do not split evenly; JSON values."""
    said: dict[str, Any] = {}
    for method in ("soft-targets", "fitnets"):
        place = {"cache": folder / "answers", "checkpoint": folder / method}
        options = {"epochs": 2, "batch_size": 16, "augment": "flip", "control": False, "method": method}
        result = edgekd.distill(convnet(4, 9), convnet(3, 1), images(64, 0), images(24, 1), **options, **place)
        weights = [value.flatten().tolist() for value in result.student.state_dict().values()]
        said[method] = {"history": result.history, "weights": weights}
    try:
        edgekd.train(convnet(3, 1), images(64, 0), images(24, 1), epochs=1, batch_size=9)
        said["odd"] = ""
    except InputError as error:
        said["odd"] = str(error)
    return said


def distilled_by(processes: int, folder: Path) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here, started = Path(__file__).parent, []
    for rank in range(processes):
        place = {"RANK": str(rank), "WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        path = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(folder)],
                env={**os.environ, **place, "PYTHONPATH": path, "GLOO_SOCKET_IFNAME": "lo"},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    said = [process.communicate(timeout=240)[0] for process in started]
    assert all(process.returncode == 0 for process in started)
    found: dict[str, Any] = json.loads(said[0])
    return found


def test_two_processes_give_the_losses_of_one(tmp_path: Path) -> None:
    """Of the projections that a method trains, too."""
    one, two = distilled(tmp_path / "one"), distilled_by(2, tmp_path / "two")
    for method in ("soft-targets", "fitnets"):
        for alone, shared in zip(one[method]["history"], two[method]["history"], strict=True):
            for key in set(alone) - {"seconds"}:
                assert shared[key] == pytest.approx(alone[key], rel=1e-4), key
        for alone, shared in zip(one[method]["weights"], two[method]["weights"], strict=True):
            assert shared == pytest.approx(alone, rel=1e-3, abs=1e-5)
        assert (tmp_path / "two" / method / "student.pt").is_file()
    assert one["odd"] == "" and "does not split evenly over 2 processes" in two["odd"]
