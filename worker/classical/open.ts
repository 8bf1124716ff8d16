import { DataError } from '../data/data-error.js';
import type { Normalisation } from '../engine/engine.js';
import type { Fitted } from './fit.js';
import { scalingOf } from './flat-images.js';
import { kindOf } from './kinds.js';
import { decodeClassical } from './state.js';

/** A fitted model from its checkpoint, for images of `size` values each. Throws DataError where the bytes are not of such a model. */
export function openClassical(bytes: Uint8Array, wanted: { readonly classes: number; readonly size: number; readonly normalisation: Normalisation }): Fitted {
  const { model, classes, arrays } = decodeClassical(bytes);
  if (classes !== wanted.classes) throw new DataError(`the checkpoint tells ${classes} classes apart, expected ${wanted.classes}`);
  return kindOf(model).open(arrays, { classes, scaling: scalingOf(wanted.normalisation, wanted.size) });
}
