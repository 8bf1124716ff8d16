// Shared by all kernels: names for the SIMD intrinsics, and the register tile that every product uses.
//
// Numbers: float32 throughout; a product and its sum are rounded one after the other (no fused
// multiply-add, no reassociation), so that every platform gives the same bits.
//
// Slack: tiles read up to 7 floats past the last channel of a row of weights or gradients and drop
// those lanes. Whoever plans memory leaves SLACK bytes (layout.ts) after each buffer.
#ifndef TRAWL_SIMD_H
#define TRAWL_SIMD_H
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define SPLAT(x) wasm_f32x4_splat(x)
#define SPLAT_AT(p) wasm_v128_load32_splat(p)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)
#define MUL(a, b) wasm_f32x4_mul(a, b)
#define MULADD(sum, a, b) ADD(sum, MUL(a, b))
#define ZERO wasm_f32x4_const_splat(0.0f)
// a < b ? b : a in one instruction; with ZERO as b a NaN in `a` stays.
#define MAX(a, b) wasm_f32x4_pmax(a, b)

INLINE int least(int a, int b) { return a < b ? a : b; }

// Width of the column tile that begins `rest` columns before the end: 8, or 4 for the last few.
INLINE int tile_width(int rest) { return rest > 4 ? 8 : 4; }

// sum[row][0..1] += a_row[k] * b[k][0..7]. A 4 x 8 tile keeps 8 sums, 2 columns, 1 splat and 1
// product: 12 of the 15 vector registers that V8 has on x64. Unrolled loops are slower by a third
// (V8 unrolls by itself, and clang's version needs more address arithmetic).
INLINE void tile_4x8(const float *a0, const float *a1, const float *a2, const float *a3, int a_step,
                     const float *b, int b_step, int depth, v128_t sum[8]) {
  v128_t s00 = sum[0], s01 = sum[1], s10 = sum[2], s11 = sum[3], s20 = sum[4], s21 = sum[5], s30 = sum[6], s31 = sum[7];
#pragma clang loop unroll(disable)
  for (int k = 0; k < depth; k++) {
    v128_t b0 = LOAD(b), b1 = LOAD(b + 4), x;
    x = SPLAT_AT(a0);
    s00 = MULADD(s00, x, b0);
    s01 = MULADD(s01, x, b1);
    x = SPLAT_AT(a1);
    s10 = MULADD(s10, x, b0);
    s11 = MULADD(s11, x, b1);
    x = SPLAT_AT(a2);
    s20 = MULADD(s20, x, b0);
    s21 = MULADD(s21, x, b1);
    x = SPLAT_AT(a3);
    s30 = MULADD(s30, x, b0);
    s31 = MULADD(s31, x, b1);
    a0 += a_step, a1 += a_step, a2 += a_step, a3 += a_step, b += b_step;
  }
  sum[0] = s00, sum[1] = s01, sum[2] = s10, sum[3] = s11, sum[4] = s20, sum[5] = s21, sum[6] = s30, sum[7] = s31;
}

// The same for the last columns: sum[row] += a_row[k] * b[k][0..3].
INLINE void tile_4x4(const float *a0, const float *a1, const float *a2, const float *a3, int a_step,
                     const float *b, int b_step, int depth, v128_t sum[4]) {
  v128_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
#pragma clang loop unroll(disable)
  for (int k = 0; k < depth; k++) {
    v128_t b0 = LOAD(b);
    s0 = MULADD(s0, SPLAT_AT(a0), b0);
    s1 = MULADD(s1, SPLAT_AT(a1), b0);
    s2 = MULADD(s2, SPLAT_AT(a2), b0);
    s3 = MULADD(s3, SPLAT_AT(a3), b0);
    a0 += a_step, a1 += a_step, a2 += a_step, a3 += a_step, b += b_step;
  }
  sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

// The first `count` (1 to 3) of four lanes.
INLINE v128_t load_some(const float *from, int count) {
  float lanes[4] = {0, 0, 0, 0};
  for (int i = 0; i < count; i++) lanes[i] = from[i];
  return LOAD(lanes);
}
INLINE void store_some(float *to, v128_t value, int count) {
  float lanes[4];
  STORE(lanes, value);
  for (int i = 0; i < count; i++) to[i] = lanes[i];
}
// The first `count` of four lanes, where count may be 4 or more.
INLINE v128_t load_upto(const float *from, int count) { return count >= 4 ? LOAD(from) : load_some(from, count); }
INLINE void store_upto(float *to, v128_t value, int count) {
  if (count >= 4) STORE(to, value);
  else store_some(to, value, count);
}

#endif
