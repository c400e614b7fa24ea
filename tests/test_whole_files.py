"""Files are whole or not there, and what cannot be written is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from needs import require_module

from edgekd.errors import EdgekdError
from edgekd.files import sha256_of, whole_file, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    write_atomically(file, "old")

    def interrupted() -> None:
        with whole_file(file) as partial:
            partial.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert file.read_text() == "old" and list(file.parent.iterdir()) == [file]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(EdgekdError, match="taken/file cannot be written: File exists"):
        write_atomically(tmp_path / "taken" / "file", "text")


def test_a_folder_has_no_digest(tmp_path: Path) -> None:
    assert sha256_of(tmp_path) is None and sha256_of(tmp_path / "absent") is None


# A limit on the size of files stands for a disk that is full.
_PROGRAM = """
import json, resource, signal, sys
from pathlib import Path
import torch
from edgekd.distill import checkpoint
from edgekd.distill.answers import Store
from edgekd.distill.keep import Keeper
from edgekd.errors import EdgekdError
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
said = []
for write in (
    lambda: checkpoint.save(checkpoint.State("x", model={"a": torch.zeros(9999)}), folder / "a.pt"),
    lambda: Keeper(folder).keep("b", "x", torch.nn.Linear(99, 99), {}),
    lambda: Store(folder).keep({"c": 1}, torch.zeros(9999)),
):
    try:
        write()
    except EdgekdError as error:
        said.append(str(error))
print(json.dumps(said))
"""


@pytest.mark.torch
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    require_module("torch")
    done = subprocess.run([sys.executable, "-c", _PROGRAM, tmp_path], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert len(said) == 3 and all("cannot be written" in one and "File too large" in one for one in said)
    assert not list(tmp_path.iterdir())
