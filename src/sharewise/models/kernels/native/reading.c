/* What an encoder-decoder of T5's family computes between its products when it answers and doesn't learn; see kernels.c.
 */

#include "matrices.h"

/* stream += x, where there is an x; y = stream / sqrt(mean(stream^2) + eps) gamma. */
void add_and_scale(const low *x, float *stream, const float *gamma, float eps, low *y, int64_t rows, int64_t width,
                   int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        float *line = stream + r * width;
        reals squares = {};
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            reals value = load(line + c, n);
            if (x) {
                value += widen(x + r * width + c, n);
                store(line + c, value, n);
            }
            squares += value * value;
        }
        float inverse = 1.0f / sqrtf(sum(squares) / width + eps);
        for (int64_t c = 0; c < width; c += LANES) {
            int64_t n = width - c;
            put(y + r * width + c, load(line + c, n) * inverse * load(gamma + c, n), n);
        }
    }
}

/* gate = gelu(gate) up, GELU by its approximation with a hyperbolic tangent. */
void gated_gelu(low *gate, const low *up, int64_t cells, int64_t threads) {
    int64_t chunks = (cells + CHUNK - 1) / CHUNK;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        int64_t start = chunk * CHUNK, end = start + CHUNK < cells ? start + CHUNK : cells;
        for (int64_t i = start; i < end; i += LANES) {
            reals x = widen(gate + i, end - i);
            /* (1 + tanh(u)) / 2 is 1 / (1 + e^-2u). */
            reals below = 1.0f / (1.0f + power(x * (1.0f + x * x * 0.044715f) * -1.59576912f));
            put(gate + i, x * below * widen(up + i, end - i), end - i);
        }
    }
}

/* The logarithm of the sum of each row's exponentials. */
void log_sums(const low *x, float *found, int64_t rows, int64_t width, int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        const low *row = x + r * width;
        reals most = all(-INFINITY), sums = {};
        for (int64_t c = 0; c < width; c += LANES) {
            reals value = choose(inside(c, width), widen(row + c, width - c), all(-INFINITY));
            most = choose(value > most, value, most);
        }
        float largest = top(most);
        for (int64_t c = 0; c < width; c += LANES)
            sums += only(c, width, power(widen(row + c, width - c) - largest));
        found[r] = largest + logf(sum(sums));
    }
}

/* softmax(q k' + extra) v: the rows of text t in q, from asks[t] on, read those in k and v from starts[t] on. What is
 * added to a product is extra[head][i extra_row + j]; nothing where there is no extra. */
int64_t read_texts(const low *q, int64_t q_stride, const low *k, const low *v, int64_t stride, const int64_t *asks,
                   const int64_t *starts, const float *extra, int64_t extra_head, int64_t extra_row, low *context,
                   int64_t texts, int64_t heads, int64_t size, int64_t threads) {
    int64_t room = (size + LANES - 1) / LANES * LANES, asked = longest(asks, texts), failed = 0;
    int64_t span = (longest(starts, texts) + LANES - 1) / LANES * LANES;
#pragma omp parallel num_threads(threads)
    {
        float *own = aligned_alloc(64, 4 * (asked * room + 3 * span * room + asked * span + LANES));
        if (!own) {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic)
        for (int64_t job = 0; job < texts * heads; job++) {
            if (!own) continue;
            int64_t text = job / heads, head = job % heads, rows = asks[text + 1] - asks[text];
            int64_t length = starts[text + 1] - starts[text], line = (length + LANES - 1) / LANES * LANES;
            float *keys = own + asked * room, *values = keys + span * room, *turned = values + span * room;
            float *shares = turned + span * room;
            take(q + asks[text] * q_stride + head * size, q_stride, NULL, 1.0f, own, rows, size, room);
            take(k + starts[text] * stride + head * size, stride, NULL, 1.0f, keys, length, size, room);
            take(v + starts[text] * stride + head * size, stride, NULL, 1.0f, values, length, size, room);
            turn(keys, turned, length, room, line);
            product(own, room, 1, turned, line, shares, line, rows, line, size);
            for (int64_t i = 0; i < rows; i++) {
                float *row = shares + i * line;
                const float *more = extra ? extra + head * extra_head + i * extra_row : NULL;
                reals most = all(-INFINITY), sums = {};
                for (int64_t j = 0; j < length; j += LANES) {
                    reals value = load_all(row + j);
                    if (more) value += load(more + j, length - j);
                    value = choose(inside(j, length), value, all(-INFINITY));
                    store_all(row + j, value);
                    most = choose(value > most, value, most);
                }
                float largest = top(most);
                for (int64_t j = 0; j < length; j += LANES) {
                    reals value = only(j, length, power(load_all(row + j) - largest));
                    store_all(row + j, value);
                    sums += value;
                }
                float inverse = 1.0f / sum(sums);
                for (int64_t j = 0; j < length; j += LANES) store_all(row + j, load_all(row + j) * inverse);
            }
            product(shares, line, 1, values, room, own, room, rows, room, length);
            give(own, 1.0f, context + asks[text] * heads * size + head * size, heads * size, rows, size, room);
        }
        free(own);
    }
    return failed ? -1 : 0;
}
