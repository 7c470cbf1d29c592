/* What an encoder computes between its matrix products, and its optimizer's step, each in one pass over memory.
 *
 * Everything is written on vectors of 16 numbers, which the compiler turns into whatever registers the processor has.
 * Sums over rows are made in blocks of fixed size and added up in their order, and random numbers follow from a key and
 * a cell's place: no result depends on the number of threads. Numbers that are not finite go through everything.
 */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
/* Rows whose sums are added up together, and numbers of an optimizer's step that a thread takes at a time. */
#define BLOCK 64
#define CHUNK 16384
#define INLINE static inline __attribute__((always_inline))

typedef float reals __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef int32_t signs __attribute__((vector_size(4 * LANES)));
/* bfloat16: the upper half of a float's bits. */
typedef uint16_t low;

INLINE reals all(float x) { return x - (reals){}; }

INLINE reals choose(signs mask, reals yes, reals no) {
    return (reals)((mask & (signs)yes) | (~mask & (signs)no));
}

/* Vectors to and from memory; of fewer than LANES numbers the rest is zero, or not written. To bfloat16 rounds to the
 * nearest, of two the even; what is no number stays none. */
#ifdef __AVX512BW__

#include <immintrin.h>

INLINE __mmask16 first(int64_t count) { return count >= LANES ? 0xffff : (1u << count) - 1; }

INLINE reals load(const float *from, int64_t count) { return (reals)_mm512_maskz_loadu_ps(first(count), from); }

INLINE reals load_all(const float *from) { return (reals)_mm512_loadu_ps(from); }

INLINE void store(float *to, reals x, int64_t count) { _mm512_mask_storeu_ps(to, first(count), (__m512)x); }

INLINE void store_all(float *to, reals x) { _mm512_storeu_ps(to, (__m512)x); }

INLINE reals widen(const low *from, int64_t count) {
    return (reals)(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(count), from)), 16));
}

INLINE __m512i upper(reals x) {
    words bits = (words)x;
    words found = bits + 0x7fff + ((bits >> 16) & 1);
    __mmask16 none = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
    return _mm512_mask_mov_epi32((__m512i)found, none, _mm512_set1_epi32(0x7fc00000));
}

INLINE void put(low *to, reals x, int64_t count) {
    _mm256_mask_storeu_epi16(to, first(count), _mm512_cvtepi32_epi16(_mm512_srli_epi32(upper(x), 16)));
}

INLINE reals rounded(reals x) { return (reals)_mm512_and_epi32(upper(x), _mm512_set1_epi32(0xffff0000)); }

INLINE float sum(reals x) { return _mm512_reduce_add_ps((__m512)x); }

INLINE float top(reals x) { return _mm512_reduce_max_ps((__m512)x); }

INLINE reals root(reals x) { return (reals)_mm512_sqrt_ps((__m512)x); }

#else

typedef float somewhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));
typedef uint16_t anywhere __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

INLINE reals load_all(const float *from) { return *(const somewhere *)from; }

INLINE void store_all(float *to, reals x) { *(somewhere *)to = x; }

INLINE reals load(const float *from, int64_t count) {
    if (count >= LANES) return load_all(from);
    reals found = {};
    for (int64_t i = 0; i < count; i++) found[i] = from[i];
    return found;
}

INLINE void store(float *to, reals x, int64_t count) {
    if (count >= LANES) store_all(to, x);
    else
        for (int64_t i = 0; i < count; i++) to[i] = x[i];
}

INLINE reals widen(const low *from, int64_t count) {
    halves found = {};
    if (count >= LANES) found = *(const anywhere *)from;
    else
        for (int64_t i = 0; i < count; i++) found[i] = from[i];
    return (reals)(__builtin_convertvector(found, words) << 16);
}

INLINE words upper(reals x) {
    words bits = (words)x, none = (words)(x != x);
    words found = bits + 0x7fff + ((bits >> 16) & 1);
    return (found & ~none) | (none & 0x7fc00000);
}

