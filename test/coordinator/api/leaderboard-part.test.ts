/** What is read by the index holds against what is made of all trials, whatever became of them. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { newId } from '../../../proto/ids.js';
import { Boards } from '../../../coordinator/api/board.js';
import { ApplicationService } from '../../../coordinator/api/service.js';
import { Pages } from '../../../coordinator/api/pages.js';
import type { ObjectiveSpec } from '../../../coordinator/sweep/spec.js';
import type { Store } from '../../../coordinator/store/store.js';
import { scoreOf, storedScore } from '../../../coordinator/trial/rank.js';
import { epochOf, granted, newPath, planOf, specOf, sweepOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

let lone: LoneService;
before(async () => {
  lone = await loneService();
});
after(() => lone.close());

/** As it is reported: missing, not finite, or one of few, so that there are ties. */
const measured = fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, -0, 0, 1, 1, 2, 2.5, -3);
const fate = fc.record({ state: fc.constantFrom('completed', 'completed', 'completed', 'completed', 'pruned', 'failed', 'running', 'queued', 'cancelled'), loss: measured, other: measured });
type Fate = typeof fate extends fc.Arbitrary<infer T> ? T : never;
const objectives = fc.record({ direction: fc.constantFrom<'minimize' | 'maximize'>('minimize', 'maximize'), floors: fc.constantFrom({}, { 'val.other': 1 }), ceilings: fc.constantFrom({}, { 'val.other': 2 }) });

const metricsOf = ({ loss, other }: Fate): { [name: string]: number } => ({ ...(loss === null ? {} : { 'val.loss': loss }), ...(other === null ? {} : { 'val.other': other }) });

/** A sweep whose trials came to that, each with the score that the leader would give it. */
async function sweepWith(fates: readonly Fate[], objective: ObjectiveSpec): Promise<string> {
  const { store, leader } = lone;
  const epoch = await leader.epoch();
  const name = newId('swp');
  const plans = fates.map((_, number) => ({ ...planOf(number, newPath(1)), assignment: { lr: number % 3, batch: 8 } }));
  const { id } = await store.submit({ ...sweepOf(name, []), spec: specOf(name, { objective }), trials: plans }, epoch);
  for (const [number, trial] of (await store.trialsOf(id)).entries()) {
    await end(trial, fates[number]!, objective, epoch, id);
  }
  return id;
}

async function end(trial: { readonly id: string; readonly number: number; readonly plan: { readonly path: readonly string[] } }, each: Fate, objective: ObjectiveSpec, epoch: number, sweep: string): Promise<void> {
  const { store } = lone;
  if (each.state === 'queued') return;
  const change = { id: trial.id, revision: 1, until: null, epochs: null, bestEpoch: null, failure: null };
  const grant = await granted(store, epoch, trial.plan.path, { payers: [sweep] });
  await store.commitTurn(epoch, turn({ trials: [{ ...change, state: 'running' }] }));
  const result = { metrics: metricsOf(each), confusion: null, diverged: each.state === 'failed' };
  const report = epochOf(grant, 0, { result });
  await store.commitTurn(epoch, turn({ epochs: [report] }));
  const score = scoreOf(trial.number, { result, params: report.params, msPerImage: report.msPerImage }, objective, [], 0);
  const isDone = each.state === 'completed';
  const last = { ...change, state: each.state as 'completed', epochs: 1, bestEpoch: isDone ? 0 : null, ...(isDone ? { score: storedScore(score, objective) } : {}) };
  if (each.state !== 'running') await store.commitTurn(epoch, turn({ ended: [{ attempt: grant.attempt, token: grant.token, outcome: 'done', message: '', log: '', beganAfterMs: 0 }], trials: [last] }));
}

/** Nothing in memory. */
const pages = (store: Store = lone.store): Pages => new Pages({ store, boards: new Boards(store), project: 'default' });

