"""The front end on emulated boards: the host's bytes, and what a frame costs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgekd.device.client import connect
from edgekd.device.emulator import Emulator
from edgekd.features import FrontEnd, c_files, fixed_point
from edgekd.firmware.board import load_board
from edgekd.firmware.build import build
from edgekd.firmware.project import make_project

pytestmark = pytest.mark.emulated

# In the place of a model: one call takes samples and answers with the features of two frames.
ENGINE = """
#include "engine.h"
#include "front_end.h"

#define TAKEN (FRONT_END_WINDOW + FRONT_END_HOP)

static int16_t pcm[TAKEN], samples[FRONT_END_WINDOW];
static int32_t spectrum[FRONT_END_SPECTRUM][2];
static uint64_t energies[FRONT_END_ENERGIES];
static int8_t frames[2 * FRONT_END_FEATURES];
static const uint8_t model_sha256[32];

static int setup(void) {
    return 0;
}

static int invoke(void) {
    struct edgekd_features features;
    bool complete;
    edgekd_features_start(&features, &front_end, samples, spectrum, energies);
    size_t at = 0;
    for (size_t frame = 0; frame < 2; frame += complete)
        at += edgekd_features_feed(&features, pcm + at, TAKEN - at, frames + frame * FRONT_END_FEATURES, &complete);
    return at == TAKEN ? 0 : 1;
}

static const struct edgekd_tensor inputs[] = {{.data = pcm, .bytes = sizeof pcm}};
static const struct edgekd_tensor outputs[] = {{.data = frames, .bytes = sizeof frames}};

const struct edgekd_engine edgekd_engine = {
    .name = "features",
    .model_sha256 = model_sha256,
    .arena_bytes = sizeof pcm + sizeof frames,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
"""


@pytest.mark.parametrize("board", ["microbit", "mps2-an386", "mps3-an547", "qemu-riscv32"])
def test_a_board_computes_the_hosts_features(board: str, tmp_path: Path) -> None:
    front_end, profile = FrontEnd(), load_board(board)
    project = make_project(None, profile, tmp_path / "project")
    engine = project.folder / "lib" / "engine"
    for file in c_files(front_end, tmp_path / "features"):
        shutil.copy(file, engine)
    (engine / "engine.c").write_text(ENGINE)
    image = build(project)

    random = np.random.default_rng(0)
    count = front_end.window + front_end.hop
    sounds = [random.normal(0, 10.0**power, count) for power in (0, 2, 3, 5)]
    with Emulator(profile, image.elf) as emulator, connect(emulator.url) as device:
        for sound in sounds:
            pcm = np.clip(np.rint(sound), -32768, 32767).astype("<i2")
            (answer,) = device.infer([pcm.tobytes()]).outputs
            assert answer == fixed_point.features(front_end, pcm[None]).tobytes()
