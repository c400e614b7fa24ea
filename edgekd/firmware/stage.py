"""The stage `deploy` of a run: the firmware of its student."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from edgekd.config import Recipe
from edgekd.files import write_atomically
from edgekd.firmware.board import load_board
from edgekd.firmware.deployment import deploy
from edgekd.progress import Progress


def run_deploy(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    """Build folder/convert/student.tflite for the recipe's board, and upload it where the recipe names a port.

    Returns folder/deploy/firmware.elf and deploy.json; the PlatformIO project stays in folder/deploy/project.
    """
    out = folder / "deploy"
    made = deploy(
        folder / "convert" / "student.tflite",
        load_board(recipe.deploy.board),
        out / "project",
        engine=recipe.deploy.engine,
        optimize=recipe.deploy.optimize,
        port=recipe.deploy.port,
        progress=progress,
    )
    compiled = made.project.compiled
    assert compiled is not None
    shutil.copyfile(made.elf, out / "firmware.elf")
    sizes = made.sizes
    facts = {
        "board": made.board.name,
        "board_title": made.board.title,
        "engine": made.engine,
        "build_id": made.build_id,
        "model_sha256": made.model_sha256,
        "flash_bytes": {"weights": sizes.flash.weights, "engine": sizes.flash.engine, "total": sizes.flash.total},
        "ram_static_bytes": sizes.ram.static,
        "image_bytes": asdict(sizes.image),
        "operators": [asdict(operator) for operator in compiled.operators],
        "uploaded": made.uploaded,
    }
    write_atomically(out / "deploy.json", json.dumps(facts, indent=2) + "\n")
    return [out / "firmware.elf", out / "deploy.json"]
