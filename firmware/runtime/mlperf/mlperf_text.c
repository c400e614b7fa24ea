#include "mlperf_text.h"

#include <string.h>

#include "port.h"

/* IEEE 754 binary32: sign, 8 bits of exponent with bias 127, 23 bits of fraction. */
#define FRACTION_BITS 23u
#define UNIT ((uint32_t)1 << FRACTION_BITS)
#define UNIT_EXPONENT 150u /* at which the significand, read as an integer, is the value */

void edgekd_mlperf_put(const char *text) {
    edgekd_port_write((const uint8_t *)text, strlen(text));
}

void edgekd_mlperf_put_number(uint64_t number) {
    char digits[21];
    char *first = digits + sizeof digits - 1;
    *first = '\0';
    do {
        *--first = (char)('0' + (int)(number % 10u));
        number /= 10u;
    } while (number != 0);
    edgekd_mlperf_put(first);
}

void edgekd_mlperf_put_signed(int32_t number) {
    if (number < 0) {
        edgekd_mlperf_put("-");
    }
    edgekd_mlperf_put_number(number < 0 ? (uint64_t) - (int64_t)number : (uint64_t)number);
}

void edgekd_mlperf_put_hex(uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    const char text[] = {digits[byte >> 4], digits[byte & 15u], '\0'};
    edgekd_mlperf_put(text);
}

/* significand * 2^(exponent - UNIT_EXPONENT) in thousandths, rounded to the nearest, halves to even. */
static uint64_t thousandths(uint32_t significand, uint32_t exponent) {
    const uint64_t scaled = (uint64_t)significand * 1000u; /* below 2^34 */
    if (exponent >= UNIT_EXPONENT) {
        return scaled << (exponent - UNIT_EXPONENT); /* by 17 at most: EDGEKD_MLPERF_MOST is below 2^40 */
    }
    const uint32_t shift = UNIT_EXPONENT - exponent;
    if (shift > 35u) {
        return 0;
    }
    const uint64_t whole = scaled >> shift;
    const uint64_t rest = scaled - (whole << shift);
    const uint64_t half = (uint64_t)1 << (shift - 1u);
    return rest > half || (rest == half && (whole & 1u) != 0) ? whole + 1u : whole;
}

void edgekd_mlperf_put_decimal(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t exponent = bits >> FRACTION_BITS & 0xFFu;
    const uint32_t fraction = bits & (UNIT - 1u);
    const uint64_t number = exponent == 0 ? 0 : thousandths(fraction | UNIT, exponent);
    if (bits >> 31 != 0) {
        edgekd_mlperf_put("-");
    }
    edgekd_mlperf_put_number(number / 1000u);
    const uint32_t decimals = (uint32_t)(number % 1000u);
    const char text[] = {'.', (char)('0' + (int)(decimals / 100u)), (char)('0' + (int)(decimals / 10u % 10u)),
                         (char)('0' + (int)(decimals % 10u)), '\0'};
    edgekd_mlperf_put(text);
}
