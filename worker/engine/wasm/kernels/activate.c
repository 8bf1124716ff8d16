// Batch normalisation, ReLU (with a cap or without), dropout and 2 x 2 max-pooling as one pass over memory.
//
// Unfused, these four read and write the largest activations of a network eight times per step;
// fused, the forward pass reads them once and writes a quarter. ReLU comes before dropout and pool,
// so the pooled value is positive exactly where gradient flows, and one byte per pooled value (which
// of the four won, or NONE) is all that the backward pass needs: no mask, no stored output.
//
// Images have rows of `*_row` floats, so a pass writes straight into the padded input of the next
// convolution. `affine` is three vectors of `stride` floats each: mean, scale, shift;
// y = (x - mean) * scale + shift, mean taken off first so that a large mean costs no precision.
#include "hash.h"

#define NONE 4

// What kind of ReLU there is.
enum { NO_RELU, PLAIN, CAPPED };

// `ceiling` is 0 where there is no ReLU, else its cap, infinity for none.
INLINE int relu_kind(float ceiling) { return ceiling == 0 ? NO_RELU : ceiling == __builtin_inff() ? PLAIN : CAPPED; }

typedef struct {
  int height, width, channels;
} Size;

// One group of up to four channels of the vectors mean, scale, shift.
typedef struct {
  v128_t mean, scale, shift;
} Affine;

INLINE Affine affine_at(const float *affine, int stride, int c) {
  Affine a = {LOAD(affine + c), LOAD(affine + stride + c), LOAD(affine + 2 * stride + c)};
  return a;
}

INLINE v128_t activated(v128_t v, Affine a, int has_affine, int relu, v128_t cap, int drop, unsigned index, Dropout d) {
  if (has_affine) v = MULADD(a.shift, SUB(v, a.mean), a.scale);
  if (relu) v = MAX(v, ZERO);
  if (relu == CAPPED) v = wasm_f32x4_pmin(v, cap);
  if (drop) v = wasm_v128_and(MUL(v, SPLAT(d.scale)), kept(index, d));
  return v;
}

INLINE void activate_image(const float *x, int x_row, float *y, int y_row, Size s, const float *affine, int stride,
                           int has_affine, int relu, v128_t cap, int drop, unsigned first, Dropout d) {
  for (int r = 0; r < s.height; r++)
    for (int c = 0; c < s.channels; c += 4) {
      const float *from = x + r * x_row + c;
      float *to = y + r * y_row + c;
      unsigned index = first + r * s.width * s.channels + c;
      Affine a = {ZERO, ZERO, ZERO};
      if (has_affine) a = affine_at(affine, stride, c);
      int rest = s.channels - c;
      if (rest >= 4)
        for (int i = 0; i < s.width; i++, from += s.channels, to += s.channels, index += s.channels)
          STORE(to, activated(LOAD(from), a, has_affine, relu, cap, drop, index, d));
      else
        for (int i = 0; i < s.width; i++, from += s.channels, to += s.channels, index += s.channels)
          store_some(to, activated(load_some(from, rest), a, has_affine, relu, cap, drop, index, d), rest);
    }
}

// y = dropout(relu(affine(x))) of one image; affine may be null, x and y the same where the rows are.
// `first` numbers the image's first element among the batch's, for the dropout mask. A capped ReLU goes
// without dropout: what is stored could not tell which values the cap has cut.
EXPORT(activate) void activate(const float *x, int x_row, float *y, int y_row, int height, int width, int channels,
                               const float *affine, int stride, float ceiling, unsigned first, unsigned threshold,
                               unsigned seed, unsigned seed2, float scale) {
  Size s = {height, width, channels};
  Dropout d = {threshold, seed, seed2, scale};
  int relu = relu_kind(ceiling);
  v128_t cap = SPLAT(ceiling);
  if (!affine) s.channels *= s.width, s.width = 1;
  if (affine && relu == CAPPED) activate_image(x, x_row, y, y_row, s, affine, stride, 1, CAPPED, cap, 0, first, d);
  else if (affine && relu && threshold) activate_image(x, x_row, y, y_row, s, affine, stride, 1, PLAIN, cap, 1, first, d);
  else if (affine && relu) activate_image(x, x_row, y, y_row, s, affine, stride, 1, PLAIN, cap, 0, first, d);
  else if (affine && threshold) activate_image(x, x_row, y, y_row, s, affine, stride, 1, NO_RELU, cap, 1, first, d);
  else if (affine) activate_image(x, x_row, y, y_row, s, affine, stride, 1, NO_RELU, cap, 0, first, d);
  else if (relu == CAPPED) activate_image(x, x_row, y, y_row, s, 0, 0, 0, CAPPED, cap, 0, first, d);
  else if (relu && threshold) activate_image(x, x_row, y, y_row, s, 0, 0, 0, PLAIN, cap, 1, first, d);
  else if (relu) activate_image(x, x_row, y, y_row, s, 0, 0, 0, PLAIN, cap, 0, first, d);
  else activate_image(x, x_row, y, y_row, s, 0, 0, 0, NO_RELU, cap, threshold != 0, first, d);
}

