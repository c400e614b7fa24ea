"""What sync writes, removes and refuses to touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgekd.errors import InputError
from edgekd.firmware import folder as module
from edgekd.firmware.folder import sync


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".edgekd"))
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_the_folder_holds_what_was_wanted_last(tmp_path: Path) -> None:
    out = tmp_path / "new" / "project"
    sync(out, {"a.c": "1", "lib/b.c": "2"})
    sync(out, {"a.c": "3", "src/c.c": "4"})
    assert contents(out) == {"a.c": "3", "src/c.c": "4"}


def test_what_is_right_already_is_not_written_again(tmp_path: Path) -> None:
    sync(tmp_path / "p", {"a.c": "1"})
    before = (tmp_path / "p" / "a.c").stat().st_mtime_ns
    sync(tmp_path / "p", {"a.c": "1", "b.c": "2"})
    assert (tmp_path / "p" / "a.c").stat().st_mtime_ns == before


@pytest.mark.parametrize("wanted", [{"a.c": "2"}, {"b.c": "1"}], ids=["replaced", "removed"])
def test_a_file_changed_by_hand_is_refused_before_anything_is_written(tmp_path: Path, wanted: dict[str, str]) -> None:
    sync(tmp_path, {"a.c": "1"})
    (tmp_path / "a.c").write_text("mine")
    with pytest.raises(InputError, match=r"changed by hand since edgekd wrote it: a\.c"):
        sync(tmp_path, wanted)
    assert contents(tmp_path) == {"a.c": "mine"}


def test_a_deleted_file_is_made_again(tmp_path: Path) -> None:
    sync(tmp_path, {"a.c": "1"})
    (tmp_path / "a.c").unlink()
    sync(tmp_path, {"a.c": "1"})
    assert contents(tmp_path) == {"a.c": "1"}


def test_a_persons_own_files_beside_stay(tmp_path: Path) -> None:
    sync(tmp_path, {"a.c": "1"})
    (tmp_path / "notes.txt").write_text("mine")
    sync(tmp_path, {"b.c": "1"})
    assert contents(tmp_path) == {"b.c": "1", "notes.txt": "mine"}


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="not empty, and not a project of edgekd"):
        sync(tmp_path, {"a.c": "1"})
    assert contents(tmp_path) == {"thesis.tex": "mine"}


def test_an_interruption_between_two_files_leaves_no_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = {"a.c": "1", "b.c": "1", "gone.c": "1"}, {"a.c": "2", "b.c": "2"}
    sync(tmp_path, old)
    write = module.write_atomically

    def interrupted(path: Path, text: str) -> None:
        if path.name == "b.c":
            raise KeyboardInterrupt
        write(path, text)

    monkeypatch.setattr(module, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sync(tmp_path, new)
    monkeypatch.setattr(module, "write_atomically", write)
    assert contents(tmp_path) == {"a.c": "2", "b.c": "1", "gone.c": "1"}
    sync(tmp_path, new)
    assert contents(tmp_path) == new


@pytest.mark.parametrize(
    "record",
    ["{", "[]", '{"files": 3}', '{"files": {"../outside.c": ["0"]}}', '{"files": {"/outside.c": ["0"]}}'],
)
def test_a_damaged_record_is_refused_and_leads_nowhere(tmp_path: Path, record: str) -> None:
    (tmp_path / "outside.c").write_text("mine")
    out = tmp_path / "project"
    sync(out, {"a.c": "1"})
    (out / ".edgekd.json").write_text(record)
    with pytest.raises(InputError, match="damaged"):
        sync(out, {"b.c": "1"})
    assert (tmp_path / "outside.c").read_text() == "mine"


def test_the_record_names_every_file_with_its_digest(tmp_path: Path) -> None:
    sync(tmp_path, {"a.c": ""})
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert json.loads((tmp_path / ".edgekd.json").read_text())["files"] == {"a.c": [empty]}


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError):
            sync(out, {"a.c": "1"})
