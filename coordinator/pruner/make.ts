import type { PrunerSpec } from '../sweep/spec.js';
import { AshaPruner } from './asha.js';
import { HyperbandPruner } from './hyperband.js';
import { MedianPruner } from './median.js';
import type { Pruner } from './pruner.js';

/** A fresh pruner as the sweep file asks for. */
export function prunerOf(spec: PrunerSpec): Pruner {
  switch (spec.kind) {
    case 'median':
      return new MedianPruner(spec);
    case 'asha':
      return new AshaPruner(spec);
    case 'hyperband':
      return new HyperbandPruner(spec);
  }
}