// The gradient that reaches the affine's output: through dropout, then ReLU. Where ReLU is present
// y > 0 tells both; else the mask is drawn again.
INLINE v128_t before_activation(v128_t g, v128_t y, int relu, v128_t cap, int drop, unsigned index, Dropout d) {
  if (relu == CAPPED) return wasm_v128_and(g, wasm_v128_and(wasm_f32x4_gt(y, ZERO), wasm_f32x4_lt(y, cap)));
  if (drop) g = MUL(g, SPLAT(d.scale));
  if (relu) return wasm_v128_and(g, wasm_f32x4_gt(y, ZERO));
  return drop ? wasm_v128_and(g, kept(index, d)) : g;
}

// dx = scale * g + slope * (x - mean) + shift, with the vectors mean, scale, slope, shift.
typedef struct {
  v128_t mean, scale, slope, shift;
} Back;

INLINE Back back_at(const float *back, int stride, int c) {
  Back b = {LOAD(back + c), LOAD(back + stride + c), LOAD(back + 2 * stride + c), LOAD(back + 3 * stride + c)};
  return b;
}
INLINE v128_t back_through(v128_t g, v128_t x, Back b) {
  return ADD(MULADD(b.shift, g, b.scale), MUL(SUB(x, b.mean), b.slope));
}

// Sums of one row's group of channels: in float32 along the row, in float64 over rows.
INLINE void add_sums(double *sums, int channels, int c, v128_t s1, v128_t s2) {
  float a[4], b[4];
  STORE(a, s1);
  STORE(b, s2);
  for (int i = 0; i < least(4, channels - c); i++) sums[c + i] += a[i], sums[channels + c + i] += b[i];
}

// sums [2, channels] += (sum of g, sum of g * (x - mean)) of one image, g before the activation.
EXPORT(activate_sums) void activate_sums(const float *x, int x_row, const float *y, int y_row, const float *dy,
                                         int dy_row, int height, int width, int channels, const float *mean, float ceiling,
                                         unsigned first, unsigned threshold, unsigned seed, unsigned seed2,
                                         float scale, double *sums) {
  Dropout d = {threshold, seed, seed2, scale};
  int relu = relu_kind(ceiling);
  v128_t cap = SPLAT(ceiling);
  for (int r = 0; r < height; r++)
    for (int c = 0; c < channels; c += 4) {
      unsigned index = first + r * width * channels + c;
      v128_t s1 = ZERO, s2 = ZERO, m = LOAD(mean + c);
      for (int i = 0, at = c; i < width; i++, at += channels, index += channels) {
        v128_t g = before_activation(LOAD(dy + r * dy_row + at), LOAD(y + r * y_row + at), relu, cap, threshold != 0, index, d);
        s1 = ADD(s1, g), s2 = MULADD(s2, g, SUB(LOAD(x + r * x_row + at), m));
      }
      add_sums(sums, channels, c, s1, s2);
    }
}

