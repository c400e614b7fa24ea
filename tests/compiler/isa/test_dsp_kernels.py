"""The kernels for the DSP extension on random layers, byte by byte against TensorFlow Lite Micro.

tests/firmware/kernels/host/arm_acle.h has the intrinsics in C, so this machine runs them under the sanitizers.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from compiler.ops.test_against_oracle import check, objects  # noqa: F401 (a fixture)

pytestmark = pytest.mark.cc


@pytest.mark.parametrize("layer", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MUL", "chain"])
def test_random_layers_equal_the_oracle(layer: str, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    check([(layer, seed) for seed in range(200, 240)], tmp_path, objects, "cortex-m4")
