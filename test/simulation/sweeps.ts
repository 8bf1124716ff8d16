/** Sweeps for simulations: trials given by their paths of short keys, e.g. ['a', 'ab', 'abc']. */
import { createHash } from 'node:crypto';
import type { EpochResult, EpochSettings, ImageTrajectory } from '../../proto/work.js';
import type { SweepFacts } from '../../coordinator/leader/model.js';
import type { Spent } from '../../coordinator/store/records.js';
import type { BudgetSpec, PrunerSpec, StopSpec } from '../../coordinator/sweep/spec.js';
import { imageSettings } from '../support/settings.js';

export interface SimSweep {
  readonly paths: readonly (readonly string[])[];
  readonly stop: StopSpec | null;
  readonly pruner?: PrunerSpec;
  readonly id?: string;
  readonly budget?: Partial<BudgetSpec>;
  readonly priority?: number;
  readonly concurrency?: number;
  /** What it used up under a former leader. */
  readonly spent?: Partial<Spent>;
}

const trajectory: ImageTrajectory = {
  ...{ format: 1, trainable: 'image-classifier', version: 1, numerics: 'sim', data: 'd', classes: 2 },
  input: { height: 8, width: 8, channels: 1, resize: 'stretch', normalisation: 'scale' },
  model: { name: 'sim', knobs: {} },
  optimizer: { name: 'sgdm', momentum: 0.9 },
  ...{ loss: 'softmaxCrossEntropy', initSeed: 0, replicate: 0, salt: null },
};
const settings: EpochSettings = imageSettings({ batch: 8, dropout: 0 });

export function idOf(sweep: SimSweep): string {
  return sweep.id ?? 'swp_sim';
}

/** A path from branch labels: trials that agree on a prefix of labels share those epochs. */
export function pathOf(labels: readonly number[]): string[] {
  let key = '';
  return labels.map((label) => (key = createHash('sha256').update(`${key}/${label}`).digest('hex')));
}

export function factsOf(sweep: SimSweep): SweepFacts {
  const id = idOf(sweep);
  const { priority = 0, concurrency } = sweep;
  const counts = { train: [4, 4], val: [2, 2], test: [2, 2] };
  return {
    record: {
      ...{ id, project: 'default', name: id, revision: 1, state: 'running', numerics: 'none', createdAt: new Date(0), finishedAt: null, endedBy: null, spent: { ranMs: 0, slotMs: 0, epochs: 0, sinceBest: 0, ...sweep.spent }, changes: 0, origin: 'file', digest: '', warmStart: null, onlyAsked: false, tags: [] },
      spec: {
        ...{ format: 1, name: id, axes: [], sampler: 'grid', stop: sweep.stop, pruner: sweep.pruner ?? null, ensemble: null, budget: { trials: null, wallClockMs: null, ...sweep.budget }, stageTimeoutMs: null, seed: 0, sharing: true },
        ...{ priority, ...(concurrency === undefined ? {} : { concurrency }) },
        trainable: { kind: 'synthetic', epochMs: 0, metrics: {} },
        objective: { metric: 'val.loss', direction: 'minimize', floors: {} },
      },
      data: { manifest: 'm', digest: 'd', images: 16, classes: ['a', 'b'], positive: 1, counts, rejected: [], warnings: [] },
    },
    trials: sweep.paths.map((path, number) => ({
      ...{ id: `${id}/${number}`, sweep: id, number, assignment: {}, state: 'queued' as const, epochs: null, bestEpoch: null, until: null, failure: null, ahead: null },
      plan: { number, assignment: {}, trajectory, epochs: path.map(() => settings), path },
    })),
    epochs: [],
    evaluations: [],
  };
}

/** A loss that depends on the key alone, so that every box reports the same. */
export function resultOf(key: string): EpochResult {
  return { metrics: { 'val.loss': parseInt(key.slice(0, 6), 16) / 0xffffff }, confusion: null, diverged: false };
}

/** Uniform in [0, 1); the same for the same seed. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