INLINE void put(low *to, reals x, int64_t count) {
    halves found = __builtin_convertvector(upper(x) >> 16, halves);
    if (count >= LANES) *(anywhere *)to = found;
    else
        for (int64_t i = 0; i < count; i++) to[i] = found[i];
}

INLINE reals rounded(reals x) { return (reals)(upper(x) & 0xffff0000); }

INLINE float sum(reals x) {
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] += x[i + half];
    return x[0];
}

INLINE float top(reals x) {
    float found = x[0];
    for (int i = 1; i < LANES; i++) found = x[i] > found ? x[i] : found;
    return found;
}

INLINE reals root(reals x) {
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    return x;
}

#endif

/* e^x to a few units in the last place; what would be smaller than e^-87 is that. */
INLINE reals power(reals x) {
    x = choose(x < all(-87.0f), all(-87.0f), x);
    x = choose(x > all(88.0f), all(88.0f), x);
    const reals shift = all(12582912.0f);
    reals whole = x * 1.44269504f + shift;
    signs exponent = ((signs)whole - (signs)shift + 127) << 23;
    whole -= shift;
    reals rest = x - whole * 0.693359375f;
    rest = rest + whole * 2.12194440e-4f;
    reals series = all(1.0f / 720);
    series = series * rest + 1.0f / 120;
    series = series * rest + 1.0f / 24;
    series = series * rest + 1.0f / 6;
    series = series * rest + 0.5f;
    series = series * rest + 1.0f;
    series = series * rest + 1.0f;
    return series * (reals)exponent;
}

/* The normal distribution's density and probability below x; Abramowitz and Stegun 7.1.26 (error below 1.5e-7). */
INLINE void normal(reals x, reals *density, reals *below) {
    reals size = (reals)((words)x & 0x7fffffff);
    reals bell = power(x * x * -0.5f);
    reals t = 1.0f / (1.0f + size * (0.3275911f * 0.70710678f));
    reals series = all(1.061405429f);
    series = series * t - 1.453152027f;
    series = series * t + 1.421413741f;
    series = series * t - 0.284496736f;
    series = series * t + 0.254829592f;
    reals tail = 0.5f * series * t * bell;
    *density = bell * 0.39894228f;
    *below = choose(x < all(0.0f), tail, 1.0f - tail);
}

/* Dropout: a row has two random words of its own, a cell 32 random bits that follow from them and its column. */
typedef struct {
    uint32_t limit; /* Of 2^32 patterns, how many drop. */
    float scale;    /* Of what is kept. */
    uint64_t key;
} drop;

typedef struct {
    uint32_t one, two;
} stream;

