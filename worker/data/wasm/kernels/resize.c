/*
 * Resampling of 8-bit planes with the arithmetic of Pillow (src/libImaging/Resample.c): weights of 22
 * fractional bits, rounded and clipped to 8 bits after each axis, first across, then down. An image that
 * both have decoded alike is bit for bit the same after it (test/golden/resize.py).
 *
 * Products are taken 8 at a time in 16 bits: a weight w stands as high = w >> 11 and low = w & 2047, and
 * (sum(high * pixel) << 11) + sum(low * pixel) is the sum of w * pixel, exactly and in 32 bits.
 */
#include <stdint.h>
#include <wasm_simd128.h>

#define PRECISION 22
#define LOW_BITS 11
#define EXPORT(name) __attribute__((export_name(#name)))

/* Luma of ITU-R BT.601 of `count` pixels R, G, B in 16 fractional bits; R = G = B stays what it is. */
EXPORT(luma)
void luma(const uint8_t *rgb, uint8_t *gray, int count) {
  for (int at = 0; at < count; at++, rgb += 3) gray[at] = (uint8_t)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

/* `count` pixels R, G, B to three planes that lie `plane` bytes apart. */
EXPORT(split)
void split(const uint8_t *rgb, uint8_t *planes, int plane, int count) {
  for (int at = 0; at < count; at++, rgb += 3) {
    planes[at] = rgb[0];
    planes[at + plane] = rgb[1];
    planes[at + 2 * plane] = rgb[2];
  }
}

/* One plane, or three that lie `plane` bytes apart (0: the same one), as pixels side by side; rows of each lie row and to_row bytes apart. */
EXPORT(place)
void place(const uint8_t *planes, int plane, int row, int height, int width, uint8_t *to, int to_row, int channels) {
  for (int y = 0; y < height; y++, planes += row, to += to_row) {
    if (channels == 1) __builtin_memcpy(to, planes, (unsigned)width);
    else for (int x = 0; x < width; x++) {
      to[3 * x] = planes[x];
      to[3 * x + 1] = planes[x + plane];
      to[3 * x + 2] = planes[x + 2 * plane];
    }
  }
}

static inline v128_t add_pairs(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

/*
 * Resamples `rows` rows, `row` bytes apart, and turns them: pixel x of row y comes to to + x * to_row + y,
 * so that the other axis is resampled, and turned back, in the same way. Four rows at a time share their
 * weights; rows are a multiple of 4. Output x is made of pixels from first[x] on; its weights, `taps` of
 * them (a multiple of 8, the last ones perhaps 0), are at high and low + x * taps. Reads up to `taps`
 * bytes past a row.
 */
EXPORT(resample)
void resample(const uint8_t *from, int row, int rows, uint8_t *to, int to_row, int outputs, const int32_t *first, const int16_t *high, const int16_t *low, int taps) {
  for (int x = 0; x < outputs; x++, to += to_row, high += taps, low += taps) {
    const uint8_t *pixels = from + first[x];
    for (int y = 0; y < rows; y += 4, pixels += 4 * row) {
      v128_t highs[4], lows[4];
      for (int tap = 0; tap < taps; tap += 8) {
        v128_t h = wasm_v128_load(high + tap), l = wasm_v128_load(low + tap);
#pragma clang loop unroll(full)
        for (int at = 0; at < 4; at++) {
          v128_t values = wasm_u16x8_load8x8(pixels + at * row + tap);
          v128_t a = wasm_i32x4_dot_i16x8(values, h), b = wasm_i32x4_dot_i16x8(values, l);
          highs[at] = tap == 0 ? a : wasm_i32x4_add(highs[at], a);
          lows[at] = tap == 0 ? b : wasm_i32x4_add(lows[at], b);
        }
      }
      v128_t sums = wasm_i32x4_add(
        wasm_i32x4_shl(add_pairs(add_pairs(highs[0], highs[1]), add_pairs(highs[2], highs[3])), LOW_BITS),
        add_pairs(add_pairs(lows[0], lows[1]), add_pairs(lows[2], lows[3])));
      v128_t values = wasm_i32x4_shr(wasm_i32x4_add(sums, wasm_i32x4_splat(1 << (PRECISION - 1))), PRECISION);
      v128_t words = wasm_i16x8_narrow_i32x4(values, values);
      wasm_v128_store32_lane(to + y, wasm_u8x16_narrow_i16x8(words, words), 0);
    }
  }
}
