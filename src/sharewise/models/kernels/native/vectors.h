/* Vectors of 16 numbers, which the compiler turns into whatever registers the processor has, and dropout's random bits. */

#pragma once

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

INLINE reals load(const float *from, int64_t count) {
    return (reals)(count >= LANES ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(first(count), from));
}

INLINE reals load_all(const float *from) { return (reals)_mm512_loadu_ps(from); }

INLINE void store(float *to, reals x, int64_t count) {
    if (count >= LANES) _mm512_storeu_ps(to, (__m512)x);
    else _mm512_mask_storeu_ps(to, first(count), (__m512)x);
}

INLINE void store_all(float *to, reals x) { _mm512_storeu_ps(to, (__m512)x); }

INLINE reals widen(const low *from, int64_t count) {
    __m256i found = count >= LANES ? _mm256_loadu_si256((const __m256i *)from)
                                   : _mm256_maskz_loadu_epi16(first(count), from);
    return (reals)_mm512_slli_epi32(_mm512_cvtepu16_epi32(found), 16);
}

#ifdef __AVX512BF16__

/* Smaller than 2^-126 becomes zero. */
INLINE __m256i narrow(reals x) { return (__m256i)_mm512_cvtneps_pbh((__m512)x); }

#else

INLINE __m256i narrow(reals x) {
    words bits = (words)x;
    words found = bits + 0x7fff + ((bits >> 16) & 1);
    __mmask16 none = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
    found = (words)_mm512_mask_mov_epi32((__m512i)found, none, _mm512_set1_epi32(0x7fc00000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32((__m512i)found, 16));
}

#endif

/* Whole vectors are stored without a mask: some processors take several times as long with one. */
INLINE void put(low *to, reals x, int64_t count) {
    if (count >= LANES) _mm256_storeu_si256((__m256i *)to, narrow(x));
    else _mm256_mask_storeu_epi16(to, first(count), narrow(x));
}

INLINE reals rounded(reals x) { return (reals)_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow(x)), 16); }

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

/* x times a polynomial in x^2, which is written around the middle of |x| <= 5, where it loses no digits; what is farther
 * out counts as 5. */
INLINE reals odd_series(reals x, const float *factors, const int terms) {
    x = choose(x > all(5.0f), all(5.0f), x);
    x = choose(x < all(-5.0f), all(-5.0f), x);
    reals place = x * x * 0.08f - 1.0f, series = all(factors[terms - 1]);
#pragma GCC unroll 16
    for (int i = terms - 2; i >= 0; i--) series = series * place + factors[i];
    return series * x;
}

/* The normal distribution's probability below x, by the polynomial of smallest largest error (1e-6). */
INLINE reals below(reals x) {
    static const float factors[] = {0.141363608f,   -0.0702976869f, 0.0515348497f,   -0.0404097635f,
                                    0.0312585252f,  -0.0234790075f, 0.0172561409f,   -0.0106231159f,
                                    0.00462775822f, -0.00328721261f, 0.00342821652f, -0.0013725186f};
    return odd_series(x, factors, 12) + 0.5f;
}

/* The slope of x below(x), likewise (1e-5). */
INLINE reals gelu_slope(reals x) {
    static const float factors[] = {0.142133657f,  -0.0750997902f, 0.0665815351f,  -0.0720791134f, 0.0802138159f,
                                    -0.0819138655f, 0.0806352372f, -0.0773051485f, 0.0513890608f,  -0.0178737378f,
                                    0.0177255847f, -0.0246615126f, 0.0102562845f};
    return odd_series(x, factors, 13) + 0.5f;
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

/* Sums over rows; see kernels.c. */
int64_t column_sums(const low *x, float *sums, int64_t rows, int64_t width, int64_t threads);
