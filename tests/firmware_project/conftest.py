"""Deployments of these tests share one home folder of their own, so that the firmware without a model is built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import classifier


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$EDGEKD_HOME of this session."""
    folder = tmp_path_factory.mktemp("edgekd-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKD_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small int8 classifier: 1x8x8x3 to 4 probabilities."""
    path = tmp_path_factory.mktemp("model") / "classifier.tflite"
    path.write_bytes(classifier())
    return path
