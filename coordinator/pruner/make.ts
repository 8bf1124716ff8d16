import type { PrunerSpec } from '../sweep/spec.js';
import type { Pruner } from './pruner.js';

/** A fresh pruner as the sweep file asks for. */
export function prunerOf(spec: PrunerSpec): Pruner {
  throw new Error(`${spec.kind} is being built`);
}
