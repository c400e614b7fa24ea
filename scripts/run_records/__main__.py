"""See scripts/record_run."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provenance import ROOT, load_record, provenance

from edgekd.config import recipe_path
from edgekd.errors import EdgekdError, InputError
from edgekd.files import write_atomically
from run_records.table import recipes_table, search_table

FOLDERS = {job: ROOT / "scripts" / "results" / name for job, name in (("run", "recipes"), ("search", "searches"))}
_PACKAGES: dict[str, tuple[str, ...]] = {
    "run": ("torch", "numpy", "tensorflow", "onnx2tf"),
    "search": ("torch", "numpy", "tensorflow", "onnx2tf", "optuna"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    options, passed_on = _options(arguments)
    try:
        if options.table:
            print(tables())
            return 0
        return _record(options.job, options.recipe, passed_on, shlex.join(["scripts/record_run", *arguments]))
    except EdgekdError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def tables() -> str:
    """One table of all recipes' records, and one of each search's."""
    recipes, searches = ([load_record(path) for path in sorted(FOLDERS[job].glob("*.json"))] for job in FOLDERS)
    return "\n\n".join([recipes_table(recipes), *map(search_table, searches)])


def _options(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="scripts/record_run", allow_abbrev=False, description="Keep a result.")
    parser.add_argument("job", nargs="?", choices=[*FOLDERS], help="of edgekd")
    parser.add_argument("recipe", nargs="?", type=Path)
    parser.add_argument("--table", action="store_true", help="print the records as Markdown, run nothing")
    options, passed_on = parser.parse_known_args(arguments)
    if options.table == bool(options.recipe) or (options.table and passed_on):
        parser.error("give a job and a recipe, or --table alone")
    return options, passed_on


def _record(job: str, recipe: Path, options: Sequence[str], command: str) -> int:
    """The exit code of the run, which is kept whatever its result, if it has one."""
    text = recipe_path(recipe).read_text(encoding="utf-8")
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES[job]}
    made_by = provenance(command, ["edgekd", "firmware", "boards"], versions)
    if made_by["uncommitted"]:
        raise InputError("there are uncommitted changes", "commit them first: a result belongs to a commit")
    edgekd = [sys.executable, "-c", "from edgekd.cli import main; main()"]
    # Nothing that another commit made is kept; interrupted, the same commit goes on.
    folder = ROOT / "runs" / "records" / made_by["commit"] / f"{job}-{recipe.stem}"
    asked = [job, str(recipe), *options, "--out", str(folder), "--json"]
    run = subprocess.run([*edgekd, *asked], stdout=subprocess.PIPE, text=True, check=False)
    if not run.stdout:
        return run.returncode
    said: dict[str, Any] = {"recipe": tomllib.loads(text)}
    said |= {"exit_code": run.returncode, "cores": os.cpu_count(), "result": json.loads(run.stdout)}
    out = FOLDERS[job] / f"{recipe.stem}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, json.dumps({**made_by, **said}, indent=1, ensure_ascii=False) + "\n")
    print(f"record_run: {out}", file=sys.stderr)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