/* SplitMix64 (Steele, Lea and Flood, 2014) of the key and the row. */
INLINE stream of_row(drop d, uint64_t row) {
    uint64_t z = d.key + (row + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (stream){(uint32_t)z, (uint32_t)(z >> 32)};
}

INLINE words columns(int64_t first) {
    return (words){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + (uint32_t)first;
}

INLINE signs inside(int64_t first, int64_t end) { return (signs)columns(first) < (int32_t)end + (signs){}; }

/* Zero from column `end` on. */
INLINE reals only(int64_t first, int64_t end, reals x) { return choose(inside(first, end), x, all(0.0f)); }

/* Multipliers of a permutation of 32 bits with little bias (Wellons, 2018); the row's second word comes between. */
INLINE reals kept(drop d, stream row, int64_t column, reals x) {
    words h = columns(column) + row.one;
    h ^= h >> 17;
    h *= 0xed5ad4bbu;
    h ^= (h >> 11) ^ row.two;
    h *= 0xac4c1b51u;
    h ^= h >> 15;
    h *= 0x31848babu;
    h ^= h >> 14;
    return choose(h >= d.limit + (words){}, x * d.scale, all(0.0f));
}

static int64_t blocks_of(int64_t rows) { return (rows + BLOCK - 1) / BLOCK; }

/* Adds up blocks' sums, (blocks, width), in their order. */
static void add_blocks(const float *sums, float *total, int64_t blocks, int64_t width, int64_t stride) {
    for (int64_t c = 0; c < width; c += LANES) {
        reals found = {};
        for (int64_t b = 0; b < blocks; b++) found += load(sums + b * stride + c, width - c);
        store(total + c, found, width - c);
    }
}

/* y = x, dropped out; of bfloat16 or float32. */
void drop_cells(const void *x, void *y, int64_t narrow_type, int64_t cells, uint32_t limit, float scale, uint64_t key,
                int64_t threads) {
    drop d = {limit, scale, key};
    int64_t chunks = (cells + CHUNK - 1) / CHUNK;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        int64_t start = chunk * CHUNK, end = start + CHUNK < cells ? start + CHUNK : cells;
        stream row = of_row(d, chunk);
        for (int64_t i = start; i < end; i += LANES) {
            if (narrow_type) put((low *)y + i, kept(d, row, i - start, widen((const low *)x + i, end - i)), end - i);
            else store((float *)y + i, kept(d, row, i - start, load((const float *)x + i, end - i)), end - i);
        }
    }
}

/* summed = residual + dropped(x + bias); y = norm(summed) gamma + beta. */
void norm_forward(const low *x, const float *bias, const low *residual, const float *gamma, const float *beta,
                     float eps, low *summed, low *y, float *mean, float *rstd, int64_t rows, int64_t width,
                     uint32_t limit, float scale, uint64_t key, int64_t threads) {
    drop d = {limit, scale, key};
    int64_t room = (width + LANES - 1) / LANES * LANES;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        float line[room] __attribute__((aligned(64)));
        stream row = of_row(d, r);
        reals total = {}, squares = {};
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            reals value = widen(x + r * width + c, n) + load(bias + c, n);
            if (limit) value = kept(d, row, c, value);
            /* The way back reads what is stored. */
            value = rounded(value + widen(residual + r * width + c, n));
            put(summed + r * width + c, value, n);
            store_all(line + c, value);
            total += value;
        }
        float middle = sum(total) / width;
        for (int64_t c = 0; c < width; c += LANES) {
            reals away = only(c, width, load_all(line + c) - middle);
            squares += away * away;
        }
        float inverse = 1.0f / sqrtf(sum(squares) / width + eps);
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            reals value = (load_all(line + c) - middle) * inverse;
            put(y + r * width + c, value * load(gamma + c, n) + load(beta + c, n), n);
        }
        mean[r] = middle;
        rstd[r] = inverse;
    }
}

/* Of norm_forward: at_summed and at_x from y's gradient, which is the sum of two where there is a second; and the sums
 * over rows (3, width): of gamma, beta and bias. */
int64_t norm_backward(const low *at_y, const low *also, const low *summed, const float *mean, const float *rstd,
                      const float *gamma, low *at_summed, low *at_x, float *sums, int64_t rows, int64_t width,
                      uint32_t limit, float scale, uint64_t key, int64_t threads) {
    drop d = {limit, scale, key};
    int64_t blocks = blocks_of(rows), room = (width + LANES - 1) / LANES * LANES;
    float *parts = calloc(blocks * 3 * room, sizeof(float));
    if (!parts) return -1;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < blocks; b++) {
        float away[room] __attribute__((aligned(64))), pull[room] __attribute__((aligned(64)));
        float *of_gamma = parts + b * 3 * room, *of_beta = of_gamma + room, *of_bias = of_beta + room;
        int64_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        for (int64_t r = b * BLOCK; r < end; r++) {
            stream row = of_row(d, r);
            reals first = {}, second = {};
            for (int64_t c = 0; c < width; c += LANES) {
                int64_t n = width - c, at = r * width + c;
                reals above = widen(at_y + at, n);
                if (also) above += widen(also + at, n);
                reals unit = (widen(summed + at, n) - mean[r]) * rstd[r];
                /* Beyond the width gamma and the gradient are zero. */
                reals g = above * load(gamma + c, n);
                store_all(of_gamma + c, load_all(of_gamma + c) + above * unit);
                store_all(of_beta + c, load_all(of_beta + c) + above);
                store_all(away + c, unit);
                store_all(pull + c, g);
                first += g;
                second += g * unit;
            }
            float middle = sum(first) / width, slope = sum(second) / width;
            for (int64_t c = 0; c < width; c += LANES) {
                int64_t n = width - c, at = r * width + c;
                reals found = (load_all(pull + c) - middle - load_all(away + c) * slope) * rstd[r];
                put(at_summed + at, found, n);
                if (limit) {
                    found = kept(d, row, c, found);
                    put(at_x + at, found, n);
                }
                store_all(of_bias + c, load_all(of_bias + c) + found);
            }
        }
    }
    for (int64_t part = 0; part < 3; part++)
        add_blocks(parts + part * room, sums + part * width, blocks, width, 3 * room);
    free(parts);
    return 0;
}