// dx of one image; `back` null where there is no affine (then x is not read). dx may be dy.
EXPORT(activate_back) void activate_back(const float *x, int x_row, const float *y, int y_row, const float *dy,
                                         int dy_row, float *dx, int dx_row, int height, int width, int channels,
                                         const float *back, int stride, float ceiling, unsigned first, unsigned threshold,
                                         unsigned seed, unsigned seed2, float scale) {
  Dropout d = {threshold, seed, seed2, scale};
  int relu = relu_kind(ceiling);
  v128_t cap = SPLAT(ceiling);
  if (!back) channels *= width, width = 1;
  for (int r = 0; r < height; r++)
    for (int c = 0; c < channels; c += 4) {
      unsigned index = first + r * width * channels + c;
      Back b = {ZERO, ZERO, ZERO, ZERO};
      if (back) b = back_at(back, stride, c);
      for (int i = 0, at = c; i < width; i++, at += channels, index += channels) {
        v128_t g = before_activation(LOAD(dy + r * dy_row + at), LOAD(y + r * y_row + at), relu, cap, threshold != 0, index, d);
        if (back) g = back_through(g, LOAD(x + r * x_row + at), b);
        store_upto(dx + r * dx_row + at, g, channels - c);
      }
    }
}

INLINE void pool_image(const float *x, int x_row, float *y, int y_row, unsigned char *winner, Size s,
                       const float *affine, int stride, int has_affine, int drop, unsigned first, Dropout d) {
  int out_width = s.width / 2, C = s.channels;
  for (int r = 0; r < s.height / 2; r++)
    for (int c = 0; c < C; c += 4) {
      const float *up = x + 2 * r * x_row + c, *low = up + x_row;
      float *to = y + r * y_row + c;
      unsigned char *won = winner + r * out_width * C + c;
      unsigned index = first + 2 * r * s.width * C + c, below = s.width * C;
      Affine a = {ZERO, ZERO, ZERO};
      if (has_affine) a = affine_at(affine, stride, c);
      for (int i = 0; i < out_width; i++, up += 2 * C, low += 2 * C, to += C, won += C, index += 2 * C) {
        v128_t v0 = activated(LOAD(up), a, has_affine, PLAIN, ZERO, drop, index, d);
        v128_t v1 = activated(LOAD(up + C), a, has_affine, PLAIN, ZERO, drop, index + C, d);
        v128_t v2 = activated(LOAD(low), a, has_affine, PLAIN, ZERO, drop, index + below, d);
        v128_t v3 = activated(LOAD(low + C), a, has_affine, PLAIN, ZERO, drop, index + below + C, d);
        v128_t most = MAX(MAX(v0, v1), MAX(v2, v3));
        // The first maximum wins a tie: later choices are made first and overwritten.
        v128_t code = wasm_i32x4_const_splat(3);
        code = wasm_v128_bitselect(wasm_i32x4_const_splat(2), code, wasm_f32x4_eq(v2, most));
        code = wasm_v128_bitselect(wasm_i32x4_const_splat(1), code, wasm_f32x4_eq(v1, most));
        code = wasm_v128_andnot(code, wasm_f32x4_eq(v0, most));
        code = wasm_v128_bitselect(code, wasm_i32x4_const_splat(NONE), wasm_f32x4_gt(most, ZERO));
        code = wasm_u8x16_narrow_i16x8(wasm_u16x8_narrow_i32x4(code, code), code);
        if (C - c >= 4) {
          STORE(to, most);
          wasm_v128_store32_lane(won, code, 0);
        } else {
          unsigned char codes[4];
          wasm_v128_store32_lane(codes, code, 0);
          store_some(to, most, C - c);
          for (int j = 0; j < C - c; j++) won[j] = codes[j];
        }
      }
    }
}

// y = max-pool 2 x 2, stride 2 (a last odd row or column is left out), of dropout(relu(affine(x)));
// winner [height / 2, width / 2, channels].
EXPORT(activate_pool) void activate_pool(const float *x, int x_row, float *y, int y_row, unsigned char *winner,
                                         int height, int width, int channels, const float *affine, int stride,
                                         unsigned first, unsigned threshold, unsigned seed, unsigned seed2,
                                         float scale) {
  Size s = {height, width, channels};
  Dropout d = {threshold, seed, seed2, scale};
  if (affine && threshold) pool_image(x, x_row, y, y_row, winner, s, affine, stride, 1, 1, first, d);
  else if (affine) pool_image(x, x_row, y, y_row, winner, s, affine, stride, 1, 0, first, d);
  else pool_image(x, x_row, y, y_row, winner, s, 0, 0, 0, threshold != 0, first, d);
}

