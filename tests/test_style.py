"""The house style: what the tools say of the whole tree."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from needs import require_program

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "edgekd", "firmware", "boards", "tests", "scripts",
}  # fmt: skip


def run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, f"{' '.join(command[:4])} …\n{result.stdout}{result.stderr}"


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(command: list[str]) -> None:
    run(sys.executable, "-m", "ruff", *command, ".")


@pytest.mark.slow
def test_mypy_strict() -> None:
    run(sys.executable, "-m", "mypy")


def test_clang_format() -> None:
    sources = tracked("*.c", "*.h")
    assert sources
    run(require_program("clang-format"), "--dry-run", "--Werror", *sources)


def test_the_top_level_holds_only_what_the_architecture_names() -> None:
    top = {name.split("/")[0] for name in tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by name alone, and stops at the second."""
    names = Counter(Path(name).name for name in tracked("tests/*.py") if Path(name).name.startswith("test_"))
    assert not [name for name, count in names.items() if count > 1]
