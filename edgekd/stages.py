"""The stages of a recipe: what each depends on, which function does it, which files it makes.

A stage's `inputs` must name everything its result depends on: the parts of the recipe it reads, the files of
earlier stages by digest, data by digest, and the versions of what decides the result.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import edgekd
from edgekd import paths
from edgekd.config import Recipe
from edgekd.files import sha256_of
from edgekd.models import source_digest
from edgekd.progress import Progress


@dataclass(frozen=True)
class Stage:
    """name: its folder in the run directory and its command. title: what it does, for the person who waits.

    inputs(recipe, folder): JSON values that change exactly when the stage must be done again.
    run(recipe, folder, progress): does it, and returns the files it made, inside `folder`.
    """

    name: str
    title: str
    inputs: Callable[[Recipe, Path], dict[str, Any]]
    run: Callable[[Recipe, Path, Progress], list[Path]]


def _distill_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        **_parts(recipe, "seed", "task", "data", "teacher", "teacher_files", "student", "distill"),
        **_parts(recipe, "prune", "quantize"),
        "data_sha256": _data_digest(recipe),
        "code_sha256": {place: source_digest(place) for place in _code_of(recipe)},
        "teacher_files_sha256": [sha256_of(file.path) for file in recipe.teacher_files],
        "versions": _versions("torch", "numpy"),
    }


def _code_of(recipe: Recipe) -> list[str]:
    """Networks and the method, by the names that may stand for a user's own code."""
    networks = [recipe.student, *recipe.distill.assistants, *([recipe.teacher] if recipe.teacher else [])]
    return sorted({recipe.distill.method, *(network.model for network in networks)})


def _distill(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    # Read when torch is loaded. Threads that spin while they wait starve whatever else runs on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if recipe.task == "anomaly":
        from edgekd.distill.anomaly_stage import run_distill
    else:
        from edgekd.distill.stage import run_distill

    return run_distill(recipe, folder, progress)


def _convert_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        **_parts(recipe, "seed", "task", "data", "convert", "prune", "quantize"),
        "student": recipe.student.model_dump(mode="json", include={"model", "options"}),
        "data_sha256": _data_digest(recipe),
        "code_sha256": source_digest(recipe.student.model),
        "distill": _made(folder, "distill", "*.safetensors"),
        "versions": _versions("torch", "onnx", "onnx2tf", "tensorflow", "tflite-micro", "numpy"),
    }


def _convert(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    from edgekd.convert.stage import run_convert

    return run_convert(recipe, folder, progress)


def _deploy_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        **_parts(recipe, "deploy"),
        "board_sha256": sha256_of(_board_file(recipe)),
        "sources_sha256": tree_digest(paths.shipped("firmware")),
        "convert": _made(folder, "convert", "student.tflite"),
        "versions": _versions("platformio", "scons"),
    }


def _deploy(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    from edgekd.firmware.stage import run_deploy

    return run_deploy(recipe, folder, progress)


def _eval_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        **_parts(recipe, "task", "data", "deploy", "evaluate"),
        "data_sha256": _data_digest(recipe),
        "convert": _made(folder, "convert", "student.tflite"),
        "deploy": _made(folder, "deploy", "*.elf"),
        "versions": _versions("tflite-micro"),
    }


def _eval(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    from edgekd.evaluate.stage import run_eval

    return run_eval(recipe, folder, progress)


def _report_inputs(recipe: Recipe, folder: Path) -> dict[str, Any]:
    return {
        "recipe": recipe.model_dump(mode="json"),
        "stages": _made(folder, ".", "*/*.json"),
        "versions": _versions("matplotlib"),
    }


def _report(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    from edgekd.report import run_report

    return run_report(recipe, folder, progress)


STAGES = (
    Stage("distill", "train the teachers, the student and its control", _distill_inputs, _distill),
    Stage("convert", "torch to int8 .tflite, verified on TensorFlow Lite Micro", _convert_inputs, _convert),
    Stage("deploy", "firmware for the board, built and checked", _deploy_inputs, _deploy),
    Stage("eval", "test samples through the board", _eval_inputs, _eval),
    Stage("report", "result.json and report.html", _report_inputs, _report),
)


def tree_digest(folder: Path) -> str:
    """One digest over the names and bytes of all files below `folder`."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{file.relative_to(folder)}\0{sha256_of(file)}\0".encode())
    return digest.hexdigest()


def _parts(recipe: Recipe, *names: str) -> dict[str, Any]:
    return recipe.model_dump(mode="json", include=set(names))


def _made(folder: Path, stage: str, pattern: str) -> dict[str, str | None]:
    """Digests of the files of an earlier stage."""
    made = folder / stage
    return {str(file.relative_to(made)): sha256_of(file) for file in sorted(made.glob(pattern))}


def _versions(*packages: str) -> dict[str, str]:
    """Versions of edgekd and of the installed ones among `packages`; the stage itself refuses when one is missing."""
    found = {"edgekd": edgekd.__version__}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _data_digest(recipe: Recipe) -> str:
    from edgekd.data import files_of

    digest = hashlib.sha256()
    for file in files_of(recipe.data.source, recipe.data.path):
        digest.update(f"{file.name}\0{sha256_of(file)}\0".encode())
    return digest.hexdigest()


def _board_file(recipe: Recipe) -> Path:
    from edgekd.firmware.board import board_path

    return board_path(recipe.deploy.board)
