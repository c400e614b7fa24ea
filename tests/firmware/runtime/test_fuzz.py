"""The fuzzers of scripts/check_link: every input that is kept, and a few seconds of new ones."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))

from link_checks import fuzz

pytestmark = pytest.mark.cc

SECONDS = 5


@pytest.mark.parametrize("target", fuzz.TARGETS, ids=lambda target: target.name)
def test_nothing_is_found_from_the_corpus_on(target: fuzz.Target, tmp_path: Path, require_program: object) -> None:
    require_program("clang")  # type: ignore[operator]
    kept = list(target.corpus.iterdir())
    assert kept
    corpus = tmp_path / "corpus"
    shutil.copytree(target.corpus, corpus)
    started = time.monotonic()
    fuzzed = fuzz.finish(fuzz.start(fuzz.build(target, tmp_path), corpus, SECONDS, seed=1), started)
    assert not fuzzed.found
    assert fuzzed.runs > len(kept)


def test_a_planted_error_is_found(tmp_path: Path) -> None:
    """A decoder that takes one byte more than it has room for."""
    decoder = next(target for target in fuzz.TARGETS if target.name == "decoder")
    source = next(path for path in decoder.sources if path.name == "cobs.c")
    text = source.read_text()
    wrong = text.replace("decoder->length == decoder->capacity", "decoder->length > decoder->capacity")
    assert wrong != text
    (tmp_path / "cobs.c").write_text(wrong)
    planted = fuzz.Target("decoder", (tmp_path / "cobs.c", *(path for path in decoder.sources if path != source)))
    corpus = tmp_path / "corpus"
    shutil.copytree(decoder.corpus, corpus)
    started = time.monotonic()
    fuzzed = fuzz.finish(fuzz.start(fuzz.build(planted, tmp_path), corpus, SECONDS, seed=1), started)
    assert fuzzed.found
