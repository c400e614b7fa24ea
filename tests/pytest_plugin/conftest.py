"""The plugin in users' own projects, whose files these tests write."""

from __future__ import annotations

import pytest
from small_models import classifier

from edgekd.evaluate import board

assert board  # loaded here once: pytester forgets what is first imported inside its runs, which numpy cannot bear

collect_ignore = ["example"]  # a suite of its own; test_example.py runs it


@pytest.fixture
def project(pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory) -> pytest.Pytester:
    """A user's folder with a model in it, and a home folder that these tests share."""
    home = tmp_path_factory.getbasetemp() / "pytest-plugin-home"
    pytester._monkeypatch.setenv("EDGEKD_HOME", str(home))
    pytester._monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:pytest_embedded")  # slow to load
    (pytester.path / "model.tflite").write_bytes(classifier())
    return pytester
