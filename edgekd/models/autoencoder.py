"""A fully connected autoencoder: it learns to repeat what is normal, and fails at what is not.

The shape is that of the DCASE 2020 baseline for machine sounds (Koizumi et al. 2020, arXiv:2006.05822, section 4),
which MLPerf Tiny took over.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def autoencoder(*, features: int = 640, width: int = 128, depth: int = 4, bottleneck: int = 8) -> nn.Sequential:
    """Takes (batch, features) and returns as many, reconstructed.

    `depth` layers of `width` on each side of a layer of `bottleneck` values; the defaults are the network of MLPerf
    Tiny's anomaly detection, five frames of 128 mel energies.
    """
    sizes = (features, *(width,) * depth, bottleneck, *(width,) * depth)
    hidden = (
        layer
        for narrow, wide in pairwise(sizes)
        for layer in (nn.Linear(narrow, wide), nn.BatchNorm1d(wide), nn.ReLU())
    )
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], features))
