"""The fixed-point functions TensorFlow Lite Micro takes from gemmlowp (fixedpoint/fixedpoint.h), on Python integers.

A number in Qi.f has i integer and f = 31 - i fractional bits beside the sign.
"""

from __future__ import annotations

from edgekd.compiler.quantize import high_multiply, rounding_shift, saturate

ONE = (1 << 31) - 1  # the nearest to 1 that Q0.31 holds

# e^-(2^k), Q0.31, by k.
_EXP_OF_MINUS_POWER = {
    -2: 1672461947,
    -1: 1302514674,
    0: 790015084,
    1: 290630308,
    2: 39332535,
    3: 720401,
    4: 242,
}
_EXP_MINUS_EIGHTH = 1895147668
_HALF_SQRT_2 = 1518500250
_ONE_THIRD = 715827883
_FORTY_EIGHT_17THS = 1515870810  # Q2.29
_MINUS_THIRTY_TWO_17THS = -1010580540  # Q2.29


def shift_up(value: int, exponent: int) -> int:
    """value * 2**exponent, saturating (SaturatingRoundingMultiplyByPOT, exponent > 0)."""
    limit = (1 << (31 - exponent)) - 1
    if value > limit:
        return (1 << 31) - 1
    return -(1 << 31) if value < -limit else value << exponent


def exp_on_negative_values(value: int, integer_bits: int) -> int:
    """e^value in Q0.31, value <= 0 in Q(integer_bits), integer_bits at most 5 (exp_on_negative_values)."""
    if value == 0:
        return ONE
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    in_last_quarter = (value & (quarter - 1)) - quarter
    result = _exp_from_minus_quarter(shift_up(in_last_quarter, integer_bits))
    remainder = in_last_quarter - value
    for power, factor in _EXP_OF_MINUS_POWER.items():
        if integer_bits > power and remainder & (1 << (fractional_bits + power)):
            result = high_multiply(result, factor)
    return result


def _exp_from_minus_quarter(value: int) -> int:
    """e^value, -1/4 <= value < 0, both Q0.31: four terms around -1/8."""
    x = value + (1 << 28)
    x2 = high_multiply(x, x)
    x3 = high_multiply(x2, x)
    x4 = high_multiply(x2, x2)
    thirds = high_multiply(rounding_shift(x4, 2) + x3, _ONE_THIRD)
    tail = rounding_shift(thirds + x2, 1)
    return _EXP_MINUS_EIGHTH + high_multiply(_EXP_MINUS_EIGHTH, x + tail)


def _inverse_of_half(value: int) -> int:
    """2 / (1 + value) in Q2.29, 0 <= value < 1 in Q0.31, by Newton's method."""
    half_denominator = (value + ONE + 1) // 2
    x = _FORTY_EIGHT_17THS + high_multiply(half_denominator, _MINUS_THIRTY_TWO_17THS)
    for _ in range(3):
        error = (1 << 29) - high_multiply(half_denominator, x)
        x += shift_up(high_multiply(x, error), 2)
    return x


def logistic(value: int, integer_bits: int) -> int:
    """1 / (1 + e^-value) in Q0.31 (logistic)."""
    if value == 0:
        return 1 << 30
    positive = shift_up(_inverse_of_half(exp_on_negative_values(-abs(value), integer_bits)), 1)
    return positive if value > 0 else ONE - positive


def tanh(value: int, integer_bits: int) -> int:
    """tanh(value) in Q0.31 (tanh): (1 - e^-2|value|) / (1 + e^-2|value|), with value's sign."""
    if value == 0:
        return 0
    inverse = _inverse_of_half(exp_on_negative_values(-abs(value), integer_bits + 1))
    positive = shift_up(inverse - (1 << 29), 2)
    return positive if value > 0 else saturate(-positive)


def inverse_square_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) of an integer above 0, as multiplier and shift for `requantize`.

    GetInvSqrtQuantizedMultiplierExp: five steps of Newton's method in Q3.28, from 1, on the value brought to between
    1/4 and 1 by powers of four.
    """
    if value == 1:
        return ONE, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift -= pairs
    x_value = (value << 2 * pairs) >> 1
    half, half_three = rounding_shift(x_value, 1), (1 << 28) + (1 << 27)
    x = 1 << 28
    for _ in range(5):
        cube = shift_up(high_multiply(high_multiply(x, x), x), 6)
        x = shift_up(high_multiply(half_three, x) - high_multiply(half, cube), 3)
    x = high_multiply(x, _HALF_SQRT_2)
    if shift < 0:
        x, shift = x << -shift, 0
    return x, -shift
