/* What an encoder computes between its matrix products, and its optimizer's step, each in one pass over memory.
 *
 * Everything is written on vectors of 16 numbers, which the compiler turns into whatever registers the processor has.
 * Sums over rows are made in blocks of fixed size and added up in their order, and random numbers follow from a key and
 * a cell's place: no result depends on the number of threads. Numbers that are not finite go through everything.
 */

#include "vectors.h"

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
            reals value = widen(x + r * width + c, n) + load(bias + c, n);
            /* Far below nothing is left of it; what is not finite stays so. */
            put(y + r * width + c, choose(value < all(-5.0f), value * 0.0f - 5.0f, value) * below(value), n);
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
                reals found = widen(at_y + at, n) * gelu_slope(widen(x + at, n) + load(bias + c, n));
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
