"""Markers and assertions: what a person reads of a test that is skipped, or that fails."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def test_a_marker_skips_with_the_reason_before_anything_is_built(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.edgekd(ram="64k", isa="dsp")
        def test_needs_much(device): assert False

        @pytest.mark.edgekd(isa="dsp")
        class TestClass:
            @pytest.mark.edgekd(board="microbit")
            @pytest.mark.parametrize("n", [1, 2])
            def test_needs_what_its_class_needs(self, board, n): assert False

        @pytest.mark.edgekd(ram="16k", core="cortex-m0", emulated=True)
        def test_runs(board): assert board.profile.name == board.name == "microbit"

        def test_asks_nothing(board): assert board.running is None
    """)
    result = project.runpytest_inprocess("--edgekd-board", "microbit", "-rs", "--strict-markers")
    result.assert_outcomes(passed=2, skipped=3)
    result.stdout.fnmatch_lines(
        ["*board microbit has 16,384 B of ram where 65,536 are needed and has no dsp*", "*board microbit has no dsp*"],
        consecutive=False,
    )


@pytest.mark.parametrize(
    ("marker", "says"),
    [('rams="64k"', "did you mean ram"), ('"64k"', "takes named arguments"), ('ram="x"', "not a size")],
)
def test_a_marker_that_means_nothing_is_an_error(project: pytest.Pytester, marker: str, says: str) -> None:
    project.makepyfile(f"import pytest\n@pytest.mark.edgekd({marker})\ndef test_x(): pass")
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{says}*"])


def test_outputs_that_differ_are_counted_and_placed(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import edgekd, numpy as np

        def test_differs():
            actual = np.array([[1, 2], [3, 4]], np.int8)
            assert actual == edgekd.exactly(np.array([[1, 2], [5, -128]], np.int8))

        def test_is_the_same(): assert np.int8(1) == edgekd.exactly(np.int8(1))

        def test_says_what_pytest_says_of_other_things(): assert [1] == [2]
    """)
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*assert outputs differ from the expected ones",
            "*2 of 4 elements differ",
            "*the first at [[]1, 0[]]: 3, expected 5",
            "*the largest difference is 132, at [[]1, 1[]]: 4, expected -128",
            "*At index 0 diff: 1 != 2",
        ]
    )
