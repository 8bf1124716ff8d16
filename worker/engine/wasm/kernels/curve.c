// Smooth activations: elu, tanh and sigmoid. They are not fused with their neighbours, as ReLU is: their
// time is in the exponential, not in the passes over memory. The backward pass works the curve
// out again from its input, which nobody overwrites, so that nothing else is stored.
#include "simd.h"

enum { ELU, TANH, SIGMOID };

// e^x for x <= 0 to 2 units in the last place of float32: halves of ln 2 taken off, then the Taylor
// series to the 6th power on [-0.35, 0.35], whose remainder is below 2e-7.
INLINE v128_t exponential(v128_t x) {
  x = wasm_f32x4_pmax(SPLAT(-87.0f), x); // below, the result is 0 up to rounding; a NaN stays
  v128_t power = wasm_f32x4_nearest(MUL(x, SPLAT(1.44269504f)));
  v128_t r = SUB(SUB(x, MUL(power, SPLAT(0.693359375f))), MUL(power, SPLAT(-2.12194440e-4f)));
  v128_t sum = SPLAT(1.0f / 720);
  sum = MULADD(SPLAT(1.0f / 120), sum, r);
  sum = MULADD(SPLAT(1.0f / 24), sum, r);
  sum = MULADD(SPLAT(1.0f / 6), sum, r);
  sum = MULADD(SPLAT(0.5f), sum, r);
  sum = MULADD(SPLAT(1.0f), sum, r);
  sum = MULADD(SPLAT(1.0f), sum, r);
  v128_t bits = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(power), wasm_i32x4_const_splat(127)), 23);
  return MUL(sum, bits);
}

// 1 / (1 + e^-|x|) mirrored for x < 0.
INLINE v128_t sigmoid(v128_t x) {
  v128_t small = exponential(wasm_f32x4_neg(wasm_f32x4_abs(x)));
  v128_t high = wasm_f32x4_div(SPLAT(1.0f), ADD(SPLAT(1.0f), small));
  return wasm_v128_bitselect(MUL(small, high), high, wasm_f32x4_lt(x, ZERO));
}

// (1 - t) / (1 + t) with t = e^-2|x|; near 0, where that cancels, the series to the 7th power.
INLINE v128_t hyperbolic_tangent(v128_t x) {
  v128_t size = wasm_f32x4_abs(x), square = MUL(x, x), t = exponential(MUL(SPLAT(-2.0f), size));
  v128_t far = wasm_f32x4_div(SUB(SPLAT(1.0f), t), ADD(SPLAT(1.0f), t));
  far = wasm_v128_bitselect(wasm_f32x4_neg(far), far, wasm_f32x4_lt(x, ZERO));
  v128_t series = MULADD(SPLAT(2.0f / 15), square, SPLAT(-17.0f / 315));
  series = MULADD(SPLAT(-1.0f / 3), square, series);
  series = MULADD(x, MUL(x, square), series);
  return wasm_v128_bitselect(series, far, wasm_f32x4_lt(size, SPLAT(0.2f)));
}

INLINE v128_t curved(v128_t x, int kind) {
  if (kind == TANH) return hyperbolic_tangent(x);
  if (kind == SIGMOID) return sigmoid(x);
  v128_t below = SUB(exponential(wasm_f32x4_pmin(ZERO, x)), SPLAT(1.0f));
  return wasm_v128_bitselect(x, below, wasm_f32x4_gt(x, ZERO));
}

INLINE v128_t slope(v128_t x, int kind) {
  if (kind == ELU) return wasm_v128_bitselect(SPLAT(1.0f), exponential(wasm_f32x4_pmin(ZERO, x)), wasm_f32x4_gt(x, ZERO));
  v128_t y = curved(x, kind);
  return kind == TANH ? SUB(SPLAT(1.0f), MUL(y, y)) : MUL(y, SUB(SPLAT(1.0f), y));
}

// y = curve(x) of one image, `length` floats per row.
EXPORT(curve) void curve(const float *x, int x_row, float *y, int y_row, int height, int length, int kind) {
  for (int r = 0; r < height; r++)
    for (int i = 0; i < length; i += 4) store_upto(y + r * y_row + i, curved(LOAD(x + r * x_row + i), kind), length - i);
}

// dx = dy * slope(x) of one image; dx may be dy.
EXPORT(curve_back) void curve_back(const float *x, int x_row, const float *dy, int dy_row, float *dx, int dx_row,
                                   int height, int length, int kind) {
  for (int r = 0; r < height; r++)
    for (int i = 0; i < length; i += 4)
      store_upto(dx + r * dx_row + i, MUL(LOAD(dy + r * dy_row + i), slope(LOAD(x + r * x_row + i), kind)), length - i);
}
