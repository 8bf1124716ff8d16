// Depthwise convolution of one image, NHWC: each channel with a kernel of its own, over an input whose
// borders are already padded with zeros.
//
// There is one product for each value that is read, so the time is in reading and writing: channels go
// innermost, so that images and weights are read in the order in which they lie, and four pixels of a row
// go together, so that each weight (and each sum of the weights' gradient) is read once for four products.
// Rejected: pixels innermost with the weights in registers. It reads 16 bytes of each pixel at a time,
// whose distance is often a power of two: they push each other out of the cache.
#include "simd.h"

#define TILE 4

// Floats from the first pixel of a tile to each of the others; those beyond `count` are the first again.
typedef struct {
  int at[TILE];
} Pixels;

INLINE Pixels pixels_of(int count, int step) {
  Pixels p;
  for (int i = 0; i < TILE; i++) p.at[i] = i < count ? i * step : 0;
  return p;
}

INLINE void window_tile(const float *x, int x_row, const float *w, const float *bias, float *y, int channels, int rows,
                        int columns, Pixels from, Pixels to) {
  const float *x1 = x + from.at[1], *x2 = x + from.at[2], *x3 = x + from.at[3];
  for (int c = 0; c < channels; c += 4) {
    v128_t s0 = bias ? LOAD(bias + c) : ZERO, s1 = s0, s2 = s0, s3 = s0;
    const float *weight = w + c;
    for (int i = 0, at = c; i < rows; i++, at += x_row - columns * channels)
#pragma clang loop unroll(disable)
      for (int j = 0; j < columns; j++, at += channels, weight += channels) {
        v128_t v = LOAD(weight);
        s0 = MULADD(s0, LOAD(x + at), v);
        s1 = MULADD(s1, LOAD(x1 + at), v);
        s2 = MULADD(s2, LOAD(x2 + at), v);
        s3 = MULADD(s3, LOAD(x3 + at), v);
      }
    int rest = channels - c;
    // Of a pixel that stands in for one beyond the tile the same is written again.
    store_upto(y + c, s0, rest);
    store_upto(y + to.at[1] + c, s1, rest);
    store_upto(y + to.at[2] + c, s2, rest);
    store_upto(y + to.at[3] + c, s3, rest);
  }
}

// y [height, width, channels] = bias + x * w, w [rows, columns, channels]; x begins at the first window;
// bias may be null.
EXPORT(depthwise) void depthwise(const float *x, int x_row, const float *w, const float *bias, float *y, int y_row,
                                 int height, int width, int channels, int rows, int columns, int stride) {
  for (int r = 0; r < height; r++)
    for (int q = 0; q < width; q += TILE) {
      int count = least(TILE, width - q);
      const float *from = x + r * stride * x_row + q * stride * channels;
      float *to = y + r * y_row + q * channels;
      Pixels in = pixels_of(count, stride * channels), out = pixels_of(count, channels);
      if (rows == 3 && columns == 3) window_tile(from, x_row, w, bias, to, channels, 3, 3, in, out);
      else window_tile(from, x_row, w, bias, to, channels, rows, columns, in, out);
    }
}

// dw [rows, columns, channels] += the sum over all pixels of x[pixel + tap] * dy[pixel], a tile's products
// added to each other before.
EXPORT(depthwise_gradient) void depthwise_gradient(const float *x, int x_row, const float *dy, int dy_row, float *dw,
                                                   int height, int width, int channels, int rows, int columns, int stride) {
  for (int r = 0; r < height; r++)
    for (int q = 0; q < width; q += TILE) {
      int count = least(TILE, width - q);
      const float *x0 = x + r * stride * x_row + q * stride * channels, *g = dy + r * dy_row + q * channels;
      Pixels in = pixels_of(count, stride * channels), out = pixels_of(count, channels);
      const float *x1 = x0 + in.at[1], *x2 = x0 + in.at[2], *x3 = x0 + in.at[3];
      for (int c = 0; c < channels; c += 4) {
        v128_t g0 = LOAD(g + c), g1 = count > 1 ? LOAD(g + out.at[1] + c) : ZERO, g2 = count > 2 ? LOAD(g + out.at[2] + c) : ZERO,
               g3 = count > 3 ? LOAD(g + out.at[3] + c) : ZERO;
        float *sum = dw + c;
        int rest = channels - c;
        for (int i = 0, at = c; i < rows; i++, at += x_row - columns * channels)
#pragma clang loop unroll(disable)
          for (int j = 0; j < columns; j++, at += channels, sum += channels) {
            v128_t products = ADD(ADD(MUL(LOAD(x0 + at), g0), MUL(LOAD(x1 + at), g1)), ADD(MUL(LOAD(x2 + at), g2), MUL(LOAD(x3 + at), g3)));
            store_upto(sum, ADD(LOAD(sum), products), rest);
          }
      }
    }
}

// dx [height, width, channels] of the input, borders left out: each pixel's sum over the windows that it
// lies in. dy [out_height, out_width, channels] without borders. For strides above 1: a convolution of the
// spread gradient would multiply zeros, three of four with stride 2.
EXPORT(depthwise_back) void depthwise_back(const float *dy, int dy_row, const float *w, float *dx, int dx_row, int height,
                                           int width, int channels, int out_height, int out_width, int rows,
                                           int columns, int stride, int top, int left) {
  for (int r = 0; r < height; r++)
    for (int q = 0; q < width; q++) {
      float *to = dx + r * dx_row + q * channels;
      for (int c = 0; c < channels; c++) to[c] = 0;
      for (int i = (r + top) % stride; i < rows && i <= r + top; i += stride) {
        int above = (r + top - i) / stride;
        if (above >= out_height) continue;
        for (int j = (q + left) % stride; j < columns && j <= q + left; j += stride) {
          int before = (q + left - j) / stride;
          if (before >= out_width) continue;
          const float *g = dy + above * dy_row + before * channels, *weight = w + (i * columns + j) * channels;
          for (int c = 0; c < channels; c += 4) store_upto(to + c, MULADD(LOAD(to + c), LOAD(g + c), LOAD(weight + c)), channels - c);
        }
      }
    }
}