/* y = gelu(x + bias) */
void gelu_forward(const low *x, const float *bias, low *y, int64_t rows, int64_t width, int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            reals value = widen(x + r * width + c, n) + load(bias + c, n), density, below;
            normal(value, &density, &below);
            put(y + r * width + c, value * below, n);
        }
}

/* at_x from y's gradient, and the bias's, its sum over rows. */
int64_t gelu_backward(const low *at_y, const low *x, const float *bias, low *at_x, float *at_bias, int64_t rows,
                      int64_t width, int64_t threads) {
    int64_t blocks = blocks_of(rows), room = (width + LANES - 1) / LANES * LANES;
    float *parts = calloc(blocks * room, sizeof(float));
    if (!parts) return -1;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < blocks; b++) {
        int64_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        for (int64_t r = b * BLOCK; r < end; r++)
            for (int64_t c = 0; c < width; c += LANES) {
                int64_t n = width - c, at = r * width + c;
                reals value = widen(x + at, n) + load(bias + c, n), density, below;
                normal(value, &density, &below);
                reals found = widen(at_y + at, n) * (below + value * density);
                put(at_x + at, found, n);
                float *of_bias = parts + b * room + c;
                store_all(of_bias, load_all(of_bias) + found);
            }
    }
    add_blocks(parts, at_bias, blocks, width, room);
    free(parts);
    return 0;
}

/* Sums over rows. */
int64_t column_sums(const low *x, float *sums, int64_t rows, int64_t width, int64_t threads) {
    int64_t blocks = blocks_of(rows), room = (width + LANES - 1) / LANES * LANES;
    float *parts = calloc(blocks * room, sizeof(float));
    if (!parts) return -1;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < blocks; b++) {
        int64_t end = (b + 1) * BLOCK < rows ? (b + 1) * BLOCK : rows;
        for (int64_t r = b * BLOCK; r < end; r++)
            for (int64_t c = 0; c < width; c += LANES) {
                float *found = parts + b * room + c;
                store_all(found, load_all(found) + widen(x + r * width + c, width - c));
            }
    }
    add_blocks(parts, sums, blocks, width, room);
    free(parts);
    return 0;
}

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
static void product(const float *a, int64_t row, int64_t column, const float *b, int64_t ldb, float *c, int64_t ldc,
                    int64_t m, int64_t n, int64_t depth) {
    int64_t j = 0;
    for (; j + 2 * LANES <= n; j += 2 * LANES) stripe(a, row, column, b + j, ldb, c + j, ldc, m, depth, 2);
    if (j < n) stripe(a, row, column, b + j, ldb, c + j, ldc, m, depth, 1);
}

