// 3 x 3 convolution of stride 1 by tiles of 2 x 2 outputs (Lavin and Gray 2016, F(2x2, 3x3)): 16
// products where the definition takes 36, for images of many channels, whose transforms cost little
// beside them. With B, G and A of section 4.1:
//   y  = transposed A ((G w transposed G) . (transposed B x B)) A, summed over channels, and
//   dw = transposed G (sum over tiles of (transposed B x B) . (A dy transposed A)) G,
// the same bilinear form with the parts of w and y exchanged. Each of the 16 places is a matrix product.
//
// A last odd row or column of outputs belongs to a tile that hangs over: it reads its last input row
// or column twice, which reaches only what is not written.
#include "simd.h"

// Tiles that are transformed together: both transforms of up to 64 channels stay in L2.
#define TILES 32

typedef struct {
  const float *x;
  int x_row, tile_columns, height, width, in;
} Input;

// v [16, TILES, in] from the tiles `first` to `first + count - 1` of an image.
static void transform_input(Input s, int first, int count, float *v) {
  for (int t = 0; t < count; t++) {
    int row = (first + t) / s.tile_columns * 2, column = (first + t) % s.tile_columns * 2;
    const float *at = s.x + row * s.x_row + column * s.in;
    int last_row = row + 1 < s.height ? 3 : 2, last_column = column + 1 < s.width ? 3 : 2;
    for (int c = 0; c < s.in; c += 4) {
      v128_t rows[4][4];
      for (int j = 0; j < 4; j++) {
        const float *p = at + least(j, last_column) * s.in + c;
        v128_t d0 = LOAD(p), d1 = LOAD(p + s.x_row), d2 = LOAD(p + 2 * s.x_row), d3 = LOAD(p + last_row * s.x_row);
        rows[0][j] = SUB(d0, d2), rows[1][j] = ADD(d1, d2), rows[2][j] = SUB(d2, d1), rows[3][j] = SUB(d1, d3);
      }
      float *to = v + t * s.in + c;
      int place = TILES * s.in;
      for (int i = 0; i < 4; i++, to += 4 * place) {
        STORE(to, SUB(rows[i][0], rows[i][2]));
        STORE(to + place, ADD(rows[i][1], rows[i][2]));
        STORE(to + 2 * place, SUB(rows[i][2], rows[i][1]));
        STORE(to + 3 * place, SUB(rows[i][1], rows[i][3]));
      }
    }
  }
}

// u [16, out / 8, in, 8] from w [3, 3, in, out]; with `back` the kernel of the input's gradient, which
// is turned by 180 degrees and has `in` and `out` exchanged: w is then [3, 3, out, in].
EXPORT(winograd_pack) void winograd_pack(const float *w, float *u, int in, int out, int back) {
  for (int c = 0; c < in; c++)
    for (int o = 0; o < out; o++) {
      float g[3][3], half[4][3];
      for (int t = 0; t < 9; t++) g[t / 3][t % 3] = back ? w[((8 - t) * out + o) * in + c] : w[(t * in + c) * out + o];
      for (int j = 0; j < 3; j++) {
        half[0][j] = g[0][j], half[3][j] = g[2][j];
        half[1][j] = 0.5f * (g[0][j] + g[1][j] + g[2][j]), half[2][j] = 0.5f * (g[0][j] - g[1][j] + g[2][j]);
      }
      float *to = u + (o / 8 * in + c) * 8 + o % 8;
      for (int i = 0; i < 4; i++, to += 4 * in * out) {
        const float *h = half[i];
        to[0] = h[0], to[3 * in * out] = h[2];
        to[in * out] = 0.5f * (h[0] + h[1] + h[2]), to[2 * in * out] = 0.5f * (h[0] - h[1] + h[2]);
      }
    }
}

// m [16, TILES, out] = v * u for `count` tiles, rounded up to four: what lies beyond is not used.
static void multiply(const float *v, const float *u, float *m, int count, int in, int out) {
  for (int place = 0; place < 16; place++, v += TILES * in, m += TILES * out)
    for (int o = 0; o < out; o += 8, u += 8 * in)
      for (int t = 0; t < count; t += 4) {
        const float *a = v + t * in;
        float *to = m + t * out + o;
        v128_t sum[8] = {ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO};
        tile_4x8(a, a + in, a + 2 * in, a + 3 * in, 1, u, 8, in, sum);
        for (int i = 0; i < 4; i++) STORE(to + i * out, sum[2 * i]), STORE(to + i * out + 4, sum[2 * i + 1]);
      }
}

