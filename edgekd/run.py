"""Runs a recipe stage by stage in a run directory, and redoes only what changed.

A stage is stale when what it depends on (its part of the recipe, the files of earlier stages, data, versions)
differs from what the manifest recorded, or when a file it made is gone or altered. `runs/<name>/manifest.json`
keeps for every stage the inputs as written, hashes of the files it made, versions, seconds and the date.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from edgekd.config import Recipe
from edgekd.errors import EdgekdError, InputError
from edgekd.files import sha256_of, write_atomically
from edgekd.progress import Progress, silent
from edgekd.stages import STAGES, Stage
from edgekd.toml_schema import Strict


class Observer(Protocol):
    """Who is told which stage runs. `stage` gives the Progress that the stage reports to while it runs."""

    def stage(self, name: str, title: str) -> AbstractContextManager[Progress]: ...

    def unchanged(self, name: str, title: str) -> None: ...


class _Nobody:
    @contextlib.contextmanager
    def stage(self, name: str, title: str) -> Iterator[Progress]:
        yield silent

    def unchanged(self, name: str, title: str) -> None:
        pass


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, and the content of its result.json ({} when the run ended before the report)."""

    folder: Path
    result: dict[str, Any]


def run_recipe(recipe: Recipe, folder: Path, *, until: str | None = None, observer: Observer | None = None) -> Run:
    """Do every stage up to `until` (all of them by default) in `folder`, skipping those that are up to date.

    An interrupted run goes on where it was: finished stages are kept, and training resumes at its last epoch.
    Raises InputError when another process uses the folder, and whatever a stage raises.
    """
    names = [stage.name for stage in STAGES]
    if until is not None and until not in names:
        raise InputError(f"no stage is called {until!r}", "stages: " + ", ".join(names))
    wanted = STAGES[: names.index(until) + 1] if until else STAGES
    watch = observer or _Nobody()
    with _locked(folder):
        manifest = _Manifest(folder / "manifest.json")
        for stage in wanted:
            _do(stage, recipe, folder, manifest, watch)
        result = folder / "result.json"
        finished = wanted == STAGES and result.is_file()
        return Run(folder, json.loads(result.read_text()) if finished else {})


def _do(stage: Stage, recipe: Recipe, folder: Path, manifest: _Manifest, watch: Observer) -> None:
    inputs = stage.inputs(recipe, folder)
    if manifest.is_current(stage.name, inputs):
        watch.unchanged(stage.name, stage.title)
        return
    manifest.forget(stage.name)
    started = time.monotonic()
    with watch.stage(stage.name, stage.title) as progress:
        files = stage.run(recipe, folder, progress)
    manifest.record(stage.name, inputs, files, time.monotonic() - started)


class _Record(Strict):
    """One finished stage: what it was made from, the digests of what it made, how long it took, when (UTC)."""

    inputs: dict[str, Any]
    files: dict[str, str | None]
    seconds: float
    finished: str


class _Records(Strict):
    stages: dict[str, _Record] = {}


class _Manifest:
    """The records of a run directory, on disk after every change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stages: dict[str, _Record] = {}
        if path.is_file():
            try:
                self._stages = dict(_Records.model_validate_json(path.read_bytes()).stages)
            except ValidationError:
                raise InputError(f"{path}: damaged", "delete the file: every stage is then done again") from None

    def is_current(self, stage: str, inputs: dict[str, Any]) -> bool:
        record = self._stages.get(stage)
        if record is None or record.inputs != inputs:
            return False
        folder = self._path.parent
        return all(sha256_of(folder / name) == digest for name, digest in record.files.items())

    def forget(self, stage: str) -> None:
        if self._stages.pop(stage, None) is not None:
            self._save()

    def record(self, stage: str, inputs: dict[str, Any], files: list[Path], seconds: float) -> None:
        folder = self._path.parent
        self._stages[stage] = _Record(
            inputs=inputs,
            files={str(file.relative_to(folder)): sha256_of(file) for file in files},
            seconds=round(seconds, 2),
            finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        self._save()

    def _save(self) -> None:
        write_atomically(self._path, _Records(stages=self._stages).model_dump_json(indent=2) + "\n")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the lock goes with the process, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}", "choose another folder: --out DIR") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EdgekdError(f"{folder} is in use by another run", "wait for it, or choose --out DIR") from None
        yield
