// Dropout masks: a counter-based hash of (two seeds, element), so that nothing is stored and the
// backward pass can draw the same mask again.
#ifndef TRAWL_HASH_H
#define TRAWL_HASH_H
#include "simd.h"

// threshold = round(rate * 2^32): an element is dropped when its hash lies below. 0 means no dropout.
typedef struct {
  unsigned threshold, seed, seed2;
  float scale; // 1 / (1 - rate)
} Dropout;

INLINE unsigned hash(unsigned index, Dropout d) {
  unsigned h = index * 0x9E3779B1u;
  h = ((h ^ (h >> 16)) ^ d.seed) * 0x85EBCA6Bu;
  h = ((h ^ (h >> 13)) + d.seed2) * 0xC2B2AE35u;
  return h ^ (h >> 16);
}

// All ones in the lanes of the elements index, index + 1, ... that are kept.
INLINE v128_t kept(unsigned index, Dropout d) {
  v128_t h = wasm_i32x4_mul(wasm_i32x4_add(wasm_i32x4_splat(index), wasm_i32x4_const(0, 1, 2, 3)),
                            wasm_i32x4_const_splat(0x9E3779B1));
  h = wasm_v128_xor(wasm_v128_xor(h, wasm_u32x4_shr(h, 16)), wasm_i32x4_splat(d.seed));
  h = wasm_i32x4_mul(h, wasm_i32x4_const_splat(0x85EBCA6B));
  h = wasm_i32x4_add(wasm_v128_xor(h, wasm_u32x4_shr(h, 13)), wasm_i32x4_splat(d.seed2));
  h = wasm_i32x4_mul(h, wasm_i32x4_const_splat(0xC2B2AE35));
  h = wasm_v128_xor(h, wasm_u32x4_shr(h, 16));
  return wasm_u32x4_ge(h, wasm_i32x4_splat(d.threshold));
}
#endif