/* One head of one text: (length, size) of a matrix (tokens, stride), plus bias, times scale; zero beyond the size. */
static void take(const low *from, int64_t stride, const float *bias, float scale, float *to, int64_t length,
                 int64_t size, int64_t room) {
    for (int64_t i = 0; i < length; i++)
        for (int64_t c = 0; c < room; c += LANES) {
            int64_t n = size - c;
            reals value = widen(from + i * stride + c, n);
            if (bias) value += load(bias + c, n);
            store_all(to + i * room + c, value * scale);
        }
}

static void give(const float *from, float scale, low *to, int64_t stride, int64_t length, int64_t size, int64_t room) {
    for (int64_t i = 0; i < length; i++)
        for (int64_t c = 0; c < size; c += LANES)
            put(to + i * stride + c, load_all(from + i * room + c) * scale, size - c);
}

/* (length, room) to (room, span), zero beyond the length. */
static void turn(const float *from, float *to, int64_t length, int64_t room, int64_t span) {
    for (int64_t c = 0; c < room; c++) {
        for (int64_t i = 0; i < length; i++) to[c * span + i] = from[i * room + c];
        for (int64_t i = length; i < span; i++) to[c * span + i] = 0.0f;
    }
}

static int64_t longest(const int64_t *starts, int64_t texts) {
    int64_t found = 0;
    for (int64_t t = 0; t < texts; t++)
        if (starts[t + 1] - starts[t] > found) found = starts[t + 1] - starts[t];
    return found;
}

/* softmax(q k' scale) v, dropped out, of texts that lie one after another: qkv (total, 3 heads size), plus bias, to
 * context (total, heads size). Each row's largest score and the inverse of its sum are kept: (2, total, heads). */
int64_t attention_forward(const low *qkv, const float *bias, const int64_t *starts, low *context, float *kept_sums,
                          int64_t total, int64_t texts, int64_t heads, int64_t size, float qk_scale, uint32_t limit,
                          float scale, uint64_t key, int64_t threads) {
    drop d = {limit, scale, key};
    int64_t width = heads * size, room = (size + LANES - 1) / LANES * LANES;
    int64_t span = (longest(starts, texts) + LANES - 1) / LANES * LANES;
    int64_t failed = 0;
#pragma omp parallel num_threads(threads)
    {
        float *q = aligned_alloc(64, 4 * (4 * span * room + span * span + LANES));
        if (!q) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic)
        for (int64_t job = 0; job < texts * heads; job++) {
            if (!q) continue;
            int64_t start = starts[job / heads], length = starts[job / heads + 1] - start, head = job % heads;
            int64_t line = (length + LANES - 1) / LANES * LANES, offset = start * 3 * width + head * size;
            float *k = q + span * room, *v = k + span * room, *turned = v + span * room, *shares = turned + span * room;
            take(qkv + offset, 3 * width, bias + head * size, qk_scale, q, length, size, room);
            take(qkv + offset + width, 3 * width, bias + width + head * size, 1.0f, k, length, size, room);
            take(qkv + offset + 2 * width, 3 * width, bias + 2 * width + head * size, 1.0f, v, length, size, room);
            turn(k, turned, length, room, line);
            product(q, room, 1, turned, line, shares, line, length, line, size);
            for (int64_t i = 0; i < length; i++) {
                float *row = shares + i * line;
                stream cells = of_row(d, (start + i) * heads + head);
                reals most = all(row[0]), sums = {};
                for (int64_t j = 0; j < length; j += LANES) {
                    reals value = choose(inside(j, length), load_all(row + j), all(row[0]));
                    most = choose(value > most, value, most);
                }
                float largest = top(most);
                for (int64_t j = 0; j < length; j += LANES) {
                    reals value = power(load_all(row + j) - largest);
                    value = only(j, length, value);
                    store_all(row + j, value);
                    sums += value;
                }
                float inverse = 1.0f / sum(sums);
                for (int64_t j = 0; j < length; j += LANES) {
                    reals value = load_all(row + j) * inverse;
                    store_all(row + j, limit ? kept(d, cells, j, value) : value);
                }
                kept_sums[(start + i) * heads + head] = largest;
                kept_sums[(total + start + i) * heads + head] = inverse;
            }
            product(shares, line, 1, v, room, q, room, length, room, length);
            give(q, 1.0f, context + start * width + head * size, width, length, size, room);
        }
        free(q);
    }
    memset(context + starts[texts] * width, 0, 2 * (total - starts[texts]) * width);
    return failed ? -1 : 0;
}

