// The three matrix products of a dense layer, row major, without packing: the weights are read once
// per step and are larger than any cache, so that packing them would cost more than it saves.
#include "simd.h"

// Depth of one pass: rows of b that stay in L1/L2 while all rows of a go by.
#define DEPTH 128

INLINE void nn_tile(const float *a, int a_row, const float *b, int columns, float *c, int rows, int rest, int depth) {
  const float *a1 = a + least(1, rows - 1) * a_row, *a2 = a + least(2, rows - 1) * a_row,
              *a3 = a + least(3, rows - 1) * a_row;
  v128_t sum[8];
  if (rest > 4) {
    for (int i = 0; i < 4; i++) {
      float *from = c + least(i, rows - 1) * columns;
      sum[2 * i] = LOAD(from);
      sum[2 * i + 1] = load_upto(from + 4, rest - 4);
    }
    tile_4x8(a, a1, a2, a3, 1, b, columns, depth, sum);
    for (int i = 0; i < 4; i++) {
      if (i >= rows) break;
      STORE(c + i * columns, sum[2 * i]);
      store_upto(c + i * columns + 4, sum[2 * i + 1], rest - 4);
    }
  } else {
    for (int i = 0; i < 4; i++) sum[i] = load_upto(c + least(i, rows - 1) * columns, rest);
    tile_4x4(a, a1, a2, a3, 1, b, columns, depth, sum);
    for (int i = 0; i < 4; i++)
      if (i < rows) store_upto(c + i * columns, sum[i], rest);
  }
}

// c [rows, columns] = bias + a [rows, depth] * b [depth, columns]; bias may be null. The order of
// additions of an element does not depend on `rows`.
EXPORT(dense_forward) void dense_forward(const float *a, const float *b, const float *bias, float *c, int rows,
                                         int depth, int columns) {
  for (int r = 0; r < rows; r++)
    for (int i = 0; i < columns; i++) c[r * columns + i] = bias ? bias[i] : 0;
  for (int k = 0; k < depth; k += DEPTH) {
    int deep = least(DEPTH, depth - k);
    for (int o = 0; o < columns; o += tile_width(columns - o))
      for (int r = 0; r < rows; r += 4)
        nn_tile(a + r * depth + k, depth, b + k * columns + o, columns, c + r * columns + o, least(4, rows - r),
                columns - o, deep);
  }
}

INLINE void tn_tile(const float *a, int a_row, const float *b, int columns, float *c, int taps, int rest, int batch) {
  v128_t sum[8] = {ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO};
  if (rest > 4) {
    tile_4x8(a, a + 1, a + 2, a + 3, a_row, b, columns, batch, sum);
    for (int i = 0; i < 4; i++) {
      if (i >= taps) break;
      STORE(c + i * columns, sum[2 * i]);
      store_upto(c + i * columns + 4, sum[2 * i + 1], rest - 4);
    }
  } else {
    tile_4x4(a, a + 1, a + 2, a + 3, a_row, b, columns, batch, sum);
    for (int i = 0; i < 4; i++)
      if (i < taps) store_upto(c + i * columns, sum[i], rest);
  }
}

// c [taps, columns] = transposed a [batch, taps of a_row] * b [batch, columns]: the gradient of some
// rows of the weights.
EXPORT(dense_weight_gradient) void dense_weight_gradient(const float *a, int a_row, const float *b, float *c,
                                                         int batch, int taps, int columns) {
  for (int t = 0; t < taps; t += 4)
    for (int o = 0; o < columns; o += tile_width(columns - o))
      tn_tile(a + t, a_row, b + o, columns, c + t * columns + o, least(4, taps - t), columns - o, batch);
}

// [sum of s0, sum of s1, sum of s2, sum of s3]
INLINE v128_t four_sums(v128_t s0, v128_t s1, v128_t s2, v128_t s3) {
  v128_t lo01 = wasm_i32x4_shuffle(s0, s1, 0, 4, 1, 5), hi01 = wasm_i32x4_shuffle(s0, s1, 2, 6, 3, 7);
  v128_t lo23 = wasm_i32x4_shuffle(s2, s3, 0, 4, 1, 5), hi23 = wasm_i32x4_shuffle(s2, s3, 2, 6, 3, 7);
  v128_t pair01 = ADD(lo01, hi01), pair23 = ADD(lo23, hi23); // lanes: s0 s1 s0 s1, s2 s3 s2 s3
  return ADD(wasm_i32x4_shuffle(pair01, pair23, 0, 1, 4, 5), wasm_i32x4_shuffle(pair01, pair23, 2, 3, 6, 7));
}

// c [batch, taps] = b [batch, columns] * transposed w [taps, columns]: the gradient of the input.
EXPORT(dense_input_gradient) void dense_input_gradient(const float *b, const float *w, float *c, int batch, int taps,
                                                       int columns) {
  for (int t = 0; t < taps; t += 4) {
    int count = least(4, taps - t);
    const float *w0 = w + t * columns, *w1 = w0 + least(1, count - 1) * columns, *w2 = w0 + least(2, count - 1) * columns,
                *w3 = w0 + least(3, count - 1) * columns;
    for (int r = 0; r < batch; r += 2) {
      const float *x = b + r * columns, *y = r + 1 < batch ? x + columns : x;
      v128_t s0 = ZERO, s1 = ZERO, s2 = ZERO, s3 = ZERO, t0 = ZERO, t1 = ZERO, t2 = ZERO, t3 = ZERO;
      int k = 0;
      for (; k + 4 <= columns; k += 4) {
        v128_t p = LOAD(x + k), q = LOAD(y + k), v;
        v = LOAD(w0 + k), s0 = MULADD(s0, p, v), t0 = MULADD(t0, q, v);
        v = LOAD(w1 + k), s1 = MULADD(s1, p, v), t1 = MULADD(t1, q, v);
        v = LOAD(w2 + k), s2 = MULADD(s2, p, v), t2 = MULADD(t2, q, v);
        v = LOAD(w3 + k), s3 = MULADD(s3, p, v), t3 = MULADD(t3, q, v);
      }
      v128_t upper = four_sums(s0, s1, s2, s3), lower = four_sums(t0, t1, t2, t3);
      for (; k < columns; k++) {
        v128_t v = wasm_f32x4_make(w0[k], w1[k], w2[k], w3[k]);
        upper = MULADD(upper, SPLAT_AT(x + k), v), lower = MULADD(lower, SPLAT_AT(y + k), v);
      }
      store_upto(c + r * taps + t, upper, count);
      if (r + 1 < batch) store_upto(c + (r + 1) * taps + t, lower, count);
    }
  }
}
