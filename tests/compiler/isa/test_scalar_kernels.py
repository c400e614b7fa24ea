"""The kernels for cores without SIMD on random layers, byte by byte against TensorFlow Lite Micro.

They are plain C, so this machine runs them; the macros that GCC predefines for a core choose its register tiles and,
for the Cortex-M0, the multiplication in halves.
"""

from __future__ import annotations

from pathlib import Path

import host_model
import pytest
from compiler.ops.test_against_oracle import check, objects  # noqa: F401 (a fixture)
from graphs import random_graph

pytestmark = pytest.mark.cc

CORES = {"cortex-m3": [], "cortex-m0": ["-D__ARM_ARCH_6M__"], "rv32imc": ["-D__riscv"]}
LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "AVERAGE_POOL_2D", "chain")


@pytest.mark.parametrize("target", CORES)
@pytest.mark.parametrize("layer", LAYERS)
def test_random_layers_equal_the_oracle(
    target: str,
    layer: str,
    tmp_path: Path,
    objects: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_model, "WARNINGS", [*host_model.WARNINGS, *CORES[target]])
    check(random_graph([(layer, seed) for seed in range(100, 130)]), tmp_path, objects, target)