INLINE v128_t codes_at(const unsigned char *winner) {
  return wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(winner)));
}
#define WON(code, which) wasm_i32x4_eq(code, wasm_i32x4_const_splat(which))

// As activate_sums, through the pool: dy [height / 2, width / 2, channels]; `scale` of dropout, else 1.
EXPORT(pool_sums) void pool_sums(const float *x, int x_row, const unsigned char *winner, const float *dy, int dy_row,
                                 int height, int width, int channels, const float *mean, float scale, double *sums) {
  int out_width = width / 2, C = channels;
  for (int r = 0; r < height / 2; r++)
    for (int c = 0; c < C; c += 4) {
      const float *up = x + 2 * r * x_row + c, *low = up + x_row, *from = dy + r * dy_row + c;
      const unsigned char *won = winner + r * out_width * C + c;
      v128_t s1 = ZERO, s2 = ZERO, m = LOAD(mean + c), factor = SPLAT(scale);
      for (int i = 0; i < out_width; i++, up += 2 * C, low += 2 * C, from += C, won += C) {
        v128_t code = codes_at(won);
        v128_t g = wasm_v128_andnot(MUL(LOAD(from), factor), WON(code, NONE));
        v128_t v = wasm_v128_bitselect(LOAD(up), LOAD(low + C), WON(code, 0));
        v = wasm_v128_bitselect(LOAD(up + C), v, WON(code, 1));
        v = wasm_v128_bitselect(LOAD(low), v, WON(code, 2));
        s1 = ADD(s1, g), s2 = MULADD(s2, g, SUB(v, m));
      }
      add_sums(sums, C, c, s1, s2);
    }
}

INLINE void back_one(float *to, v128_t g, const float *x, Back b, int has_back, int count) {
  store_upto(to, has_back ? back_through(g, LOAD(x), b) : g, count);
}

INLINE void pool_back_image(const float *x, int x_row, const unsigned char *winner, const float *dy, int dy_row,
                            float *dx, int dx_row, Size s, const float *back, int stride, int has_back, float scale) {
  int out_width = s.width / 2, C = s.channels;
  for (int r = 0; r < s.height; r++)
    for (int c = 0; c < C; c += 4) {
      const float *v = x + r * x_row + c, *from = dy + r / 2 * dy_row + c;
      const unsigned char *won = winner + r / 2 * out_width * C + c;
      float *to = dx + r * dx_row + c;
      int pairs = r / 2 < s.height / 2 ? out_width : 0, rest = C - c;
      v128_t factor = SPLAT(scale), left = wasm_i32x4_splat(r % 2 * 2), right = wasm_i32x4_splat(r % 2 * 2 + 1);
      Back b = {ZERO, ZERO, ZERO, ZERO};
      if (has_back) b = back_at(back, stride, c);
      for (int i = 0; i < pairs; i++, v += 2 * C, to += 2 * C, from += C, won += C) {
        v128_t code = codes_at(won), g = MUL(LOAD(from), factor);
        back_one(to, wasm_v128_and(g, wasm_i32x4_eq(code, left)), v, b, has_back, rest);
        back_one(to + C, wasm_v128_and(g, wasm_i32x4_eq(code, right)), v + C, b, has_back, rest);
      }
      for (int i = 2 * pairs; i < s.width; i++, v += C, to += C) back_one(to, ZERO, v, b, has_back, rest);
    }
}

// As activate_back, through the pool.
EXPORT(pool_back) void pool_back(const float *x, int x_row, const unsigned char *winner, const float *dy, int dy_row,
                                 float *dx, int dx_row, int height, int width, int channels, const float *back,
                                 int stride, float scale) {
  Size s = {height, width, channels};
  if (back) pool_back_image(x, x_row, winner, dy, dy_row, dx, dx_row, s, back, stride, 1, scale);
  else pool_back_image(x, x_row, winner, dy, dy_row, dx, dx_row, s, 0, 0, 0, scale);
}
