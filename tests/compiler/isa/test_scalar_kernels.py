"""The kernels for cores without SIMD on random layers, byte by byte against TensorFlow Lite Micro.

They are plain C, so this machine runs them; the macros that GCC predefines for a core choose its register tiles and,
for the Cortex-M0, the multiplication in halves.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from compiler.ops.test_against_oracle import check, objects  # noqa: F401 (a fixture)

pytestmark = pytest.mark.cc

LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "chain")


@pytest.mark.parametrize("target", ["cortex-m3", "cortex-m0", "rv32imc"])
@pytest.mark.parametrize("layer", LAYERS)
def test_random_layers_equal_the_oracle(target: str, layer: str, tmp_path: Path, objects: Path) -> None:  # noqa: F811
    check([(layer, seed) for seed in range(100, 130)], tmp_path, objects, target)
