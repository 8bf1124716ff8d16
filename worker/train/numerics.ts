import { CLASSICAL_VERSION, IMAGE_CLASSIFIER_VERSION } from '../../proto/models.js';
import { PLAIN_NUMERICS } from '../../proto/numerics.js';
import { decoderVersion } from '../data/decoder-version.js';

/**
 * What decides the last bits of an image classifier here: the engine, by its own numerics, the decoder of its
 * images, and the version of the trainable, so that a worker of another version is given none of its work.
 */
export function imageNumerics(engine: string): string {
  return numericsOf(engine, IMAGE_CLASSIFIER_VERSION);
}

/** Of classical models, whichever engines are here. */
export function classicalNumerics(): string {
  return numericsOf(PLAIN_NUMERICS, CLASSICAL_VERSION);
}

function numericsOf(engine: string, trainable: number): string {
  return `${engine}:decode${decoderVersion()}:trainable${trainable}`;
}
