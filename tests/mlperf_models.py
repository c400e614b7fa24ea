"""The four MLPerf Tiny models as int8 .tflite, made once by edgekd's own conversion and kept in pytest's cache.

Random weights, but as alive as trained ones: batch norms hold the statistics of real activations and the classifier
tells the samples apart, so that a wrong kernel cannot hide behind a constant output. A test that uses the fixture
`mlperf_tiny_models` needs the marker `convert`, for whoever runs it first.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgekd import convert as convert_package
from edgekd import models as models_package

if TYPE_CHECKING:
    from torch import nn

SAMPLES = 24
_LOGITS_SPREAD = 2.0  # standard deviation: probabilities from almost 0 to almost 1


@dataclass(frozen=True, eq=False)
class MlperfModel:
    """name: "kws", "vww", "ic" or "ad". x: int8 inputs, (SAMPLES, …), spread over the calibrated range."""

    name: str
    path: Path
    x: np.ndarray[Any, Any]


@pytest.fixture(scope="session")
def mlperf_tiny_models(pytestconfig: pytest.Config) -> dict[str, MlperfModel]:
    """The four models by name. Made in about 15 s, or found in .pytest_cache."""
    from edgekd.compiler.reader import read_tflite
    from edgekd.convert.quantize_io import model_input
    from edgekd.models.mlperf_tiny import BENCHMARKS

    cache = pytestconfig.cache
    assert cache is not None
    folder = Path(cache.mkdir(f"mlperf-tiny-{_key()}"))
    inputs = {name: samples(benchmark.input_shape) for name, benchmark in BENCHMARKS.items()}
    paths = {name: folder / f"{name}.tflite" for name in BENCHMARKS}
    if not all(path.is_file() for path in paths.values()):
        from edgekd.convert.api import convert_all

        networks = {paths[name]: lively(BENCHMARKS[name].build(), inputs[name], seed=7) for name in BENCHMARKS}
        convert_all(networks, {paths[name]: inputs[name] for name in BENCHMARKS}, log=folder / "convert.log")
    return {
        name: MlperfModel(name, path, model_input(inputs[name], read_tflite(path).inputs[0]))
        for name, path in paths.items()
    }


def samples(shape: tuple[int, ...], count: int = SAMPLES, seed: int = 5) -> np.ndarray[Any, Any]:
    """Float32 (count, *shape) with structure that survives pooling: each sample has its own level, ramp and noise."""
    random = np.random.default_rng(seed)

    def own(scale: float) -> np.ndarray[Any, Any]:
        return random.normal(0.0, scale, (count, *(1 for _ in shape[:-1]), shape[-1]))

    ramp = np.linspace(-1.0, 1.0, shape[0]).reshape(1, shape[0], *(1 for _ in shape[1:]))
    noise = random.normal(0.0, 0.5, (count, *shape)) * np.abs(own(1.0))
    return (own(0.7) + own(1.0) * ramp + noise).astype(np.float32)


def lively(network: nn.Module, x: np.ndarray[Any, Any], seed: int) -> nn.Module:
    """Random weights under which activations keep their variance, and outputs vary from sample to sample."""
    import torch
    from torch import nn

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small layers only wait for each other on more
    generator = torch.Generator().manual_seed(seed)
    linears = [module for module in network.modules() if isinstance(module, nn.Linear)]
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0.0, 0.2, generator=generator)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.weight, 0.6, 1.4, generator=generator)
            nn.init.normal_(module.bias, 0.0, 0.3, generator=generator)
            module.momentum = 1.0  # one pass in training mode sets the statistics
    batch = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    seen: list[torch.Tensor] = []
    hook = linears[-1].register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        network.train()(batch)
        seen.clear()
        network.eval()(batch)
        logits = seen[0]
        scale = _LOGITS_SPREAD / logits.std(dim=0).clamp_min(1e-6)
        bias = linears[-1].bias
        linears[-1].weight *= scale[:, None]
        bias.copy_((bias - logits.mean(dim=0)) * scale)
    hook.remove()
    torch.set_num_threads(threads)
    return network


def _key() -> str:
    """Changes when anything that decides the files' bytes does."""
    digest = hashlib.sha256()
    folders = [Path(package.__path__[0]) for package in (convert_package, models_package)]
    sources = (sorted(folder.glob("*.py")) for folder in folders)
    for source in itertools.chain([Path(__file__)], *sources):
        digest.update(source.read_bytes())
    for package in ("torch", "onnx", "onnxsim", "onnx2tf", "tensorflow", "numpy"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:16]
