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
from needs import import_needed

import_needed("torch")

pytestmark = [pytest.mark.torch, pytest.mark.slow]

_PROGRAM = """
import json, os, sys
import torch
torch.set_num_threads(1)
from distill_samples import convnet, images
import edgekd
from edgekd.errors import InputError
if os.environ["WORLD_SIZE"] != "1":
    torch.distributed.init_process_group("gloo")
said = {}
for method in ("soft-targets", "fitnets"):
    place = dict(cache=sys.argv[1] + "/answers", checkpoint=f"{sys.argv[1]}/{method}")
    result = edgekd.distill(
        convnet(4, 9), convnet(3, 1), images(64, 0), images(24, 1),
        epochs=2, batch_size=16, augment="flip", control=False, method=method, **place,
    )
    weights = [value.flatten().tolist() for value in result.student.state_dict().values()]
    said[method] = {"history": result.history, "weights": weights}
try:
    odd = edgekd.train(convnet(3, 1), images(64, 0), images(24, 1), epochs=1, batch_size=9)
except InputError as error:
    odd = str(error)
if os.environ["RANK"] == "0":
    print(json.dumps({**said, "odd": odd if isinstance(odd, str) else ""}))
if torch.distributed.is_initialized():
    torch.distributed.destroy_process_group()
"""


def trained(processes: int, folder: Path) -> Any:
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in range(processes):
        place = {"RANK": str(rank), "WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
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
    return json.loads(said[0])


def test_two_processes_give_the_losses_of_one(tmp_path: Path) -> None:
    """Of the projections that a method trains, too."""
    one, two = trained(1, tmp_path / "one"), trained(2, tmp_path / "two")
    for method in ("soft-targets", "fitnets"):
        for alone, shared in zip(one[method]["history"], two[method]["history"], strict=True):
            for key in set(alone) - {"seconds"}:
                assert shared[key] == pytest.approx(alone[key], rel=1e-4), key
        for alone, shared in zip(one[method]["weights"], two[method]["weights"], strict=True):
            assert shared == pytest.approx(alone, rel=1e-3, abs=1e-5)
        assert (tmp_path / "two" / method / "student.pt").is_file()
    assert one["odd"] == "" and "does not split evenly over 2 processes" in two["odd"]
