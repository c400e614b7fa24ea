"""The four networks of MLPerf Tiny (Banbury et al. 2021, arXiv:2106.07597, table 1), for torch.

Layer sizes follow the benchmark's reference implementation (mlcommons/tiny, benchmark/training): they are the defaults
of the families. Classifiers end in probabilities, as the benchmark's do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from edgekd.models.autoencoder import autoencoder
from edgekd.models.ds_cnn import ds_cnn
from edgekd.models.mobilenet import mobilenet
from edgekd.models.resnet8 import resnet8


@dataclass(frozen=True)
class Benchmark:
    """One task. build: makes the network. input_shape: of a sample, channels last. outputs: their number."""

    title: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, ...]
    outputs: int


BENCHMARKS = {
    "kws": Benchmark("keyword spotting", lambda: _probabilities(ds_cnn()), (49, 10, 1), 12),
    "vww": Benchmark("visual wake words", lambda: _probabilities(mobilenet()), (96, 96, 3), 2),
    "ic": Benchmark("image classification", lambda: _probabilities(resnet8()), (32, 32, 3), 10),
    "ad": Benchmark("anomaly detection", autoencoder, (640,), 640),
}


def _probabilities(network: nn.Sequential) -> nn.Module:
    return nn.Sequential(*network, nn.Softmax(dim=1))