/* at_qkv from context's gradient, and the bias's. */
int64_t attention_backward(const low *at_context, const low *qkv, const float *bias, const int64_t *starts,
                           const float *kept_sums, low *at_qkv, float *at_bias, int64_t total, int64_t texts,
                           int64_t heads, int64_t size, float qk_scale, uint32_t limit, float scale, uint64_t key,
                           int64_t threads) {
    drop d = {limit, scale, key};
    int64_t width = heads * size, room = (size + LANES - 1) / LANES * LANES;
    int64_t span = (longest(starts, texts) + LANES - 1) / LANES * LANES;
    int64_t failed = 0;
#pragma omp parallel num_threads(threads)
    {
        float *q = aligned_alloc(64, 4 * (6 * span * room + (2 * span + 1) * span + LANES));
        if (!q) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic)
        for (int64_t job = 0; job < texts * heads; job++) {
            if (!q) continue;
            int64_t start = starts[job / heads], length = starts[job / heads + 1] - start, head = job % heads;
            int64_t line = (length + LANES - 1) / LANES * LANES, offset = start * 3 * width + head * size;
            float *k = q + span * room, *v = k + span * room, *above = v + span * room;
            float *turned = above + span * room, *found = turned + span * room;
            float *shares = found + span * room, *slopes = shares + span * span, *plain = slopes + span * span;
            take(qkv + offset, 3 * width, bias + head * size, qk_scale, q, length, size, room);
            take(qkv + offset + width, 3 * width, bias + width + head * size, 1.0f, k, length, size, room);
            take(qkv + offset + 2 * width, 3 * width, bias + 2 * width + head * size, 1.0f, v, length, size, room);
            take(at_context + start * width + head * size, width, NULL, 1.0f, above, length, size, room);
            turn(k, turned, length, room, line);
            product(q, room, 1, turned, line, shares, line, length, line, size);
            turn(v, turned, length, room, line);
            product(above, room, 1, turned, line, slopes, line, length, line, size);
            for (int64_t i = 0; i < length; i++) {
                float *row = shares + i * line, *slope = slopes + i * line;
                float largest = kept_sums[(start + i) * heads + head];
                float inverse = kept_sums[(total + start + i) * heads + head];
                stream cells = of_row(d, (start + i) * heads + head);
                reals sums = {};
                for (int64_t j = 0; j < length; j += LANES) {
                    reals share = only(j, length, power(load_all(row + j) - largest) * inverse), used = share;
                    reals at_share = load_all(slope + j);
                    if (limit) {
                        at_share = kept(d, cells, j, at_share);
                        used = kept(d, cells, j, used);
                    }
                    sums += share * at_share;
                    store_all(row + j, used);
                    store_all(slope + j, at_share);
                    store_all(plain + j, share);
                }
                float mean = sum(sums);
                for (int64_t j = 0; j < length; j += LANES)
                    store_all(slope + j, (load_all(slope + j) - mean) * load_all(plain + j));
            }
            product(shares, 1, line, above, room, found, room, length, room, length);
            give(found, 1.0f, at_qkv + offset + 2 * width, 3 * width, length, size, room);
            product(slopes, line, 1, k, room, found, room, length, room, length);
            give(found, qk_scale, at_qkv + offset, 3 * width, length, size, room);
            product(slopes, 1, line, q, room, found, room, length, room, length);
            give(found, 1.0f, at_qkv + offset + width, 3 * width, length, size, room);
        }
        free(q);
    }
    memset(at_qkv + starts[texts] * 3 * width, 0, 2 * (total - starts[texts]) * 3 * width);
    return failed ? -1 : column_sums(at_qkv, at_bias, total, 3 * width, threads);
}

