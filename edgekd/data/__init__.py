"""Data sets as named sources: arrays out, checked, in the model's units, batch first and channels last.

A source is one module with `files(path) -> list[Path]`, the files it reads, and
`load(path, *, validation, seed, **options) -> Dataset`. A source that takes the fields of a dataclass as options, too,
names it as MORE_OPTIONS. An option without a default must be given.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, ValidationError, validate_call

from edgekd.data.dataset import Dataset
from edgekd.errors import InputError

if TYPE_CHECKING:
    from edgekd.features import FrontEnd

__all__ = ["SOURCES", "Dataset", "files_of", "front_end", "load"]

SOURCES = {
    "fashion-mnist": "edgekd.data.fashion_mnist",
    "digits": "edgekd.data.digits",
    "npz": "edgekd.data.npz",
    "image-folder": "edgekd.data.image_folder",
    "watch": "edgekd.data.watch",
    "csv-windows": "edgekd.data.csv_windows",
    "speech-commands": "edgekd.data.speech_commands",
    "machine-sounds": "edgekd.data.machine_sounds",
}


def load(source: str, *, path: Path | None = None, validation: int = 5000, seed: int = 0, **options: Any) -> Dataset:
    """Read a data set.

    source: a key of SOURCES. path: its file or folder, where it has one. validation: samples carved from the training
    set where the source has no validation set of its own. seed: fixes every random split. options: the source's own.
    Raises InputError for an unknown source or option, and for anything in the files that is missing or damaged.
    """
    module = _module_of(source)
    _check_options(source, module, options)
    try:
        # Strictly: a text or true in the place of a number is a mistake.
        checked = validate_call(config=ConfigDict(strict=True))(module.load)
        dataset: Dataset = checked(path, validation=validation, seed=seed, **options)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"the data source {source}, option {first['loc'][0]}: {first['msg']}", f"it is {first['input']!r}"
        ) from None
    return dataset


def files_of(source: str, path: Path | None = None) -> list[Path]:
    """The files a source reads, sorted; none for a source that comes with a package. InputError when absent."""
    files: list[Path] = _module_of(source).files(path)
    return files


def front_end(source: str, **options: Any) -> FrontEnd:
    """What a source computes of sound, with a recipe's options. Raises InputError when it computes nothing of sound."""
    from edgekd.features.front_end import FrontEnd, front_end_of

    module = _module_of(source)
    if getattr(module, "MORE_OPTIONS", None) is not FrontEnd:
        heard = [name for name in SOURCES if hasattr(_module_of(name), "MORE_OPTIONS")]
        raise InputError(f"the data source {source} is not sound: it has no features", "these are: " + ", ".join(heard))
    _check_options(source, module, options)
    names = {field.name for field in dataclasses.fields(FrontEnd)}
    return front_end_of({name: value for name, value in options.items() if name in names})


def _module_of(source: str) -> ModuleType:
    if source not in SOURCES:
        near = get_close_matches(source, SOURCES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "sources: " + ", ".join(SOURCES)
        raise InputError(f"no data source is called {source!r}", hint)
    return importlib.import_module(SOURCES[source])


def _check_options(source: str, module: ModuleType, options: dict[str, Any]) -> None:
    parameters = inspect.signature(module.load).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in ("validation", "seed")]
    if more := getattr(module, "MORE_OPTIONS", None):
        known += [field.name for field in dataclasses.fields(more)]
    for name in options:
        if name not in known:
            hint = "options: " + ", ".join(known) if known else f"{source} takes no options"
            raise InputError(f"the data source {source} has no option {name!r}", hint)
    for p in parameters:
        if p.name in known and p.default is p.empty and p.name not in options:
            raise InputError(f"the data source {source} needs the option {p.name}", f"data.options.{p.name} = …")
