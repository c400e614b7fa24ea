"""The stage `eval` of a run: test samples of the recipe's data set through the board."""

from __future__ import annotations

import json
from pathlib import Path

from edgekd.config import Recipe
from edgekd.data import load
from edgekd.errors import InputError
from edgekd.evaluate.api import eval_model
from edgekd.files import write_atomically
from edgekd.progress import Progress


def run_eval(recipe: Recipe, folder: Path, progress: Progress) -> list[Path]:
    """Evaluate folder/convert/student.tflite on the recipe's board; returns folder/eval/eval.json."""
    data = recipe.data
    dataset = load(data.source, path=data.path, validation=data.validation, seed=recipe.seed, **data.options)
    x, y = dataset.test_clips() if recipe.task == "anomaly" else (dataset.x_test, dataset.y_test)
    wanted = recipe.evaluate.samples
    if wanted > len(x):
        raise InputError(f"evaluate.samples: {wanted} were asked for, {data.source} has {len(x)} to test")
    result = eval_model(
        folder / "convert" / "student.tflite",
        recipe.deploy.board,
        (x, y),
        task=recipe.task,
        samples=wanted,
        port=recipe.deploy.port,
        engine=recipe.deploy.engine,
        elf=next((folder / "deploy").glob("*.elf"), None),
        progress=progress,
    )
    out = folder / "eval" / "eval.json"
    write_atomically(
        out, json.dumps({**result, "model": "student.tflite", "class_names": dataset.class_names}, indent=2) + "\n"
    )
    return [out]
