/** How a sweep file says who proposes its trials, and who of them goes on. */
import * as z from 'zod';
import { fields, MAX_EPOCHS, name, seed, text, whole } from './schema-parts.js';

const seeded = fields({ seed: seed.optional() }, '{seed}');

const LIST = 'a list of trials, as in [{lr: 0.01, batch: 16}], or the path of a CSV or JSON file of them';
const listed = z.union([z.string(LIST).min(1, LIST), z.array(z.unknown(), LIST)], { error: LIST });

export const sampler = z.union(
  [
    name(['grid', 'axes', 'random', 'sobol', 'tpe', 'gp']),
    fields({ grid: fields({ order: name(['listed', 'shuffled']).optional(), seed: seed.optional() }, '{order}') }, 'a sampler'),
    fields({ list: listed }, 'a sampler'),
    fields({ random: seeded }, 'a sampler'),
    fields({ sobol: seeded }, 'a sampler'),
    fields({ tpe: seeded }, 'a sampler'),
    fields({ gp: seeded }, 'a sampler'),
  ],
  { error: 'grid, axes, random, sobol, tpe or gp, or one of them over its settings, as in {tpe: {seed: 1}} or {grid: {order: shuffled}}, or {list: [...]}' },
);
export type SamplerFile = z.infer<typeof sampler>;

/** The sampler's name; `grid` where the file says nothing. */
export function samplerName(file: SamplerFile | undefined): string {
  return typeof file === 'string' ? file : (Object.keys(file ?? { grid: {} })[0] ?? 'grid');
}

/** Whether it draws points from the space, so that a range needs no points. */
export function isDrawing(file: SamplerFile | undefined): boolean {
  return ['random', 'sobol', 'tpe', 'gp'].includes(samplerName(file));
}

/** Whether the file lists its trials one by one. */
export function isListed(file: SamplerFile | undefined): boolean {
  return samplerName(file) === 'list';
}

const CONSTRAINT = "a formula over hyperparameters, such as 'imageSize * batch <= 6000'";
export const constraints = z.array(z.string(CONSTRAINT).min(1, CONSTRAINT), 'a list of formulas').min(1, 'at least one formula');

const SWEEPS = 'the name or id of a sweep, or a list of them';
export const warmStartFields = fields({ from: z.union([text(SWEEPS), z.array(text(SWEEPS), SWEEPS).min(1, 'at least one sweep')], { error: SWEEPS }) }, '{from: SWEEP}');

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