// y [height, width, out] = bias + x * w; x begins at the first window. scratch: 16 * TILES * (in + out)
// floats; in and out multiples of 8; bias may be null.
EXPORT(winograd) void winograd(const float *x, int x_row, const float *u, const float *bias, float *y, int y_row,
                               int height, int width, int in, int out, float *scratch) {
  int tile_columns = (width + 1) / 2, tiles = (height + 1) / 2 * tile_columns, place = TILES * out;
  Input s = {x, x_row, tile_columns, height, width, in};
  float *v = scratch, *m = scratch + 16 * TILES * in;
  for (int first = 0; first < tiles; first += TILES) {
    int count = least(TILES, tiles - first);
    transform_input(s, first, count, v);
    multiply(v, u, m, count, in, out);
    for (int t = 0; t < count; t++) {
      int row = (first + t) / tile_columns * 2, column = (first + t) % tile_columns * 2;
      float *at = y + row * y_row + column * out;
      for (int o = 0; o < out; o += 4) {
        const float *p = m + t * out + o;
        v128_t up[4], low[4], b = bias ? LOAD(bias + o) : ZERO;
        for (int j = 0; j < 4; j++, p += place) {
          v128_t m0 = LOAD(p), m1 = LOAD(p + 4 * place), m2 = LOAD(p + 8 * place), m3 = LOAD(p + 12 * place);
          up[j] = ADD(ADD(m0, m1), m2), low[j] = SUB(SUB(m1, m2), m3);
        }
        STORE(at + o, ADD(b, ADD(ADD(up[0], up[1]), up[2])));
        if (column + 1 < width) STORE(at + out + o, ADD(b, SUB(SUB(up[1], up[2]), up[3])));
        if (row + 1 == height) continue;
        STORE(at + y_row + o, ADD(b, ADD(ADD(low[0], low[1]), low[2])));
        if (column + 1 < width) STORE(at + y_row + out + o, ADD(b, SUB(SUB(low[1], low[2]), low[3])));
      }
    }
  }
}

// e [16, TILES, out] = A dy transposed A; zeros beyond the image.
static void transform_gradient(const float *dy, int dy_row, int first, int count, int tile_columns, int height, int width,
                               int out, float *e) {
  for (int t = 0; t < count; t++) {
    int row = (first + t) / tile_columns * 2, column = (first + t) % tile_columns * 2, place = TILES * out;
    const float *at = dy + row * dy_row + column * out;
    int right = column + 1 < width, below = row + 1 < height;
    for (int o = 0; o < out; o += 4) {
      v128_t d[2][2] = {{LOAD(at + o), ZERO}, {ZERO, ZERO}};
      if (right) d[0][1] = LOAD(at + out + o);
      if (below) d[1][0] = LOAD(at + dy_row + o);
      if (right && below) d[1][1] = LOAD(at + dy_row + out + o);
      v128_t rows[4][2];
      for (int j = 0; j < 2; j++) {
        rows[0][j] = d[0][j], rows[1][j] = ADD(d[0][j], d[1][j]), rows[2][j] = SUB(d[0][j], d[1][j]);
        rows[3][j] = SUB(ZERO, d[1][j]);
      }
      float *to = e + t * out + o;
      for (int i = 0; i < 4; i++, to += 4 * place) {
        STORE(to, rows[i][0]);
        STORE(to + place, ADD(rows[i][0], rows[i][1]));
        STORE(to + 2 * place, SUB(rows[i][0], rows[i][1]));
        STORE(to + 3 * place, SUB(ZERO, rows[i][1]));
      }
    }
  }
}

// s [16, in, out] += of one image what winograd_gradient makes dw of. Scratch as for winograd.
EXPORT(winograd_sums) void winograd_sums(const float *x, int x_row, const float *dy, int dy_row, float *s, int height,
                                         int width, int in, int out, float *scratch) {
  int tile_columns = (width + 1) / 2, tiles = (height + 1) / 2 * tile_columns;
  Input input = {x, x_row, tile_columns, height, width, in};
  float *v = scratch, *e = scratch + 16 * TILES * in;
  for (int first = 0; first < tiles; first += TILES) {
    int count = least(TILES, tiles - first);
    transform_input(input, first, count, v);
    transform_gradient(dy, dy_row, first, count, tile_columns, height, width, out, e);
    for (int place = 0; place < 16; place++)
      for (int c = 0; c < in; c += 4)
        for (int o = 0; o < out; o += 8) {
          const float *a = v + place * TILES * in + c;
          float *to = s + (place * in + c) * out + o;
          v128_t sum[8];
          for (int i = 0; i < 4; i++) sum[2 * i] = LOAD(to + i * out), sum[2 * i + 1] = LOAD(to + i * out + 4);
          tile_4x8(a, a + 1, a + 2, a + 3, in, e + place * TILES * out + o, out, count, sum);
          for (int i = 0; i < 4; i++) STORE(to + i * out, sum[2 * i]), STORE(to + i * out + 4, sum[2 * i + 1]);
        }
  }
}

// dw [3, 3, in, out] = transposed G s G.
EXPORT(winograd_gradient) void winograd_gradient(const float *s, float *dw, int in, int out) {
  int place = in * out;
  v128_t half = SPLAT(0.5f);
  for (int k = 0; k < place; k += 4) {
    v128_t rows[3][4];
    for (int j = 0; j < 4; j++) {
      const float *p = s + j * place + k;
      v128_t s0 = LOAD(p), s1 = LOAD(p + 4 * place), s2 = LOAD(p + 8 * place), s3 = LOAD(p + 12 * place);
      v128_t sum = MUL(half, ADD(s1, s2));
      rows[0][j] = ADD(s0, sum), rows[1][j] = MUL(half, SUB(s1, s2)), rows[2][j] = ADD(sum, s3);
    }
    for (int i = 0; i < 3; i++) {
      v128_t sum = MUL(half, ADD(rows[i][1], rows[i][2]));
      float *to = dw + 3 * i * place + k;
      STORE(to, ADD(rows[i][0], sum));
      STORE(to + place, MUL(half, SUB(rows[i][1], rows[i][2])));
      STORE(to + 2 * place, ADD(sum, rows[i][3]));
    }
  }
}
