"""A thousand damaged copies of a model: each is refused with a sentence, or compiles; none takes long."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from mutants import mutants
from small_models import classifier

from edgekd.compiler import compile_model
from edgekd.errors import InputError

_SECONDS = 1.0  # what each may take
_BRANDS = ("Traceback", "Error:")  # of an error nobody foresaw


def refusal(model: Path, out: Path) -> str | None:
    """What the compiler says of a file it does not take; any other exception is the test's failure."""
    try:
        compile_model(model, out, target="host")
    except InputError as error:
        return error.message
    return None


def test_a_thousand_mutants_end_in_a_sentence(tmp_path: Path) -> None:
    data = classifier()
    model = tmp_path / "damaged.tflite"
    refused = compiled = 0
    for name, mutant in mutants(data, 1000):
        model.write_bytes(mutant)
        started = time.process_time()
        message = refusal(model, tmp_path / "out")
        assert message is None or message.startswith(f"{model}: "), name
        refused += message is not None
        compiled += message is None
        assert time.process_time() - started < _SECONDS, name
    assert refused > 300  # else the damage misses what matters
    assert compiled > 30


def test_mutants_end_the_command_with_two_and_a_sentence(tmp_path: Path) -> None:
    """Through the program, a process each: no traceback, no other exit code, nothing on stdout."""
    model = tmp_path / "damaged.tflite"
    for name, mutant in mutants(classifier(), 12, seed=1):
        model.write_bytes(mutant)
        out = tmp_path / name.replace(" ", "_")
        command = [sys.executable, "-c", "from edgekd.cli import main; main()", "compile", str(model)]
        done = subprocess.run(
            [*command, "--target", "host", "--out", str(out)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode in (0, 2), (name, done.stderr)
        assert not any(brand in done.stderr for brand in _BRANDS), (name, done.stderr)
        assert done.stdout == "", name
        if done.returncode == 2:
            assert done.stderr.startswith(f"error: {model}: "), name
            assert not out.exists(), name
