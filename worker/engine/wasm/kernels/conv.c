// Convolution of one image, NHWC, over an input whose borders are already padded with zeros.
//
// The kW * Ci taps of one kernel row are contiguous in the padded input, so a convolution is a
// matrix product with depth kH x (kW * Ci) whose rows (pixels) are pointers into the input: no
// im2col copy. Rejected: im2col (writes 9 times the input). Many channels under 3 x 3 windows go by
// winograd.c instead.
#include "simd.h"

// Pixels whose addresses are worked out once and used for all column tiles; the rows they touch stay in L1.
#define BLOCK 128

static int input_at[BLOCK + 4], output_at[BLOCK + 4];

INLINE void pixel_tile(const float *x, int x_row, const float *w, const float *bias, float *y, int p,
                       int width, int rest, int depth, int kernel_rows) {
  const float *a0 = x + input_at[p], *a1 = x + input_at[p + 1], *a2 = x + input_at[p + 2], *a3 = x + input_at[p + 3];
  v128_t sum[8];
  v128_t c0 = bias ? LOAD(bias) : ZERO, c1 = bias && width == 8 ? LOAD(bias + 4) : ZERO;
  if (width == 8) {
    sum[0] = sum[2] = sum[4] = sum[6] = c0;
    sum[1] = sum[3] = sum[5] = sum[7] = c1;
    for (int h = 0; h < kernel_rows; h++) {
      tile_4x8(a0, a1, a2, a3, 1, w, 8, depth, sum);
      a0 += x_row, a1 += x_row, a2 += x_row, a3 += x_row, w += depth * 8;
    }
    for (int i = 0; i < 4; i++) {
      float *to = y + output_at[p + i];
      STORE(to, sum[2 * i]);
      store_upto(to + 4, sum[2 * i + 1], rest - 4);
    }
  } else {
    sum[0] = sum[1] = sum[2] = sum[3] = c0;
    for (int h = 0; h < kernel_rows; h++) {
      tile_4x4(a0, a1, a2, a3, 1, w, 4, depth, sum);
      a0 += x_row, a1 += x_row, a2 += x_row, a3 += x_row, w += depth * 4;
    }
    for (int i = 0; i < 4; i++) store_upto(y + output_at[p + i], sum[i], rest);
  }
}

// y [images, height, width, out] = bias + x * w; strides of rows and images in floats; `w` as
// pack_forward or pack_backward left it; bias may be null. Images too small to fill a block go
// together, so that large weights are read once for all of them.
EXPORT(conv) void conv(const float *x, int x_row, int x_image, const float *w, const float *bias, float *y, int y_row,
                       int y_image, int images, int height, int width, int in, int out, int kernel_rows,
                       int kernel_columns, int stride_rows, int stride_columns) {
  int depth = kernel_columns * in, pixels = images * height * width;
  for (int first = 0, image = 0, row = 0, column = 0; first < pixels; first += BLOCK) {
    int count = least(BLOCK, pixels - first);
    for (int p = 0; p < count; p++) {
      input_at[p] = image * x_image + row * stride_rows * x_row + column * stride_columns * in;
      output_at[p] = image * y_image + row * y_row + column * out;
      if (++column == width) column = 0, row++;
      if (row == height) row = 0, image++;
    }
    // A last tile of fewer than 4 pixels computes its last pixel again.
    for (int p = count; p % 4; p++) input_at[p] = input_at[count - 1], output_at[p] = output_at[count - 1];
    const float *tile = w;
    for (int o = 0; o < out;) {
      int rest = out - o, wide = tile_width(rest);
      const float *b = bias ? bias + o : 0;
      if (wide == 8 && depth == 3)
        for (int p = 0; p < count; p += 4) pixel_tile(x, x_row, tile, b, y + o, p, 8, rest, 3, kernel_rows);
      else if (wide == 8)
        for (int p = 0; p < count; p += 4) pixel_tile(x, x_row, tile, b, y + o, p, 8, rest, depth, kernel_rows);
      else
        for (int p = 0; p < count; p += 4) pixel_tile(x, x_row, tile, b, y + o, p, 4, rest, depth, kernel_rows);
      tile += kernel_rows * depth * wide;
      o += wide;
    }
  }
}

// w [kH, kW, in, out] -> for each column tile [kH * kW * in, 8 or 4], zeros beyond `out`.
EXPORT(pack_forward) void pack_forward(const float *w, float *packed, int depth, int out) {
  for (int o = 0; o < out;) {
    int rest = out - o, wide = tile_width(rest);
    for (int k = 0; k < depth; k++)
      for (int i = 0; i < wide; i++) *packed++ = i < rest ? w[k * out + o + i] : 0;
    o += wide;
  }
}

// The kernel of the input's gradient: turned by 180 degrees, `in` and `out` exchanged, packed as above.
EXPORT(pack_backward) void pack_backward(const float *w, float *packed, int taps, int in, int out) {
  for (int c = 0; c < in;) {
    int rest = in - c, wide = tile_width(rest);
    for (int t = taps - 1; t >= 0; t--)
      for (int o = 0; o < out; o++)
        for (int i = 0; i < wide; i++) *packed++ = i < rest ? w[(t * in + c + i) * out + o] : 0;
    c += wide;
  }
}

