"""Which kernel a Cortex-M55 gets for a layer, and how its constants lie in flash; tests/emulated runs the kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgekd.compiler.graph import Quantization, Tensor
from edgekd.compiler.isa import choose
from edgekd.compiler.layers import Axis, Dense, Depthwise, Scaling, Window
from edgekd.compiler.lowered import KernelCall
from edgekd.compiler.targets import find_target

M55 = find_target("cortex-m55")
HALF = 1 << 30


def tensor(*shape: int) -> Tensor:
    pair = Quantization(np.array([0.1], np.float32), np.array([3], np.int64), 0)
    return Tensor(0, "x", shape, "int8", pair, None)


def scaling(shift: list[int], multiplier: list[int] | None = None, *, lowest: int = -128) -> Scaling:
    factors = [HALF] * len(shift) if multiplier is None else multiplier
    return Scaling(np.array(factors, np.int32), np.array(shift, np.int8), -5, lowest, 127)


def dense(scale: Scaling, outputs: int = 2, depth: int = 3, rows: int = 4) -> Dense:
    weights = np.arange(1, outputs * depth + 1, dtype=np.int8).reshape(outputs, depth)
    return Dense(
        tensor(rows, depth), tensor(rows, outputs), weights, np.arange(outputs, dtype=np.int32), True, scale, rows
    )


def depthwise(channels: int, taps: int, dilation: int = 1, stride: int = 1) -> Depthwise:
    axis = Axis(9, taps, stride, dilation, 9, taps // 2)
    weights = np.random.default_rng(1).integers(-127, 127, (taps, taps, channels), np.int8, endpoint=True)
    image = tensor(1, 9, 9, channels)
    bias = np.arange(channels, dtype=np.int32)
    window = Window(axis, axis, 1, channels)
    return Depthwise(image, image, weights, bias, True, scaling([-4] * channels), window, 1)


def constants(call: KernelCall) -> dict[str, Any]:
    return {array.name: array.values for array in call.constants}


@pytest.mark.parametrize(
    ("scale", "vectors"),
    [
        (scaling([-3, -4]), True),
        (scaling([0, 0]), True),
        (scaling([-3, 0]), False),  # one is to be rounded away from zero, the other not at all
        (scaling([-3, 0], lowest=-5), True),  # negative results are cut off: the rounding makes no difference
        (scaling([-3, 0], [HALF, 0]), True),  # the second channel is 0 whatever its shift
        (scaling([-3, 1]), False),
        (scaling([1], lowest=-5), False),
    ],
)
def test_vectors_are_for_shifts_to_the_right_that_round_alike(scale: Scaling, vectors: bool) -> None:
    call = choose(dense(scale), M55)
    assert call.function == ("edgekd_fully_connected_s8_mve" if vectors else "edgekd_fully_connected_s8")


def test_several_rows_are_read_two_by_two_before_they_are_written_a_single_one_where_it_is() -> None:
    several = choose(dense(scaling([-3])), M55)
    assert several.run is not None and (several.run.count, several.run.buffered) == (4, 2)
    assert several.scratch_bytes == 2 * 16
    single = choose(dense(scaling([-3]), depth=32, rows=1), M55)
    assert single.function == "edgekd_fully_connected_direct_s8_mve"
    assert single.run is not None and (single.run.buffered, single.scratch_bytes) == (0, 0)


def test_a_row_of_less_than_a_vector_has_its_weights_as_they_are_and_what_a_load_of_the_last_one_reads() -> None:
    call = choose(dense(scaling([-3]), outputs=5, depth=6, rows=1), M55)
    assert (call.function, call.scratch_bytes) == ("edgekd_fully_connected_short_s8_mve", 0)
    weights = constants(call)["weights"]
    assert np.array_equal(weights[:30], np.arange(1, 31)) and not weights[30:].any()
    assert weights.size == 7 * 6 + 16
    assert choose(dense(scaling([-3]), depth=6, rows=2), M55).function == "edgekd_fully_connected_s8_mve"


def test_weights_of_four_outputs_lie_side_by_side_filled_up_with_zeros() -> None:
    call = choose(dense(scaling([-3]), outputs=5, depth=18), M55)
    weights = constants(call)["weights"]
    assert weights.shape == (2, 2, 4, 16)
    rows = weights.swapaxes(1, 2).reshape(8, 32)
    assert np.array_equal(rows[:5, :18], np.arange(1, 91, dtype=np.int8).reshape(5, 18))
    assert not rows[5:].any() and not rows[:, 18:].any()
    assert constants(call)["bias"].size == 8


def test_one_factor_for_all_outputs_is_kept_once() -> None:
    shared = choose(dense(scaling([-3]), outputs=9), M55)
    assert shared.fields["dense.scaling.step"] == 0 and constants(shared)["factors"].size == 5
    each = choose(dense(scaling([-3] * 9), outputs=9), M55)
    assert each.fields["dense.scaling.step"] == 5 and constants(each)["factors"].shape == (3, 5)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (depthwise(24, 3), "edgekd_depthwise_4x3_s8_mve"),
        (depthwise(24, 3, stride=2), "edgekd_depthwise_4x3_s8_mve"),
        (depthwise(24, 3, dilation=2), "edgekd_depthwise_conv_2d_s8_mve"),
        (depthwise(24, 5), "edgekd_depthwise_conv_2d_s8_mve"),
        (depthwise(1, 5), "edgekd_conv_2d_s8_mve"),
    ],
)
def test_a_depthwise_kernel_is_chosen_by_the_window(layer: Depthwise, function: str) -> None:
    assert choose(layer, M55).function == function


def test_products_of_two_taps_that_leave_16_bits_are_not_for_the_pairwise_kernel() -> None:
    layer = depthwise(16, 5)
    layer.weights[0, :2, 7] = -128
    assert choose(layer, M55).function == "edgekd_depthwise_conv_2d_s8"
    small = depthwise(16, 3)
    small.weights[...] = -128
    assert choose(small, M55).function == "edgekd_depthwise_4x3_s8_mve"


def test_a_depthwise_block_is_as_many_pixels_as_fit() -> None:
    assert choose(depthwise(8, 3), M55).fields["pixels"] == 2
    assert choose(depthwise(8, 3, stride=2), M55).fields["pixels"] == 1
    layer = depthwise(4, 3)
    call = choose(replace(layer, bias=np.array([10, 11, 12, 13], np.int32)), M55)
    # Sums are in the order 0 4 8 12, 2 6 10 14, ...: each channel of the four pixels after another.
    assert constants(call)["bias"].reshape(-1).tolist() == [10] * 4 + [12] * 4 + [11] * 4 + [13] * 4
