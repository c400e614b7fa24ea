"""Every built-in family, small: from torch through conversion and compilation to TensorFlow Lite Micro's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_model import build_host_model
from mlperf_models import lively
from needs import import_needed

from edgekd.compiler import compile_model
from edgekd.compiler.reader import read_tflite
from edgekd.convert import tflm
from edgekd.convert.quantize_io import check_pinned, pin_input
from edgekd.models import BUILT_IN, resolve

torch = import_needed("torch")

pytestmark = pytest.mark.torch

# By name: options, shape of a sample (channels last), outputs, multiply-accumulates by hand.
FAMILIES: dict[str, tuple[dict[str, Any], tuple[int, ...], int, int]] = {
    "teacher_cnn": (
        {"image_size": 8, "width": 4, "classes": 3},
        (8, 8, 1),
        3,
        16 * 4 * (9 + 36) + 4 * 8 * (36 + 72) + 3 * 8,
    ),
    "student_cnn": (
        {"image_size": 8, "width": 4, "classes": 3},
        (8, 8, 1),
        3,
        16 * (4 * 9 + 6 * 36) + 4 * 13 * 54 + 3 * 13,
    ),
    "residual_cnn": (
        {"image_size": 9, "widths": [4, 6, 8], "blocks": 2, "classes": 3},
        (9, 9, 1),
        3,
        81 * 4 * 9 + 16 * 6 * (36 + 54 + 54) + 4 * 8 * 54 + 3 * 8,
    ),
    "ds_cnn": (
        {"frames": 21, "features": 7, "width": 6, "blocks": 2, "kernel": [5, 3], "classes": 4},
        (21, 7, 1),
        4,
        44 * 6 * (15 + 2 * (9 + 6)) + 6 * 4,
    ),
    "mobilenet": (
        {"image_size": 20, "alpha": 0.125, "blocks": 4, "channels": 1},
        (20, 20, 1),
        2,
        100 * 4 * 9 + 100 * 4 * (9 + 8) + 25 * 8 * (9 + 16) + 25 * 16 * (9 + 16) + 9 * 16 * (9 + 32) + 32 * 2,
    ),
    "resnet8": (
        {"image_size": 9, "width": 3, "channels": 2, "classes": 5},
        (9, 9, 2),
        5,
        81 * 3 * (18 + 27 + 27) + 25 * 6 * (27 + 54 + 3) + 9 * 12 * (54 + 108 + 6) + 12 * 5,
    ),
    "conv1d": (
        {"steps": 27, "channels": 3, "widths": [4, 6], "classes": 3},
        (27, 3),
        3,
        27 * 4 * 15 + 13 * 6 * 20 + 6 * 3,
    ),
    "mlp": ({"inputs": 12, "hidden": [8, 8], "classes": 3}, (12,), 3, 12 * 8 + 64 + 24),
    "autoencoder": (
        {"features": 24, "width": 12, "depth": 2, "bottleneck": 3},
        (24,),
        24,
        2 * 24 * 12 + 2 * 144 + 2 * 36,
    ),
}


SCALE = 1 / 32  # of the input


def samples(shape: tuple[int, ...], count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(sum(shape)).normal(size=(count, *shape)).astype(np.float32)


def test_every_built_in_family_is_here() -> None:
    assert set(FAMILIES) == set(BUILT_IN)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_takes_and_returns_what_it_says(name: str) -> None:
    from edgekd.distill.macs import count_macs

    options, shape, outputs, macs = FAMILIES[name]
    network = resolve(name, **options).eval()
    first = (shape[-1], *shape[:-1])
    assert network(torch.zeros(2, *first)).shape == (2, outputs)
    assert count_macs(network, first) == macs


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Every family as a .tflite, all of one conversion process."""
    from edgekd.convert.api import convert_all

    folder = tmp_path_factory.mktemp("families")
    paths = {name: folder / f"{name}.tflite" for name in FAMILIES}
    x = {name: samples(shape, 24) for name, (_, shape, _, _) in FAMILIES.items()}
    networks = {paths[name]: resolve(name, **FAMILIES[name][0]) for name in FAMILIES}
    for name in FAMILIES:
        if name not in ("teacher_cnn", "student_cnn", "residual_cnn"):  # whose classifier is a convolution
            lively(networks[paths[name]], x[name], seed=3)
    convert_all(networks, {paths[name]: pin_input(x[name], SCALE) for name in FAMILIES})
    return paths


@pytest.mark.convert
@pytest.mark.cc
@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_converted_family_computes_what_the_oracle_does(
    name: str, converted: Mapping[str, Path], tmp_path: Path
) -> None:
    graph = read_tflite(converted[name])
    (entry,) = graph.inputs
    assert entry.shape == (1, *FAMILIES[name][1])
    assert "TRANSPOSE" not in [operator.name for operator in graph.operators]
    check_pinned(entry, SCALE, name)
    steps = np.round(samples(FAMILIES[name][1], 3) / entry.scale) + entry.zero_point
    inputs = [[sample[None]] for sample in np.clip(steps, -128, 127).astype(np.int8)]

    compiled = compile_model(converted[name], tmp_path, target="host")
    outputs = build_host_model(compiled).run(inputs)

    expected = tflm.run(converted[name], inputs).outputs
    assert [[a.tobytes() for a in sample] for sample in outputs] == [[a.tobytes() for a in one] for one in expected]
    assert len(np.unique(np.concatenate([a.reshape(-1) for sample in outputs for a in sample]))) > 2