/** The store as it is where no trial's score is known. */
function withoutScores(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'objectiveSeries' || name === 'leaderboardPart' || name === 'leadingTrials') return async () => null;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function holdsFor(sweep: string, offset: number, limit: number): Promise<void> {
  const quick = await pages().leaderboard(sweep, { quick: true, offset, limit });
  const whole = await pages().leaderboard(sweep, { quick: false, columns: quick.columns.map(({ name }) => name).join(','), offset, limit });
  assert.equal(quick.partial, true);
  assert.deepEqual(sent([quick.trials, quick.total, quick.matching]), sent([whole.trials, whole.total, whole.matching]));
  assert.deepEqual(sent(await pages().curves(sweep, { limit })), sent(await pages(withoutScores(lone.store)).curves(sweep, { limit })));
  for (const points of [1, 2, 3, 1_000]) assert.deepEqual(sent(await pages().series(sweep, points)), sent(await pages(withoutScores(lone.store)).series(sweep, points)));
}

/** JSON knows no negative zero. */
function sent(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer));
}

it('a part that is read by the index is that of the whole leaderboard, and so is the objective over time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 9 }), objectives, fc.nat(6), fc.integer({ min: 1, max: 6 }), async (fates, { direction, floors, ceilings }, offset, limit) => {
      const objective: ObjectiveSpec = { metric: 'val.loss', direction, floors, ceilings };
      await holdsFor(await sweepWith(fates, objective), offset, limit);
    }),
    { numRuns: 20 },
  );
});

it('a trial that is retried has no place until it has completed again, and how far the sweep is says so', async () => {
  const objective: ObjectiveSpec = { metric: 'val.loss', direction: 'minimize', floors: {} };
  const done = (loss: number): Fate => ({ state: 'completed', loss, other: null });
  const sweep = await sweepWith([done(1), done(2), { state: 'failed', loss: 0, other: null }], objective);
  assert.deepEqual((await lone.service.progress(sweep)).best?.number, 0);
  await lone.service.retry(sweep, ['2']);
  await holdsFor(sweep, 0, 10);
  const all = await lone.service.allProgress();
  assert.deepEqual(all.find(({ sweep: { id } }) => id === sweep), await lone.service.progress(sweep));
});

it('the importance is measured once for all who ask for it of a metric at the same time', async () => {
  const done = (loss: number): Fate => ({ state: 'completed', loss, other: loss });
  const sweep = await sweepWith([1, 2, 2.5, 1, 2, 3].map(done), { metric: 'val.loss', direction: 'minimize', floors: {} });
  let reads = 0;
  const store = new Proxy(lone.store, {
    get: (target, name) => {
      if (name === 'trialRows') reads += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const service = new ApplicationService({ store, blobs: lone.blobs, leader: lone.leader, version: '0', project: 'default', actor: 'ada' });
  const answers = await Promise.allSettled([service.importance(sweep, null), service.as('bob').importance(sweep, 'val.loss'), service.importance(sweep, 'val.other')]);
  assert.equal(reads, 2);
  assert.deepEqual(answers[0], answers[1]);
  await service.changeTags(sweep, { add: ['ready'], remove: [] });
  assert.deepEqual([(await service.importance(sweep, null)).sweep.tags, reads], [['ready'], 2]);
});

it('where the score of a trial is not known, the leaderboard is made of all trials', async () => {
  const { store, leader } = lone;
  const epoch = await leader.epoch();
  const sweep = await sweepWith([{ state: 'running', loss: 1, other: null }, { state: 'completed', loss: 3, other: null }], { metric: 'val.loss', direction: 'minimize', floors: {} });
  const [first] = await store.trialsOf(sweep);
  await store.commitTurn(epoch, turn({ trials: [{ id: first?.id ?? '', revision: 1, state: 'completed', epochs: 1, bestEpoch: 0, until: null, failure: null }] }));
  assert.equal(await store.leaderboardPart(sweep, 0, 10), null);
  const board = await pages().leaderboard(sweep, { quick: true, offset: 0, limit: 10 });
  assert.deepEqual([board.partial, board.trials.map(({ number }) => number)], [false, [0, 1]]);
});
