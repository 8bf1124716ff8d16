import { DECODER } from '../data/decode.js';
import { wasmNumerics } from '../engine/wasm/numerics.js';

/** What decides the last bits of an image classifier here: the executor's kernels, and the decoder of its images. */
export function imageNumerics(): string {
  return `${wasmNumerics()}:decode${DECODER}`;
}
