/* A real transform of size N by a complex one of size N / 2: even samples are real parts, odd ones imaginary parts.
 *
 *     Z = FFT(x[0] + i x[1], x[2] + i x[3], …)              radix 2, decimated in time, in place
 *     X[k] = (Z[k] + Z*[-k]) / 2 + W^k (Z[k] - Z*[-k]) / 2i     W = exp(-2πi / N), indices modulo N / 2
 */
#include "spectrum.h"

#include "fixed_point.h"

static int32_t windowed(const struct edgekd_front_end *front_end, const int16_t *pcm, uint16_t n) {
    if (n >= front_end->window)
        return 0;
    const uint16_t mirror = (uint16_t)(front_end->window - n);
    return (int32_t)edgekd_shifted((int64_t)pcm[n] * front_end->hann[n < mirror ? n : mirror], front_end->sample_shift);
}

/* (real + i imaginary) times a twiddle. */
static void turn(const int32_t twiddle[2], int32_t real, int32_t imaginary, int32_t turned[2]) {
    const int64_t cosine = twiddle[0], sine = twiddle[1];
    turned[0] = (int32_t)edgekd_shifted(real * cosine - imaginary * sine, EDGEKD_TWIDDLE_BITS);
    turned[1] = (int32_t)edgekd_shifted(real * sine + imaginary * cosine, EDGEKD_TWIDDLE_BITS);
}

/* Pairs of samples, each where the order of reversed bits puts it. */
static void load(const struct edgekd_front_end *front_end, const int16_t *pcm, int32_t (*z)[2]) {
    const uint16_t size = front_end->fft_size / 2;
    uint16_t reversed = 0;
    for (uint16_t n = 0; n < size; ++n) {
        z[reversed][0] = windowed(front_end, pcm, (uint16_t)(2 * n));
        z[reversed][1] = windowed(front_end, pcm, (uint16_t)(2 * n + 1));
        uint16_t bit = size / 2; /* count on, from the highest bit down */
        for (; bit != 0 && (reversed & bit) != 0; bit /= 2)
            reversed = (uint16_t)(reversed ^ bit);
        reversed = (uint16_t)(reversed | bit);
    }
}

static void transform(const struct edgekd_front_end *front_end, int32_t (*z)[2]) {
    const uint16_t size = front_end->fft_size / 2;
    for (uint16_t half = 1; half < size; half = (uint16_t)(2 * half)) {
        const uint16_t stride = (uint16_t)(size / half);
        for (uint16_t first = 0; first < size; first = (uint16_t)(first + 2 * half)) {
            for (uint16_t k = 0; k < half; ++k) {
                int32_t *const a = z[first + k], *const b = z[first + k + half];
                int32_t turned[2];
                turn(front_end->twiddles[k * stride], b[0], b[1], turned);
                b[0] = a[0] - turned[0], b[1] = a[1] - turned[1];
                a[0] += turned[0], a[1] += turned[1];
            }
        }
    }
}

/* X[k] of Z[k] and Z[-k]. */
static void part(const int32_t twiddle[2], const int32_t z[2], const int32_t mirrored[2], int32_t x[2]) {
    const int64_t real = z[0], imaginary = z[1];
    int32_t turned[2];
    turn(twiddle, (int32_t)((imaginary + mirrored[1]) >> 1), (int32_t)((mirrored[0] - real) >> 1), turned);
    x[0] = (int32_t)((real + mirrored[0]) >> 1) + turned[0];
    x[1] = (int32_t)((imaginary - mirrored[1]) >> 1) + turned[1];
}

static void take_apart(const struct edgekd_front_end *front_end, int32_t (*z)[2]) {
    const uint16_t size = front_end->fft_size / 2;
    for (uint16_t k = 0; k <= size / 2; ++k) {
        const uint16_t mirror = (uint16_t)((size - k) % size);
        const int32_t here[2] = {z[k][0], z[k][1]}, there[2] = {z[mirror][0], z[mirror][1]};
        part(front_end->twiddles[k], here, there, z[k]);
        if (mirror != k)
            part(front_end->twiddles[mirror], there, here, z[mirror]);
    }
}

void edgekd_spectrum(const struct edgekd_front_end *front_end, const int16_t *pcm, int32_t (*spectrum)[2]) {
    load(front_end, pcm, spectrum);
    transform(front_end, spectrum);
    take_apart(front_end, spectrum);
}
