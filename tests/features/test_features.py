"""Sound to int8 features: the C for boards against the whole numbers of the host, and those against real numbers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_model import SANITIZERS, WARNINGS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from needs import require_program
from numpy.typing import NDArray

from edgekd.errors import InputError
from edgekd.features import FrontEnd, c_files, fixed_point, floating

FRONT_ENDS = {
    "mfcc": FrontEnd(),
    "log-mel": FrontEnd(coefficients=0, middle=30),
    "long": FrontEnd(window=1024, hop=1024, fft_size=1024, mels=64, coefficients=13),
    "telephone": FrontEnd(
        sample_rate=8000, window=200, hop=80, fft_size=256, mels=20, low_hz=0, high_hz=4000, coefficients=20
    ),
    "tiny": FrontEnd(window=17, hop=3, fft_size=32, mels=2, low_hz=500, high_hz=8000, coefficients=1),
    "largest": FrontEnd(window=4096, hop=4096, fft_size=4096, mels=128, coefficients=0),
}

_MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "front_end.h"

static int16_t samples[FRONT_END_WINDOW];
static int32_t spectrum[FRONT_END_SPECTRUM][2];
static uint64_t energies[FRONT_END_ENERGIES];

int main(int count, char **arguments) {
    const size_t at_once = (size_t)atoi(arguments[count - 1]);
    int16_t *pcm = malloc(at_once * sizeof *pcm); /* of its own, so that a sample too many is seen */
    struct edgekd_features features;
    int8_t frame[FRONT_END_FEATURES];
    edgekd_features_start(&features, &front_end, samples, spectrum, energies);
    for (size_t left; (left = fread(pcm, sizeof *pcm, at_once, stdin)) > 0;) {
        for (const int16_t *next = pcm; left > 0;) {
            bool complete;
            const size_t taken = edgekd_features_feed(&features, next, left, frame, &complete);
            next += taken, left -= taken;
            if (complete)
                fwrite(frame, 1, sizeof frame, stdout);
        }
    }
    free(pcm);
    return 0;
}
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The C of every front end as a program: samples on stdin, frames on stdout; its argument: samples at once."""
    compiler = require_program("gcc")
    made = {}
    for name, front_end in FRONT_ENDS.items():
        folder = tmp_path_factory.mktemp(name)
        sources = [str(file) for file in c_files(front_end, folder) if file.suffix == ".c"]
        (folder / "main.c").write_text(_MAIN)
        made[name] = folder / "program"
        command = [compiler, *WARNINGS, "-O1", *SANITIZERS, *sources, str(folder / "main.c"), "-o", str(made[name])]
        subprocess.run(command, check=True)
    return made


def on_c(program: Path, front_end: FrontEnd, pcm: NDArray[np.int16], at_once: int) -> NDArray[np.int8]:
    run = subprocess.run([str(program), str(at_once)], input=pcm.tobytes(), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return np.frombuffer(run.stdout, np.int8).reshape(-1, front_end.features)


def sound(kind: str, samples: int, seed: int = 0) -> NDArray[np.int16]:
    random, n = np.random.default_rng(seed), np.arange(samples)
    if kind == "loudest":  # the sign of a wave at full scale, the worst for sums, changing its pitch
        values = np.where(np.sin(2 * np.pi * n * (1 + n / samples) / random.uniform(2, 60)) < 0, -32768.0, 32767.0)
    elif kind == "constant":
        values = np.full(samples, random.choice([-32768.0, 32767.0]))
    elif kind == "noise":
        values = random.normal(0, 10.0 ** random.uniform(-1, 5), samples)
    elif kind == "silence":
        values = np.zeros(samples)
    else:
        tone = np.sin(2 * np.pi * n * random.uniform(0.001, 0.5))
        values = 10.0 ** random.uniform(0, 4.5) * tone + random.normal(0, 3, samples)
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)


KINDS = ("loudest", "constant", "noise", "silence", "tone")


@pytest.mark.cc
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_board_computes_the_hosts_bytes(name: str, kind: str, programs: dict[str, Path]) -> None:
    front_end = FRONT_ENDS[name]
    pcm = sound(kind, front_end.window + 5 * front_end.hop + 2)
    for at_once in (1, front_end.hop, 7 * front_end.window):
        ours = on_c(programs[name], front_end, pcm, at_once)
        expected = fixed_point.features(front_end, pcm[None])[0]
        assert expected.shape == (6, front_end.features)
        assert ours.tobytes() == expected.tobytes()


