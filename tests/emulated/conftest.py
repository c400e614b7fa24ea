"""Board tests: a home folder of their own, and the model that the plugin's `device` fixture puts on its board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import classifier


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$EDGEKD_HOME of this session: builds and PlatformIO's core go there."""
    folder = tmp_path_factory.mktemp("edgekd-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKD_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def edgekd_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small int8 classifier: 1x8x8x3 to 4 probabilities."""
    path = tmp_path_factory.mktemp("model") / "classifier.tflite"
    path.write_bytes(classifier())
    return path
