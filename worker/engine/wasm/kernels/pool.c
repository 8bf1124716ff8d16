// Pooling with any window, stride and padding, one image at a time. The common 2 x 2 pool after a
// ReLU is fused in activate.c; here correctness comes before speed.
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

// Index in x of the window's first maximum; a NaN counts as larger than any number.
INLINE int first_maximum(const float *x, int x_row, int channels, Range rows, Range columns, int c) {
  int best = rows.from * x_row + columns.from * channels + c;
  for (int r = rows.from; r < rows.to; r++)
    for (int q = columns.from; q < columns.to; q++) {
      int at = r * x_row + q * channels + c;
      if (x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) best = at;
    }
  return best;
}

#define WINDOW_PARAMETERS                                                                                             \
  int height, int width, int channels, int out_height, int out_width, int rows, int columns, int stride_rows,         \
      int stride_columns, int top, int left
#define EACH_WINDOW                                                                                                   \
  for (int r = 0; r < out_height; r++)                                                                                \
    for (int q = 0; q < out_width; q++) {                                                                             \
      Range rs = inside(r, stride_rows, top, rows, height), qs = inside(q, stride_columns, left, columns, width);

EXPORT(max_pool) void max_pool(const float *x, int x_row, float *y, int y_row, WINDOW_PARAMETERS) {
  EACH_WINDOW
    for (int c = 0; c < channels; c++) y[r * y_row + q * channels + c] = x[first_maximum(x, x_row, channels, rs, qs, c)];
  }
}

// dx must be zero; windows may overlap.
EXPORT(max_pool_back) void max_pool_back(const float *x, int x_row, const float *dy, int dy_row, float *dx, int dx_row,
                                         WINDOW_PARAMETERS) {
  EACH_WINDOW
    for (int c = 0; c < channels; c++) {
      int at = first_maximum(x, x_row, channels, rs, qs, c), in_row = at % x_row;
      dx[at / x_row * dx_row + in_row] += dy[r * dy_row + q * channels + c];
    }
  }
}

// The mean of the values inside the image: padding is not counted.
EXPORT(average_pool) void average_pool(const float *x, int x_row, float *y, int y_row, WINDOW_PARAMETERS) {
  EACH_WINDOW
    float count = (rs.to - rs.from) * (qs.to - qs.from);
    for (int c = 0; c < channels; c++) {
      float sum = 0;
      for (int i = rs.from; i < rs.to; i++)
        for (int j = qs.from; j < qs.to; j++) sum += x[i * x_row + j * channels + c];
      y[r * y_row + q * channels + c] = sum / count;
    }
  }
}

// dx must be zero.
EXPORT(average_pool_back) void average_pool_back(const float *dy, int dy_row, float *dx, int dx_row, WINDOW_PARAMETERS) {
  EACH_WINDOW
    float count = (rs.to - rs.from) * (qs.to - qs.from);
    for (int c = 0; c < channels; c++) {
      float g = dy[r * dy_row + q * channels + c] / count;
      for (int i = rs.from; i < rs.to; i++)
        for (int j = qs.from; j < qs.to; j++) dx[i * dx_row + j * channels + c] += g;
    }
  }
}
