"""Data sets as named sources: arrays out, checked, in the model's units, batch first and channels last.

A source is one module with `files(path) -> list[Path]`, the files it reads, and
`load(path, *, validation, seed, **options) -> Dataset`.
"""

from __future__ import annotations

import importlib
import inspect
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from edgekd.data.dataset import Dataset
from edgekd.errors import InputError

__all__ = ["SOURCES", "Dataset", "files_of", "load"]

SOURCES = {
    "fashion-mnist": "edgekd.data.fashion_mnist",
    "digits": "edgekd.data.digits",
    "npz": "edgekd.data.npz",
    "image-folder": "edgekd.data.image_folder",
    "watch": "edgekd.data.watch",
    "csv-windows": "edgekd.data.csv_windows",
}


def load(source: str, *, path: Path | None = None, validation: int = 5000, seed: int = 0, **options: Any) -> Dataset:
    """Read a data set.

    source: a key of SOURCES. path: its file or folder, where it has one. validation: samples carved from the training
    set where the source has no validation set of its own. seed: fixes every random split. options: the source's own.
    Raises InputError for an unknown source or option, and for anything in the files that is missing or damaged.
    """
    module = _module_of(source)
    _check_options(source, module, options)
    dataset: Dataset = module.load(path, validation=validation, seed=seed, **options)
    return dataset


def files_of(source: str, path: Path | None = None) -> list[Path]:
    """The files a source reads, sorted; none for a source that comes with a package. InputError when absent."""
    files: list[Path] = _module_of(source).files(path)
    return files


def _module_of(source: str) -> ModuleType:
    if source not in SOURCES:
        near = get_close_matches(source, SOURCES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "sources: " + ", ".join(SOURCES)
        raise InputError(f"no data source is called {source!r}", hint)
    return importlib.import_module(SOURCES[source])


def _check_options(source: str, module: ModuleType, options: dict[str, Any]) -> None:
    parameters = inspect.signature(module.load).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in ("validation", "seed")]
    for name in options:
        if name not in known:
            hint = "options: " + ", ".join(known) if known else f"{source} takes no options"
            raise InputError(f"the data source {source} has no option {name!r}", hint)
