"""Small networks in the manner of well-known families, from torch through conversion and compilation to TensorFlow
Lite Micro's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_model import build_host_model

from edgekd.compiler import compile_model
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm

pytestmark = [pytest.mark.torch, pytest.mark.convert, pytest.mark.cc, pytest.mark.slow]

IMAGE, SERIES = (20, 20, 3), (64, 4)  # channels last
IMAGES = (
    *("squeezenet", "shufflenet", "shufflenet_cubic", "mobilenetv3", "densenet", "unet_nearest", "unet_bilinear"),
    *("upsampled", "resnet", "regnet", "ghostnet", "efficientnet", "convnext", "mobilevit", "normalized"),
)
NAMES = (*IMAGES, "temporal", "tc_resnet", "gru", "lstm")


def samples(name: str, count: int) -> np.ndarray[Any, Any]:
    shape = IMAGE if name in IMAGES else SERIES
    return np.random.default_rng(len(name)).normal(size=(count, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Every network as a .tflite, all of one conversion process."""
    from families import networks

    from edgekd.convert.api import convert_all

    folder = tmp_path_factory.mktemp("families")
    made = networks()
    assert set(made) == set(NAMES)
    paths = {name: folder / f"{name}.tflite" for name in made}
    convert_all(
        {paths[name]: network for name, network in made.items()},
        {paths[name]: samples(name, 8) for name in made},
    )
    return paths


@pytest.mark.parametrize("name", NAMES)
def test_a_converted_network_computes_what_the_oracle_does(
    name: str, converted: Mapping[str, Path], tmp_path: Path
) -> None:
    graph = read_tflite(converted[name])
    (entry,) = graph.inputs
    steps = np.round(samples(name, 3) / entry.scale) + entry.zero_point
    inputs = [[sample.reshape(entry.shape)] for sample in np.clip(steps, -128, 127).astype(np.int8)]

    compiled = compile_model(converted[name], tmp_path, target="host")
    outputs = build_host_model(compiled).run(inputs)

    expected = tflm.run(converted[name], inputs).outputs
    assert [[a.tobytes() for a in sample] for sample in outputs] == [[a.tobytes() for a in one] for one in expected]
    assert len(np.unique(np.concatenate([a.reshape(-1) for sample in outputs for a in sample]))) > 2
