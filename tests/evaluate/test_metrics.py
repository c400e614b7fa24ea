from __future__ import annotations

import numpy as np
import pytest

from edgekd.evaluate.metrics import accuracy_interval, class_figures, confusion_matrix, macro_f1, per_inference
from edgekd.firmware.board import load_board


def test_confusion_has_true_classes_as_rows() -> None:
    labels, answers = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0])
    assert confusion_matrix(labels, answers, 3) == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_a_class_nobody_named_is_a_row_and_column_of_zeros() -> None:
    assert confusion_matrix(np.array([0]), np.array([0]), 2) == [[1, 0], [0, 0]]


# Newcombe 1998 (Statistics in Medicine 17, p. 857), table I, method 3.
@pytest.mark.parametrize(
    ("correct", "samples", "low", "high"),
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_the_interval_is_wilson_s(correct: int, samples: int, low: float, high: float) -> None:
    assert accuracy_interval(correct, samples) == pytest.approx((low / 100, high / 100), abs=5e-5)


def test_precision_recall_and_f1_of_each_class() -> None:
    # 3 of class 0 (2 found), 2 of class 1 (1 found), none of class 2, which was answered once; nobody named class 3
    figures = class_figures([[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert [tuple(row.values()) for row in figures] == [
        (0, 1.0, 2 / 3, 0.8, 3),
        (1, 0.5, 0.5, 0.5, 2),
        (2, 0.0, None, 0.0, 0),
        (3, None, None, None, 0),
    ]
    assert macro_f1(figures) == pytest.approx((0.8 + 0.5 + 0.0) / 3)


def test_an_emulated_board_counts_instructions_and_nothing_else() -> None:
    figures = per_inference([1000, 1002], load_board("mps2-an386"), emulated=True)
    assert figures["instructions"] == 40040
    assert figures["cycles"] is None and figures["micros"] is None
    assert (figures["minimum"], figures["maximum"]) == (40000, 40080)
    assert "icount" in figures["source"] and "40 a tick" in figures["source"]


def test_a_board_emulated_cycle_by_cycle_counts_cycles_and_claims_no_time() -> None:
    figures = per_inference([1000, 1002], load_board("mega2560"), emulated=True)
    assert (figures["instructions"], figures["cycles"], figures["micros"]) == (None, 1001, None)
    assert "simavr" in figures["source"] and "cycles" in figures["source"]


def test_a_real_board_counts_cycles_where_its_timer_does() -> None:
    board = load_board("mps2-an386")  # its timer runs from the core's clock of 25 MHz
    figures = per_inference([25, 25], board, emulated=False)
    assert (figures["instructions"], figures["cycles"], figures["micros"]) == (None, 25, 1.0)
    assert "cycles" in figures["source"]


def test_a_timer_that_only_knows_time_gives_no_cycles() -> None:
    figures = per_inference([1500], load_board("nucleo_f446re"), emulated=False)  # micros()
    assert (figures["instructions"], figures["cycles"], figures["micros"]) == (None, None, 1500.0)
    assert figures["source"].startswith("microseconds")


def test_where_board_and_emulator_cannot_be_told_apart_ticks_are_all_there_is() -> None:
    figures = per_inference([7, 9], load_board("mps2-an386"), emulated=None, prefetched=True)
    assert figures["source"].endswith("receiving the next samples meanwhile included")
    assert (figures["instructions"], figures["cycles"], figures["micros"]) == (None, None, None)
    assert (figures["minimum"], figures["maximum"]) == (7, 9)
    assert figures["source"].startswith("ticks")


def test_a_percentile_is_a_measured_value() -> None:
    ticks = [*range(1, 91), *([500] * 9), 9000]  # 90 small, 9 of 500, one of 9000
    figures = per_inference(ticks, load_board("nucleo_f446re"), emulated=False)
    assert [figures[key] for key in ("minimum", "p50", "p90", "p99", "maximum")] == [1, 50, 90, 500, 9000]
