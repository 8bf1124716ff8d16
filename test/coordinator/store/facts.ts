/** Facts for tests of the store: sweeps, keys and writes that are right unless a test says otherwise. */
import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../../../proto/ids.js';
import type { EpochKey, EpochResult } from '../../../proto/work.js';
import type { Store } from '../../../coordinator/store/store.js';
import type { EpochWrite, GrantWrite, NewSweep, TurnWrites } from '../../../coordinator/store/turn-writes.js';
import type { SweepSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';

export function keyOf(name: string): EpochKey {
  return createHash('sha256').update(name).digest('hex');
}

/** A fresh path of so many keys. */
export function newPath(epochs: number): EpochKey[] {
  const salt = randomBytes(8).toString('hex');
  return Array.from({ length: epochs }, (_, epoch) => keyOf(`${salt} ${epoch}`));
}

export function turn(writes: Partial<TurnWrites>): TurnWrites {
  const none = { workers: [], epochs: [], retrained: [], checkpoints: [], dropped: [], evaluations: [], ended: [], grants: [], created: [], trials: [], sweeps: [], spent: [], peaks: [], events: [] };
  return { ...none, ...writes };
}

export function resultOf(loss: number): EpochResult {
  return { metrics: { 'val.loss': loss }, confusion: null, diverged: false };
}

export function grantOf(keys: readonly EpochKey[], more: Partial<GrantWrite> = {}): GrantWrite {
  return { attempt: newId('att'), token: newId('att'), stage: newId('stg'), worker: newId('wrk'), kind: 'train', keys, from: 0, alone: false, payers: [], ...more };
}

/** The report of a grant's epoch at this index of its span. */
export function epochOf(grant: GrantWrite, index: number, more: Partial<EpochWrite> = {}): EpochWrite {
  const { attempt, token, keys } = grant;
  return { attempt, token, key: keys[index] ?? '', parent: index === 0 ? null : (keys[index - 1] ?? ''), epoch: index, result: resultOf(1 / (index + 1)), seconds: 0.5, params: 100, msPerImage: 1.5, ...more };
}

export function planOf(number: number, path: readonly EpochKey[]): TrialPlan {
  const assignment = { zeta: number, alpha: { piecewise: { initial: 1e-7, factor: 0.2, every: 5 } } };
  const trajectory = { format: 1, trainable: 'synthetic', version: 1, numerics: 'none', epochMs: 0, metrics: { 'val.loss': '1 / (epoch + 1)' }, salt: null } as const;
  return { number, assignment, trajectory, epochs: path.map(() => ({ values: { zeta: number } })), path };
}

export function specOf(name: string, more: Partial<SweepSpec> = {}): SweepSpec {
  return {
    format: 1,
    name,
    trainable: { kind: 'synthetic', epochMs: 0, metrics: { 'val.loss': '1 / (epoch + 1)' } },
    axes: [{ name: 'zeta', values: [0, 1] }],
    sampler: 'grid',
    pruner: null,
    objective: { metric: 'val.loss', direction: 'minimize', floors: {} },
    stop: null,
    ensemble: null,
    budget: { trials: null, wallClockMs: null },
    stageTimeoutMs: null,
    seed: 0,
    sharing: true,
    ...more,
  };
}

export function sweepOf(name: string, paths: readonly (readonly EpochKey[])[], more: Partial<NewSweep> = {}): NewSweep {
  return { project: 'default', actor: 'ada', spec: specOf(name), data: null, numerics: 'none', trials: paths.map((path, number) => planOf(number, path)), source: null, origin: 'file', told: {}, carried: null, warmStart: null, ...more };
}

/** A grant that is committed. */
export async function granted(store: Store, leaderEpoch: number, keys: readonly EpochKey[], more: Partial<GrantWrite> = {}): Promise<GrantWrite> {
  const grant = grantOf(keys, more);
  await store.commitTurn(leaderEpoch, turn({ grants: [grant] }));
  return grant;
}

/** The sweep as the next revision of the one with this id or name, if there is one; none of its trials are those of the one before. */
export async function revised(store: Store, id: string, sweep: NewSweep): Promise<NewSweep> {
  const from = await store.findSweep(sweep.project, id);
  if (from === null) return sweep;
  return { ...sweep, carried: { from, kept: [], judgedAnew: false, foldedAnew: false, known: (await store.trialsOf(from.id)).length, fresh: sweep.trials.map((plan) => ({ plan, ahead: null })), clockGoesOn: false, revives: false, state: 'running' } };
}
