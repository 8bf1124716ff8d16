/** Where completed trials stand: as the leader writes it, as it is filled in later, and as it follows from the epochs alone. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { MissingScores } from '../../../coordinator/api/missing-scores.js';
import { leaderboard, trialResult } from '../../../coordinator/api/results.js';
import { Leader } from '../../../coordinator/leader/leader.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Store } from '../../../coordinator/store/store.js';
import type { ObjectiveSpec, StopSpec } from '../../../coordinator/sweep/spec.js';
import { newId } from '../../../proto/ids.js';
import type { EpochKey, EpochResult } from '../../../proto/work.js';
import { testDatabase, type TestDatabase } from '../../support/postgres.js';
import { ScriptedWorker } from '../leader/scripted-worker.js';
import { newPath, specOf, sweepOf } from './facts.js';

const quiet = { info: () => undefined, warn: () => undefined };
let database: TestDatabase;
let store: Store;
let client: pg.Client;
let leader: Leader;
let worker: ScriptedWorker;

before(async () => {
  database = await testDatabase();
  store = await openStore(database.url);
  client = new pg.Client(database.url);
  await client.connect();
  leader = new Leader({ store, logger: quiet, proposingOf: () => null });
  leader.start('http://here');
  await leader.leading();
  worker = new ScriptedWorker(leader);
  await worker.hello([], 8);
});
after(async () => {
  await leader.stop();
  await client.end();
  await store.close();
  await database.close();
});

/** Few values, so that there are ties; what is missing, what is no number, and what is without end among them. */
const measured = fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1, 1, 2, 2.5, -3);
const epoch = fc.record({ loss: measured, other: measured });
type Epoch = typeof epoch extends fc.Arbitrary<infer T> ? T : never;
const trials = fc.array(fc.array(epoch, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 });
const objectives: fc.Arbitrary<ObjectiveSpec> = fc.record({
  metric: fc.constantFrom('val.loss', 'val.other'),
  direction: fc.constantFrom<'minimize' | 'maximize'>('minimize', 'maximize'),
  floors: fc.constantFrom({}, { 'val.other': 1 }, { 'val.other': 1, 'val.loss': 0.5 }),
  ceilings: fc.constantFrom({}, { 'val.loss': 2 }),
});
const stops = fc.constantFrom<StopSpec | null>(null, { monitor: 'val.loss', direction: 'minimize', patience: 9, minDelta: 0, restoreBest: true });

const metricsOf = ({ loss, other }: Epoch): { [name: string]: number } => ({ ...(loss === null ? {} : { 'val.loss': loss }), ...(other === null ? {} : { 'val.other': other }) });

/** A sweep that one worker has trained to its end under a real leader. Its id. */
async function trained(of: readonly (readonly Epoch[])[], objective: ObjectiveSpec, stop: StopSpec | null): Promise<string> {
  const results = new Map<EpochKey, EpochResult>();
  const paths = of.map((epochs) => {
    const path = newPath(epochs.length);
    for (const [index, each] of epochs.entries()) results.set(path[index] ?? '', { metrics: metricsOf(each), confusion: null, diverged: false });
    return path;
  });
  const name = newId('swp');
  const { id } = await store.submit({ ...sweepOf(name, paths), spec: specOf(name, { objective, stop }) }, leader.epoch);
  worker.trains((key) => results.get(key) ?? assert.fail('another sweep was offered'));
  await leader.wake();
  await worker.until(async () => (await store.findSweep('default', id))?.state !== 'running');
  return id;
}

/** Trials by number, the best first, from what their epochs reported: written anew here. What is not finite counts as not reported. */
function expectedOrder(of: readonly (readonly Epoch[])[], { metric, direction, floors, ceilings = {} }: ObjectiveSpec, stop: StopSpec | null): number[] {
  const chosen = of.map((epochs) => {
    const monitored = epochs.map(({ loss }) => (Number.isFinite(loss) ? loss : null));
    const best = monitored.findIndex((loss) => loss !== null && monitored.every((other) => other === null || loss <= other));
    const reported = Object.entries(metricsOf(epochs[stop === null || best < 0 ? epochs.length - 1 : best]!));
    const values: { readonly [name: string]: number } = Object.fromEntries(reported.filter(([, value]) => Number.isFinite(value)));
    const missed = [...Object.entries(floors).map(([name, floor]) => floor - (values[name] ?? Number.NaN)), ...Object.entries(ceilings).map(([name, ceiling]) => ((values[name] ?? Number.NaN) - ceiling) / ceiling)];
    const value = (values[metric] ?? Number.NaN) * (direction === 'maximize' ? -1 : 1);
    return { missed: missed.reduce((sum, by) => sum + (Number.isNaN(by) ? Infinity : Math.max(0, by)), 0), value };
  });
  const before = (a: number, b: number): boolean => {
    const [x, y] = [chosen[a]!, chosen[b]!];
    if (x.missed !== y.missed) return x.missed < y.missed;
    if (Number.isNaN(x.value) || Number.isNaN(y.value)) return Number.isNaN(x.value) === Number.isNaN(y.value) ? a < b : Number.isNaN(y.value);
    return x.value === y.value ? a < b : x.value < y.value;
  };
  return of.map((_, number) => number).sort((a, b) => (before(a, b) ? -1 : 1));
}