/* The sum of squares of many gradients, of as many numbers as `counts` says. */
int64_t squares(const float *const *gradients, const int64_t *counts, int64_t parameters, double *found,
                int64_t threads) {
    int64_t chunks = 0;
    for (int64_t p = 0; p < parameters; p++) chunks += (counts[p] + CHUNK - 1) / CHUNK;
    double *sums = malloc((chunks + 1) * sizeof(double));
    const float **places = malloc((chunks + 1) * sizeof(float *));
    int64_t *lengths = malloc((chunks + 1) * sizeof(int64_t));
    if (sums && places && lengths) {
        int64_t c = 0;
        for (int64_t p = 0; p < parameters; p++)
            for (int64_t at = 0; at < counts[p]; at += CHUNK, c++) {
                places[c] = gradients[p] + at;
                lengths[c] = counts[p] - at < CHUNK ? counts[p] - at : CHUNK;
            }
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t c = 0; c < chunks; c++) {
            reals one = {}, two = {};
            int64_t i = 0;
            for (; i + 2 * LANES <= lengths[c]; i += 2 * LANES) {
                reals x = load_all(places[c] + i), y = load_all(places[c] + i + LANES);
                one += x * x;
                two += y * y;
            }
            for (; i < lengths[c]; i += LANES) {
                reals x = load(places[c] + i, lengths[c] - i);
                one += x * x;
            }
            sums[c] = sum(one + two);
        }
        *found = 0;
        for (c = 0; c < chunks; c++) *found += sums[c];
    }
    int64_t failed = !(sums && places && lengths);
    free(sums);
    free(places);
    free(lengths);
    return -failed;
}

/* One step of AdamW (Loshchilov and Hutter, 2019) of many parameters, as PyTorch computes it, with gradients times
 * `clip`; writes the parameters' copies in bfloat16 where there are some. Of each parameter: what its decay leaves of
 * it, and both corrections of means that began at zero, the second under the root. */
int64_t adamw(float *const *parameters, const float *const *gradients, float *const *means, float *const *squared,
              low *const *copies, const int64_t *counts, const float *leaves, const float *steps, const float *roots,
              int64_t number, float clip, float beta1, float beta2, float eps, int64_t threads) {
    int64_t chunks = 0;
    for (int64_t p = 0; p < number; p++) chunks += (counts[p] + CHUNK - 1) / CHUNK;
    int64_t *owners = malloc((chunks + 1) * sizeof(int64_t)), *places = malloc((chunks + 1) * sizeof(int64_t));
    if (owners && places) {
        int64_t c = 0;
        for (int64_t p = 0; p < number; p++)
            for (int64_t at = 0; at < counts[p]; at += CHUNK, c++) owners[c] = p, places[c] = at;
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t c = 0; c < chunks; c++) {
            int64_t p = owners[c], at = places[c], count = counts[p] - at < CHUNK ? counts[p] - at : CHUNK;
            float *x = parameters[p] + at, *m = means[p] + at, *v = squared[p] + at;
            const float *g = gradients[p] + at;
            low *copy = copies[p] ? copies[p] + at : NULL;
            float inverse = 1.0f / roots[p];
            for (int64_t i = 0; i < count; i += LANES) {
                int64_t n = count - i;
                reals gradient = load(g + i, n) * clip;
                reals mean = load(m + i, n), square = load(v + i, n);
                mean += (gradient - mean) * (1.0f - beta1);
                square = square * beta2 + gradient * gradient * (1.0f - beta2);
                reals below = root(square) * inverse + eps;
                reals value = load(x + i, n) * leaves[p] - mean * steps[p] / below;
                store(m + i, mean, n);
                store(v + i, square, n);
                store(x + i, value, n);
                if (copy) put(copy + i, value, n);
            }
        }
    }
    int64_t failed = !(owners && places);
    free(owners);
    free(places);
    return -failed;
}
