/* Products of small matrices in float32, for attention; see vectors.h. */

#pragma once

#include "vectors.h"

/* R rows of V vectors of a product, in registers. */
INLINE void tile(const float *a, int64_t row, int64_t column, const float *b, int64_t ldb, float *c, int64_t ldc,
                 int64_t depth, const int R, const int V) {
    reals found[6][2] = {};
    for (int64_t k = 0; k < depth; k++) {
        reals right[2];
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) right[v] = load_all(b + k * ldb + v * LANES);
#pragma GCC unroll 6
        for (int i = 0; i < R; i++)
#pragma GCC unroll 2
            for (int v = 0; v < V; v++) found[i][v] += a[i * row + k * column] * right[v];
    }
#pragma GCC unroll 6
    for (int i = 0; i < R; i++)
#pragma GCC unroll 2
        for (int v = 0; v < V; v++) store_all(c + i * ldc + v * LANES, found[i][v]);
}

INLINE void stripe(const float *a, int64_t row, int64_t column, const float *b, int64_t ldb, float *c, int64_t ldc,
                   int64_t m, int64_t depth, const int V) {
    for (; m >= 6; m -= 6, a += 6 * row, c += 6 * ldc) tile(a, row, column, b, ldb, c, ldc, depth, 6, V);
    switch (m) {
        case 5: tile(a, row, column, b, ldb, c, ldc, depth, 5, V); break;
        case 4: tile(a, row, column, b, ldb, c, ldc, depth, 4, V); break;
        case 3: tile(a, row, column, b, ldb, c, ldc, depth, 3, V); break;
        case 2: tile(a, row, column, b, ldb, c, ldc, depth, 2, V); break;
        case 1: tile(a, row, column, b, ldb, c, ldc, depth, 1, V); break;
    }
}

/* c = a b, n a multiple of LANES; a's rows and columns are so far apart. */
static inline void product(const float *a, int64_t row, int64_t column, const float *b, int64_t ldb, float *c,
                           int64_t ldc, int64_t m, int64_t n, int64_t depth) {
    int64_t j = 0;
    for (; j + 2 * LANES <= n; j += 2 * LANES) stripe(a, row, column, b + j, ldb, c + j, ldc, m, depth, 2);
    if (j < n) stripe(a, row, column, b + j, ldb, c + j, ldc, m, depth, 1);
}

/* One head of one text: (length, size) of a matrix (tokens, stride), plus bias, times scale; zero beyond the size. */
static inline void take(const low *from, int64_t stride, const float *bias, float scale, float *to, int64_t length,
                        int64_t size, int64_t room) {
    for (int64_t i = 0; i < length; i++)
        for (int64_t c = 0; c < room; c += LANES) {
            int64_t n = size - c;
            reals value = widen(from + i * stride + c, n);
            if (bias) value += load(bias + c, n);
            store_all(to + i * room + c, value * scale);
        }
}

static inline void give(const float *from, float scale, low *to, int64_t stride, int64_t length, int64_t size,
                        int64_t room) {
    for (int64_t i = 0; i < length; i++)
        for (int64_t c = 0; c < size; c += LANES)
            put(to + i * stride + c, load_all(from + i * room + c) * scale, size - c);
}

#ifdef __AVX512F__

/* One step of a square's transposition: two rows trade the blocks of so many columns that are beside the diagonal. */
INLINE void trade(reals *one, reals *two, const uint32_t by) {
    const words lane = columns(0), other = (words)((lane & by) != 0) & 1;
    reals upper = __builtin_shuffle(*one, *two, lane + other * (LANES - by));
    *two = __builtin_shuffle(*one, *two, lane + by + other * (LANES - by));
    *one = upper;
}

/* (length, room) to (room, span), zero beyond the length. */
static inline void turn(const float *from, float *to, int64_t length, int64_t room, int64_t span) {
    for (int64_t i = 0; i < span; i += LANES)
        for (int64_t c = 0; c < room; c += LANES) {
            reals square[LANES];
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                square[r] = i + r < length ? load_all(from + (i + r) * room + c) : all(0.0f);
#pragma GCC unroll 4
            for (int by = LANES / 2; by; by /= 2)
#pragma GCC unroll 16
                for (int r = 0; r < LANES; r++)
                    if (!(r & by)) trade(square + r, square + r + by, by);
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++) store_all(to + (c + r) * span + i, square[r]);
        }
}

#else

/* (length, room) to (room, span), zero beyond the length. */
static inline void turn(const float *from, float *to, int64_t length, int64_t room, int64_t span) {
    for (int64_t c = 0; c < room; c++) {
        for (int64_t i = 0; i < length; i++) to[c * span + i] = from[i * room + c];
        for (int64_t i = length; i < span; i++) to[c * span + i] = 0.0f;
    }
}

#endif

static inline int64_t longest(const int64_t *starts, int64_t texts) {
    int64_t found = 0;
    for (int64_t t = 0; t < texts; t++)
        if (starts[t + 1] - starts[t] > found) found = starts[t + 1] - starts[t];
    return found;
}
