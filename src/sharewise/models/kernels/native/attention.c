/* Attention within each of the texts of a batch, there and back; see kernels.c. */

#include "matrices.h"

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