@pytest.mark.cc
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32),
    samples=st.integers(0, 4000),
    at_once=st.integers(1, 5000),
    name=st.sampled_from(("mfcc", "telephone", "tiny")),
)
def test_whatever_the_sound_and_its_pieces(
    kind: str, seed: int, samples: int, at_once: int, name: str, programs: dict[str, Path]
) -> None:
    pcm = sound(kind, samples, seed)
    expected = fixed_point.features(FRONT_ENDS[name], pcm[None])[0]
    assert on_c(programs[name], FRONT_ENDS[name], pcm, at_once).tobytes() == expected.tobytes()


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(FRONT_ENDS)), kind=st.sampled_from(("noise", "tone")))
@example(seed=0, name="largest", kind="tone")
def test_features_are_the_formula_rounded(seed: int, name: str, kind: str) -> None:
    """Where the samples carry noise of some units, as a microphone's do, little beside that rounding is lost."""
    front_end = FRONT_ENDS[name]
    pcm = sound(kind, front_end.window + front_end.hop, seed)
    pcm += np.random.default_rng(seed).normal(0, 4, pcm.shape).astype(np.int16) * (np.abs(pcm) < 32000)
    steps = floating.features(front_end, pcm[None])
    whole = fixed_point.features(front_end, pcm[None])
    assert np.abs(whole - np.clip(steps, -128, 127)).max() < (0.8 if name == "largest" else 0.55)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32), name=st.sampled_from(sorted(FRONT_ENDS)))
def test_energies_are_right_to_half_a_unit_of_a_sample(kind: str, seed: int, name: str) -> None:
    """Whatever the sound: all rounding together adds less than a noise of half a unit in the samples would."""
    front_end = FRONT_ENDS[name]
    pcm = sound(kind, front_end.window, seed)[None]
    whole = fixed_point.mel_energies(front_end, *fixed_point.spectrum(front_end, pcm)) / 2.0**front_end.energy_bits
    power = np.abs(np.fft.rfft(pcm * floating.exact_hann(front_end.window), front_end.fft_size)) ** 2
    filters = floating.filters(front_end)
    exact = power @ filters.T
    rounding = filters.sum(axis=1) * front_end.window / 4
    assert (np.abs(np.sqrt(whole) - np.sqrt(exact)) <= 1e-4 * np.sqrt(exact) + np.sqrt(rounding)).all()


def test_a_tone_is_heard_by_the_filter_around_it() -> None:
    front_end = FrontEnd(coefficients=0)
    edges = floating.mel(front_end.low_hz) + np.arange(42) / 41 * (
        floating.mel(front_end.high_hz) - floating.mel(front_end.low_hz)
    )
    for number in (8, 20, 39):
        hertz = 700 * (10 ** (edges[number + 1] / 2595) - 1)
        pcm = np.rint(3000 * np.sin(2 * np.pi * hertz * np.arange(480) / 16000)).astype(np.int16)
        assert fixed_point.features(front_end, pcm[None])[0, 0].argmax() == number


def test_silence_and_steps_are_what_the_formula_says() -> None:
    front_end = FrontEnd(coefficients=0)
    silent = fixed_point.features(front_end, np.zeros((1, 480), np.int16))
    assert (silent == -128).all()  # log2(1) is 22 octaves, 176 steps, below the middle
    pcm = sound("noise", 480, 3)
    quiet, loud = (fixed_point.features(front_end, (pcm // 64 * gain)[None]).astype(int) for gain in (8, 16))
    assert set(np.unique(loud - quiet)) <= {15, 16, 17}  # twice the amplitude: 2 octaves of energy, 8 steps each


def test_recordings_of_one_length_are_taken_together() -> None:
    pcm = np.stack([sound("noise", 2000, seed) for seed in range(4)])
    whole = fixed_point.features(FRONT_ENDS["telephone"], pcm)
    assert whole.shape == (4, 23, 20)
    for one, samples in zip(whole, pcm, strict=True):
        np.testing.assert_array_equal(one, fixed_point.features(FRONT_ENDS["telephone"], samples[None])[0])


@pytest.mark.parametrize("pcm", [np.zeros((1, 480)), np.zeros(480, np.int16)])
def test_only_pcm_is_taken(pcm: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="not int16"):
        fixed_point.features(FrontEnd(), pcm)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fft_size": 500}, "fft_size is 500"),
        ({"window": 513}, "window is 513"),
        ({"hop": 0}, "hop is 0"),
        ({"hop": 481}, "hop is 481"),
        ({"mels": 1}, "mels is 1"),
        ({"mels": 128}, "mels is 128\n.*a filter has no frequency"),
        ({"coefficients": 41}, "coefficients is 41"),
        ({"high_hz": 8001}, "high_hz is 8001"),
        ({"low_hz": 7600}, "low_hz is 7600"),
        ({"sample_rate": 0}, "sample_rate is 0"),
        ({"middle": 49}, "middle is 49"),
    ],
)
def test_a_front_end_without_meaning_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FrontEnd(**changes)


@pytest.mark.cross
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
def test_the_c_for_a_board_compiles_without_a_warning(core: str, tmp_path: Path) -> None:
    compiler = require_program("arm-none-eabi-gcc")
    sources = [file.name for file in c_files(FrontEnd(), tmp_path) if file.suffix == ".c"]
    for level in ("-O2", "-Os"):
        command = [compiler, f"-mcpu={core}", "-mthumb", *WARNINGS, level, "-c", *sources]
        subprocess.run(command, cwd=tmp_path, check=True)
