import { createHash } from 'node:crypto';
import { kernelFile } from './kernels.js';

let numerics: string | null = null;

/** `wasm:DIGEST:plain`: 16 hex digits of the kernel file's SHA-256; plain SIMD, no fused multiply-add. Which kernels are called is pinned with IMAGE_CLASSIFIER_VERSION. */
export function wasmNumerics(): string {
  numerics ??= `wasm:${createHash('sha256').update(kernelFile()).digest('hex').slice(0, 16)}:plain`;
  return numerics;
}
