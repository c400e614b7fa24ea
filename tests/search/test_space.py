"""What is tried of each family, and that all of it can be built."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from needs import import_needed

torch = import_needed("torch")

from edgekd.config import Range, Recipe, Search  # noqa: E402
from edgekd.models import resolve  # noqa: E402
from edgekd.search.space import DEFAULTS, Space  # noqa: E402

pytestmark = pytest.mark.torch

# Options that fit the samples, and the shape of one, channels first.
SAMPLES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "student_cnn": ({"image_size": 28, "classes": 4}, (1, 28, 28)),
    "residual_cnn": ({"image_size": 28, "classes": 4}, (1, 28, 28)),
    "ds_cnn": ({"frames": 20, "features": 10, "classes": 4}, (1, 20, 10)),
    "mobilenet": ({"image_size": 32, "classes": 4}, (3, 32, 32)),
    "resnet8": ({"image_size": 32, "classes": 4}, (3, 32, 32)),
    "conv1d": ({"steps": 64, "channels": 6, "classes": 4}, (6, 64)),
    "mlp": ({"inputs": 12, "classes": 4}, (12,)),
}


def recipe(model: str, options: dict[str, Any], search: dict[str, Any] | None = None) -> Recipe:
    student = {"model": model, "options": options, "epochs": 1}
    return Recipe.model_validate(
        {"name": "r", "data": {"source": "digits"}, "teacher": student, "student": student, "search": search or {}}
    )


@pytest.mark.parametrize("model", DEFAULTS)
def test_the_ends_of_all_default_ranges_go_together(model: str) -> None:
    options, shape = SAMPLES[model]
    searched = Search.model_validate({"options": DEFAULTS[model]}).options
    ends = [[of.low, of.high] if isinstance(of, Range) else [of[0], of[-1]] for of in searched.values()]
    assert Space(recipe(model, options)).description().keys() == searched.keys()
    for values in itertools.product(*ends):
        network = resolve(model, **options, **dict(zip(searched, values, strict=True))).eval()
        assert network(torch.zeros(1, *shape)).shape == (1, 4)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 6, "kernel": 3}, {"width": 6, "kernel": "3"}),
        ({"width": 7, "kernel": 3}, None),  # between two steps
        ({"width": 10, "kernel": 3}, None),
        ({"width": 6, "kernel": 7}, None),
        ({"width": 6}, {"width": 6, "kernel": "3"}),  # the family's default
        ({"kernel": 3}, None),
    ],
)
def test_the_recipes_own_student_comes_first_where_it_is_among_those_searched(
    options: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    search = {"options": {"width": {"low": 2, "high": 8, "step": 2}, "kernel": [3, 5]}}
    assert Space(recipe("student_cnn", options, search)).recipes_own() == expected
