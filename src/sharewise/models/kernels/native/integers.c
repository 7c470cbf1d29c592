/* What stands before and after products of 8-bit integers: rows are whole numbers from -127 to 127, each times the
 * row's scale. A row with something in it that is not finite has a scale that is none, and so have its products. */

#include "vectors.h"

#ifdef __AVX512BW__

/* To the nearest whole number, of two the even. */
INLINE void put_whole(int8_t *to, reals x, int64_t count) {
    __m128i found = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32((__m512)x));
    if (count >= LANES) _mm_storeu_si128((__m128i *)to, found);
    else _mm_mask_storeu_epi8(to, first(count), found);
}

INLINE reals load_whole(const int32_t *from, int64_t count) {
    return (reals)_mm512_cvtepi32_ps(count >= LANES ? _mm512_loadu_si512(from)
                                                    : _mm512_maskz_loadu_epi32(first(count), from));
}

#else

INLINE void put_whole(int8_t *to, reals x, int64_t count) {
    /* Beyond these digits a float has none left for a fraction. */
    x = (x + 12582912.0f) - 12582912.0f;
    for (int64_t i = 0; i < (count < LANES ? count : LANES); i++) to[i] = x[i] == x[i] ? (int8_t)x[i] : 0;
}

INLINE reals load_whole(const int32_t *from, int64_t count) {
    reals found = {};
    for (int64_t i = 0; i < (count < LANES ? count : LANES); i++) found[i] = from[i];
    return found;
}

#endif

INLINE reals larger(reals most, reals x) {
    reals size = (reals)((words)x & 0x7fffffff);
    return choose(size > most, size, most);
}

/* A row's largest number; `spoilt` is zero unless something in the row is not finite. Returns its scale; next to nothing
 * counts as zero. */
INLINE float scale_of(reals most, reals spoilt, float *inverse) {
    float largest = top(most);
    *inverse = largest > 1e-30f ? 127.0f / largest : 0.0f;
    return largest / 127.0f + sum(spoilt);
}

/* x in whole numbers, and each row's scale. */
void quantise_rows(const low *x, int8_t *whole, float *scales, int64_t rows, int64_t width, int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        const low *row = x + r * width;
        reals most = {}, spoilt = {};
        for (int64_t c = 0; c < width; c += LANES) {
            reals value = widen(row + c, width - c);
            most = larger(most, value);
            spoilt += value * 0.0f;
        }
        float inverse;
        scales[r] = scale_of(most, spoilt, &inverse);
        for (int64_t c = 0; c < width; c += LANES)
            put_whole(whole + r * width + c, widen(row + c, width - c) * inverse, width - c);
    }
}

/* y = products times the scales of their rows and columns. */
void restore_rows(const int32_t *products, const float *of_rows, const float *of_columns, low *y, int64_t rows,
                  int64_t width, int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c, at = r * width + c;
            put(y + at, load_whole(products + at, n) * (load(of_columns + c, n) * of_rows[r]), n);
        }
}

/* gelu(products times their scales, plus bias) in whole numbers, and each row's scale. */
void gelu_rows(const int32_t *products, const float *of_rows, const float *of_columns, const float *bias, int8_t *whole,
               float *scales, int64_t rows, int64_t width, int64_t threads) {
    int64_t room = (width + LANES - 1) / LANES * LANES;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        float line[room] __attribute__((aligned(64)));
        reals most = {}, spoilt = {};
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            reals x = load_whole(products + r * width + c, n) * (load(of_columns + c, n) * of_rows[r]);
            x += load(bias + c, n);
            x *= below(x);
            store_all(line + c, x);
            most = larger(most, x);
            spoilt += x * 0.0f;
        }
        float inverse;
        scales[r] = scale_of(most, spoilt, &inverse);
        for (int64_t c = 0; c < width; c += LANES)
            put_whole(whole + r * width + c, load_all(line + c) * inverse, width - c);
    }
}
