// Pooling with any window, stride and padding, one image at a time. The common 2 x 2 pool after a
// ReLU is fused in activate.c.
#include "simd.h"

typedef struct {
  int height, width, channels, out_height, out_width, rows, columns, stride_rows, stride_columns, top, left;
} Window;

typedef struct {
  int from, to;
} Range;

// The part of a window that lies inside the image.
INLINE Range inside(int at, int stride, int before, int window, int size) {
  int from = at * stride - before, to = from + window;
  Range r = {from < 0 ? 0 : from, to > size ? size : to};
  return r;
}

#define WINDOW_PARAMETERS                                                                                             \
  int height, int width, int channels, int out_height, int out_width, int rows, int columns, int stride_rows,         \
      int stride_columns, int top, int left
#define EACH_WINDOW                                                                                                   \
  for (int r = 0; r < out_height; r++)                                                                                \
    for (int q = 0; q < out_width; q++) {                                                                             \
      Range rs = inside(r, stride_rows, top, rows, height), qs = inside(q, stride_columns, left, columns, width);      \
      __typeof__(x) first = x + rs.from * x_row + qs.from * channels;

typedef struct {
  v128_t value, at;
} Best;

// The window's largest values, and at which of its places, counted from 0, each was found first; a NaN
// counts as larger than any number.
INLINE Best first_maximum(const float *first, int x_row, int channels, Range rows, Range columns) {
  Best best = {LOAD(first), ZERO};
  v128_t place = ZERO;
  for (int r = rows.from; r < rows.to; r++, first += x_row)
    for (int q = columns.from; q < columns.to; q++) {
      v128_t v = LOAD(first + (q - columns.from) * channels);
      v128_t is_nan = wasm_f32x4_ne(v, v), has_nan = wasm_f32x4_ne(best.value, best.value);
      v128_t better = wasm_v128_or(wasm_f32x4_gt(v, best.value), wasm_v128_andnot(is_nan, has_nan));
      best.value = wasm_v128_bitselect(v, best.value, better);
      best.at = wasm_v128_bitselect(place, best.at, better);
      place = wasm_i32x4_add(place, wasm_i32x4_const_splat(1));
    }
  return best;
}

EXPORT(max_pool) void max_pool(const float *x, int x_row, float *y, int y_row, WINDOW_PARAMETERS) {
  EACH_WINDOW
    for (int c = 0; c < channels; c += 4)
      store_upto(y + r * y_row + q * channels + c, first_maximum(first + c, x_row, channels, rs, qs).value, channels - c);
  }
}

// dx must be zero; windows may overlap.
EXPORT(max_pool_back) void max_pool_back(const float *x, int x_row, const float *dy, int dy_row, float *dx, int dx_row,
                                         WINDOW_PARAMETERS) {
  EACH_WINDOW
    for (int c = 0; c < channels; c += 4) {
      v128_t at = first_maximum(first + c, x_row, channels, rs, qs).at, g = LOAD(dy + r * dy_row + q * channels + c), place = ZERO;
      for (int i = rs.from; i < rs.to; i++)
        for (int j = qs.from; j < qs.to; j++) {
          float *to = dx + i * dx_row + j * channels + c;
          store_upto(to, ADD(LOAD(to), wasm_v128_and(g, wasm_i32x4_eq(at, place))), channels - c);
          place = wasm_i32x4_add(place, wasm_i32x4_const_splat(1));
        }
    }
  }
}

// The mean of the values inside the image: padding is not counted.
EXPORT(average_pool) void average_pool(const float *x, int x_row, float *y, int y_row, WINDOW_PARAMETERS) {
  EACH_WINDOW
    v128_t count = SPLAT((rs.to - rs.from) * (qs.to - qs.from));
    for (int c = 0; c < channels; c += 4) {
      v128_t sum = ZERO;
      for (int i = 0; i < rs.to - rs.from; i++)
        for (int j = 0; j < qs.to - qs.from; j++) sum = ADD(sum, LOAD(first + i * x_row + j * channels + c));
      store_upto(y + r * y_row + q * channels + c, wasm_f32x4_div(sum, count), channels - c);
    }
  }
}

// dx must be zero.
EXPORT(average_pool_back) void average_pool_back(const float *dy, int dy_row, float *dx, int dx_row, WINDOW_PARAMETERS) {
  float *x = dx;
  int x_row = dx_row;
  EACH_WINDOW
    v128_t count = SPLAT((rs.to - rs.from) * (qs.to - qs.from));
    for (int c = 0; c < channels; c += 4) {
      v128_t g = wasm_f32x4_div(LOAD(dy + r * dy_row + q * channels + c), count);
      for (int i = 0; i < rs.to - rs.from; i++)
        for (int j = 0; j < qs.to - qs.from; j++) {
          float *to = first + i * x_row + j * channels + c;
          store_upto(to, ADD(LOAD(to), g), channels - c);
        }
    }
  }
}
