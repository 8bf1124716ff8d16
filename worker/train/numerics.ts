import { PLAIN_NUMERICS } from '../../proto/numerics.js';
import { decoderVersion } from '../data/decoder-version.js';

/** What decides the last bits of an image classifier here: the engine, by its own numerics, and the decoder of its images. */
export function imageNumerics(engine: string): string {
  return `${engine}:decode${decoderVersion()}`;
}

/** Of classical models, whichever engines are here. */
export function classicalNumerics(): string {
  return imageNumerics(PLAIN_NUMERICS);
}
