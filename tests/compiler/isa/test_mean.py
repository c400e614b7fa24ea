"""MEAN and SUM of pixels on each core's kernel, byte by byte against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiler.ops.test_against_oracle import objects  # noqa: F401 (a fixture)
from graph_parts.maker import Maker
from random_runs import graph_differing_on_host

from edgekd.compiler import compile_model

pytestmark = pytest.mark.cc


@pytest.mark.parametrize(("target", "suffix"), [("cortex-m4", "_dsp"), ("cortex-m3", "_scalar")])
def test_pixels(target: str, suffix: str, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    """More pixels than 16 bits hold the sum of, several images, channels that are no multiple of four."""
    m = Maker()
    kernels = []
    for part, (shape, axes, pixels) in enumerate(
        [
            ((1, 7, 7, 16), [1, 2], True),
            ((2, 33, 31, 7), [1, 2], True),
            ((3, 5, 4, 6), [1], True),
            ((2, 3, 5, 4), [0, 1, 2], True),
            ((1, 6, 5, 3), [1, 2], False),
            ((2, 3, 4, 8), [0, 2], False),
            ((2, 3, 8), [2], False),
        ]
    ):
        m.begin("mean", part)
        for operator, factor in [("MEAN", 1.0), ("SUM", 30.0)]:
            x = m.input(shape)
            kept = [n for d, n in enumerate(shape) if d not in axes]
            y = m.value(kept, x.scale * factor)
            m.model.operator(operator, [x.index, m.constant(axes)], [y.index], keep_dims=False)
            m.outputs.append(y)
            kernels.append(f"edgekd_mean_pixels_s8{suffix}" if pixels else "edgekd_mean_s8")
    assert not graph_differing_on_host(m.build("mean"), tmp_path, objects, target)
    compiled = compile_model(tmp_path / "model.tflite", tmp_path / "again", target=target)
    assert [operator.kernel for operator in compiled.operators] == kernels
