/** How a sweep file says who proposes its trials, and who of them goes on. */
import * as z from 'zod';
import { fields, MAX_EPOCHS, name, seed, whole } from './schema-parts.js';

export const sampler = z.union(
  [name(['grid']), fields({ grid: fields({ order: name(['listed', 'shuffled']).optional(), seed: seed.optional() }, '{order}') }, 'a sampler')],
  { error: 'grid or {grid: {order: shuffled}}' },
);

const ETA = 'a number above 1 and up to 1000';
const eta = z.number(ETA).gt(1, ETA).max(1000, ETA);
const minEpochs = whole(1, MAX_EPOCHS);

/** More brackets than this begin beyond any number of epochs. */
const MAX_BRACKETS = 20;

export const medianFields = fields({ minEpochs: minEpochs.optional(), minTrials: whole(1).optional(), every: whole(1, MAX_EPOCHS).optional() }, '{minEpochs, minTrials, every}');
export const ashaFields = fields({ eta: eta.optional(), minEpochs: minEpochs.optional(), brackets: whole(1, MAX_BRACKETS).optional() }, '{eta, minEpochs, brackets}');
export const hyperbandFields = fields({ eta: eta.optional(), minEpochs: minEpochs.optional() }, '{eta, minEpochs}');

export const pruner = z.union(
  [
    name(['median', 'asha', 'hyperband', 'none']),
    fields({ median: medianFields }, 'a pruner'),
    fields({ asha: ashaFields }, 'a pruner'),
    fields({ hyperband: hyperbandFields }, 'a pruner'),
  ],
  { error: 'median, asha, hyperband or none, or one of them over its settings, as in {asha: {eta: 3}}' },
);
export type PrunerFile = z.infer<typeof pruner>;
