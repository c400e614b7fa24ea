"""Two networks are one when layers, weights and code are."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from distill_samples import convnet
from needs import import_needed

torch = import_needed("torch")

from torch import nn  # noqa: E402

from edgekd.distill.identity import identity_of, module_digest  # noqa: E402

pytestmark = pytest.mark.torch


def test_a_copy_has_the_same_digest_and_any_difference_another() -> None:
    nets = [convnet(3), convnet(3, seed=1), convnet(4), nn.Sequential(*convnet(3), nn.Identity())]
    lighter = convnet(3)
    lighter[1] = nn.ReLU6()
    digests = [module_digest(net) for net in [*nets, lighter]]
    assert len(set(digests)) == 5
    assert module_digest(convnet(3)) == digests[0]


def test_the_code_of_a_users_class_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for sign in "+-":
        folder = tmp_path / f"version{sign}"
        folder.mkdir()
        (folder / "net_of_a_user.py").write_text(
            f"from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return {sign}x\n"
        )
        monkeypatch.syspath_prepend(folder)
        sys.modules.pop("net_of_a_user", None)
        digests.add(module_digest(importlib.import_module("net_of_a_user").Net()))
    assert len(digests) == 2


def test_addresses_in_a_text_do_not_count() -> None:
    class Named(nn.Module):
        def extra_repr(self) -> str:
            return repr(object())

    assert module_digest(Named()) == module_digest(Named())


def test_identities_see_every_value_but_not_the_order_of_keys() -> None:
    assert identity_of("a", {"x": 1, "y": 2}) == identity_of("a", {"y": 2, "x": 1})
    assert identity_of("a", 1) != identity_of("a", 2)
