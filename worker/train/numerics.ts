import { decoderVersion } from '../data/decoder-version.js';

/** What decides the last bits of an image classifier here: the engine, by its own numerics, and the decoder of its images. */
export function imageNumerics(engine: string): string {
  return `${engine}:decode${decoderVersion()}`;
}