// Rows of gradient and input that are worked on together: as many as stay in L1 beside the sums; of
// many channels, of which a tile touches a few, as many as stay in L2.
#define L1_FLOATS 5120
#define L2_FLOATS 32768
#define MANY_CHANNELS 32

typedef struct {
  const float *x, *dy;
  int x_row, dy_row, x_image, dy_image, images, rows, width, step, out;
} Span;

// dw[4 taps][tile] += sum over the span's pixels of x[pixel + tap] * dy[pixel]
INLINE void tap_tile(Span s, const int at[4], int adjacent, float *dw, int stride, int taps, int wide) {
  v128_t sum[8];
  int half = wide / 4;
  for (int i = 0; i < 4; i++) {
    float *from = dw + least(i, taps - 1) * stride;
    sum[half * i] = LOAD(from);
    if (wide == 8) sum[2 * i + 1] = LOAD(from + 4);
  }
  for (int image = 0, row = 0; image < s.images; row + 1 < s.rows ? row++ : (row = 0, image++)) {
    const float *a = s.x + image * s.x_image + row * s.x_row + at[0], *b = s.dy + image * s.dy_image + row * s.dy_row;
    const float *a1 = adjacent ? a + 1 : a + (at[1] - at[0]), *a2 = adjacent ? a + 2 : a + (at[2] - at[0]),
                *a3 = adjacent ? a + 3 : a + (at[3] - at[0]);
    if (wide == 8) tile_4x8(a, a1, a2, a3, s.step, b, s.out, s.width, sum);
    else tile_4x4(a, a1, a2, a3, s.step, b, s.out, s.width, sum);
  }
  for (int i = 0; i < 4; i++) {
    if (i >= taps) break;
    float *to = dw + i * stride;
    STORE(to, sum[half * i]);
    if (wide == 8) STORE(to + 4, sum[2 * i + 1]);
  }
}

// dw [kH * kW * in, stride] += the gradient of one image, or of several where all their rows go
// together: each weight's additions are in the same order either way. `stride` is `out` rounded up to
// whole tiles; the lanes beyond `out` hold rubbish. dy [images, height, width, out].
EXPORT(filter_gradient) void filter_gradient(const float *x, int x_row, int x_image, const float *dy, int dy_row,
                                             int dy_image, float *dw, int stride, int images, int height, int width,
                                             int in, int out, int kernel_rows, int kernel_columns, int stride_rows,
                                             int stride_columns) {
  int depth = kernel_columns * in, taps = kernel_rows * depth;
  int together = (in < MANY_CHANNELS ? L1_FLOATS : L2_FLOATS) / (x_row * stride_rows + dy_row);
  if (images > 1) together = height;
  if (together < 1) together = 1;
  for (int row = 0; row < height; row += together) {
    Span span = {x + row * stride_rows * x_row, dy + row * dy_row, x_row * stride_rows, dy_row, x_image, dy_image, images,
                 least(together, height - row), width, stride_columns * in, out};
    for (int t = 0; t < taps; t += 4) {
      int count = least(4, taps - t), at[4];
      for (int i = 0; i < 4; i++) {
        int tap = t + least(i, count - 1);
        at[i] = tap / depth * x_row + tap % depth;
      }
      int adjacent = at[3] - at[0] == 3;
      for (int o = 0; o < out;) {
        int wide = tile_width(out - o);
        Span s = span;
        s.dy += o;
        float *to = dw + t * stride + o;
        if (wide == 8 && adjacent) tap_tile(s, at, 1, to, stride, count, 8);
        else if (wide == 8) tap_tile(s, at, 0, to, stride, count, 8);
        else tap_tile(s, at, 0, to, stride, count, 4);
        o += wide;
      }
    }
  }
}

// to [rows, out] = from [rows, stride] without the rubbish lanes.
EXPORT(unpad_rows) void unpad_rows(const float *from, int stride, float *to, int rows, int out) {
  for (int r = 0; r < rows; r++)
    for (int o = 0; o < out; o++) to[r * out + o] = from[r * stride + o];
}

// Copies an image of `channels` floats per pixel to where its pixels lie `step` pixels apart in rows
// of to_row floats: into padded borders (step 1), or spread by the strides of a convolution (to_row
// then spans that many rows), whose input gradient becomes that of stride 1.
EXPORT(spread) void spread(const float *from, int from_row, float *to, int to_row, int height, int width,
                           int channels, int step) {
  for (int r = 0; r < height; r++) {
    const float *a = from + r * from_row;
    float *b = to + r * to_row;
    for (int c = 0; c < width; c++, a += channels, b += step * channels)
      for (int i = 0; i < channels; i++) b[i] = a[i];
  }
}

// sums [channels] += over all pixels of the image: the gradient of a bias. A row at a time in
// float32, rows in float64.
EXPORT(channel_sums) void channel_sums(const float *x, int x_row, int height, int width, int channels, double *sums) {
  for (int r = 0; r < height; r++)
    for (int c = 0; c < channels; c += 4) {
      v128_t sum = ZERO;
      const float *p = x + r * x_row + c;
      for (int i = 0; i < width; i++, p += channels) sum = ADD(sum, LOAD(p));
      float lanes[4];
      STORE(lanes, sum);
      for (int i = 0; i < least(4, channels - c); i++) sums[c + i] += lanes[i];
    }
}