async function orders(sweep: string): Promise<{ readonly byScores: readonly number[] | null; readonly ofAll: readonly number[] }> {
  const record = (await store.findSweep('default', sweep)) ?? assert.fail('no sweep');
  const part = await store.leaderboardPart(sweep, 0, 1_000);
  const rows = await store.trialRows(sweep);
  const all = leaderboard(record, rows.map((row) => trialResult(record, row, null, new Map())));
  return { byScores: part?.rows.map(({ number }) => number) ?? null, ofAll: all.map(({ number }) => number) };
}

const missing = (): MissingScores => new MissingScores({ store, leader, logger: quiet });

it('what the leader writes with a trial puts trials in the order of their epochs, and so does what is filled in where nothing was written', async () => {
  await fc.assert(
    fc.asyncProperty(trials, objectives, stops, async (of, objective, stop) => {
      const sweep = await trained(of, objective, stop);
      const order = expectedOrder(of, objective, stop);
      assert.deepEqual(await orders(sweep), { byScores: order, ofAll: order });
      await client.query('update trial set shortfall = null, minimised = null where sweep = $1', [sweep]);
      assert.deepEqual(await orders(sweep), { byScores: null, ofAll: order });
      assert.equal(await missing().runOnce(), of.length);
      assert.deepEqual(await orders(sweep), { byScores: order, ofAll: order });
      assert.equal(await missing().runOnce(), 0, 'what has no value counts as looked at');
    }),
    { numRuns: 20 },
  );
});

it('a revision with another objective puts kept trials in its order once they were looked at, one with the same at once', async () => {
  const of = [1, 2, 0].map((loss) => [{ loss, other: -loss }]);
  const objective: ObjectiveSpec = { metric: 'val.loss', direction: 'minimize', floors: {} };
  const sweep = await trained(of, objective, null);
  const revise = async (changed: ObjectiveSpec): Promise<void> => {
    const from = (await store.findSweep('default', sweep)) ?? assert.fail('no sweep');
    const kept = (await store.trialsOf(sweep)).map(({ id }) => id);
    const spec = { ...from.spec, objective: changed, seed: from.spec.seed + 1 };
    await store.submit({ ...sweepOf(from.name, []), spec, carried: { from, kept, judgedAnew: false, foldedAnew: false, known: kept.length, fresh: [], clockGoesOn: false, revives: false, state: 'completed' } }, leader.epoch);
  };
  await revise(objective);
  assert.deepEqual(await orders(sweep), { byScores: [2, 0, 1], ofAll: [2, 0, 1] });
  await revise({ ...objective, direction: 'maximize' });
  assert.deepEqual(await orders(sweep), { byScores: null, ofAll: [1, 0, 2] });
  assert.equal(await missing().runOnce(), 3);
  assert.deepEqual(await orders(sweep), { byScores: [1, 0, 2], ofAll: [1, 0, 2] });
  await revise({ ...objective, floors: { 'val.other': -1.5 } });
  assert.deepEqual(await orders(sweep), { byScores: null, ofAll: [2, 0, 1] });
});

it('nothing is filled in where another coordinator leads', async () => {
  const sweep = await trained([[{ loss: 1, other: 0 }]], { metric: 'val.loss', direction: 'minimize', floors: {} }, null);
  await client.query('update trial set shortfall = null, minimised = null where sweep = $1', [sweep]);
  assert.equal(await new MissingScores({ store, leader: { leads: false, epoch: 0 }, logger: quiet }).runOnce(), 0);
  await assert.rejects(new MissingScores({ store, leader: { leads: true, epoch: leader.epoch - 1 }, logger: quiet }).runOnce(), { code: 'NotLeader' });
  assert.equal((await orders(sweep)).byScores, null);
});
