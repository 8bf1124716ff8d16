/** What a list of sweeps says they cost, over a real database. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import type { SweepCosts, SweepRecord } from '../../../coordinator/store/records.js';
import { Boards } from '../../../coordinator/api/board.js';
import { Costs } from '../../../coordinator/api/costs.js';
import { Pages } from '../../../coordinator/api/pages.js';
import type { EpochKey } from '../../../proto/work.js';
import { epochOf, granted, keyOf, sweepOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

let lone: LoneService;
before(async () => {
  lone = await loneService();
});
after(() => lone.close());

/** Keys of a path over choices: equal beginnings are equal keys. */
function pathOf(salt: string, choices: readonly number[]): EpochKey[] {
  return choices.map((_, epoch) => keyOf(`${salt} ${choices.slice(0, epoch + 1).join(' ')}`));
}

/** Records the first epochs of a path that are not there yet, of so many seconds each. */
async function train(path: readonly EpochKey[], secondsOf: (key: EpochKey) => number): Promise<void> {
  const epoch = await lone.leader.epoch();
  const known = new Set((await lone.store.epochsByKey(path)).map(({ key }) => key));
  const grant = await granted(lone.store, epoch, path);
  const epochs = path.flatMap((key, index) => (known.has(key) ? [] : [epochOf(grant, index, { seconds: secondsOf(key) })]));
  await lone.store.commitTurn(epoch, turn({ epochs }));
  await lone.store.commitTurn(epoch, turn({ ended: [{ attempt: grant.attempt, token: grant.token, outcome: 'done', message: '', log: '', beganAfterMs: 0 }] }));
}

type Fate = 'open' | 'pruned' | 'failed' | 'retried';

/** Ends the trials of a sweep as far as they are recorded, less a few epochs. */
async function end(sweep: string, fates: readonly { readonly fate: Fate; readonly less: number }[]): Promise<void> {
  const epoch = await lone.leader.epoch();
  for (const [index, { id, number, plan }] of (await lone.store.trialsOf(sweep)).entries()) {
    const { fate, less } = fates[index] ?? { fate: 'open', less: 0 };
    const recorded = (await lone.store.epochsByKey(plan.path)).length;
    const change = { id, revision: 1, until: null, epochs: null, bestEpoch: null, failure: null };
    if (fate === 'open') continue;
    await lone.store.commitTurn(epoch, turn({ trials: [{ ...change, state: 'running' }] }));
    const failure = fate === 'pruned' ? null : ({ class: 'TrainableError', message: '' } as const);
    await lone.store.commitTurn(epoch, turn({ trials: [{ ...change, state: fate === 'pruned' ? 'pruned' : 'failed', failure, epochs: Math.max(0, recorded - less) }] }));
    if (fate === 'retried') await lone.service.retry(sweep, [String(number)]);
  }
}

it('costs are those that `trawl cost` adds up trial by trial, and progress counts each epoch once, whatever is shared, recorded before, ended or still to come', async () => {
  const path = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 4 });
  const fates = fc.record({ fate: fc.constantFrom<Fate>('open', 'pruned', 'failed', 'retried'), less: fc.nat(1) });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 6 }), fc.array(path, { maxLength: 2 }), fc.array(path, { maxLength: 3 }), fc.array(fates, { maxLength: 6 }), async (trials, before, since, ends) => {
      run += 1;
      const salt = `run ${run}`;
      const seconds = (key: EpochKey): number => 1 + (Number.parseInt(key.slice(0, 2), 16) % 4);
      for (const choices of before) await train(pathOf(salt, choices), seconds);
      const { id } = await lone.store.submit(sweepOf(salt, trials.map((choices) => pathOf(salt, choices))), await lone.leader.epoch());
      for (const choices of since) await train(pathOf(salt, choices), seconds);
      await end(id, ends);
      // What is recorded after a trial's end, be it on its path.
      for (const choices of before) await train(pathOf(salt, [...choices, 0]), seconds);
      const { epochs, seconds: times } = await lone.service.cost(id);
      const [costs] = await lone.store.costsOf([id]);
      assert.deepEqual(costs, { sweep: id, trained: { epochs: epochs.trained, seconds: times.trained }, saved: { epochs: epochs.shared + epochs.before, seconds: times.saved } });
      const keys = [...new Set((await lone.store.trialsOf(id)).flatMap(({ plan, epochs: went }) => plan.path.slice(0, went ?? plan.path.length)))];
      const { total, recorded } = await lone.store.totalsOf(id);
      assert.deepEqual([total, recorded], [keys.length, (await lone.store.epochsByKey(keys)).length]);
    }),
    { numRuns: 25 },
  );
});

it('two trials that share two epochs of three save those of the second', async () => {
  const [one, other] = [pathOf('fork', [0, 0, 0]), pathOf('fork', [0, 0, 1])];
  const { id } = await lone.store.submit(sweepOf('fork', [one, other]), await lone.leader.epoch());
  await train(one, () => 10);
  await train(other, () => 10);
  const costs = await new Pages({ store: lone.store, boards: new Boards(lone.store), project: 'default' }).costs();
  assert.deepEqual(costs.find(({ sweep }) => sweep === id), { sweep: id, trained: { epochs: 4, seconds: 40 }, saved: { epochs: 2, seconds: 20 } });
});

it('a sweep that is over is summed once, however often the list is read, and anew when somebody extends it', async () => {
  const asked: (readonly string[])[] = [];
  const costs = new Costs({
    costsOf: async (sweeps) => {
      asked.push(sweeps);
      return sweeps.map((sweep): SweepCosts => ({ sweep, trained: { epochs: asked.length, seconds: 0 }, saved: { epochs: 0, seconds: 0 } }));
    },
  });
  const record = (more: Partial<SweepRecord>): SweepRecord => ({ id: 'swp_1', revision: 1, changes: 0, state: 'completed', ...more }) as SweepRecord;
  await Promise.all([costs.of([record({})]), costs.of([record({})])]);
  assert.deepEqual(asked, [['swp_1']]);
  const [anew] = await costs.of([record({ revision: 2, state: 'running' }), record({ id: 'swp_2' })]);
  assert.deepEqual(asked, [['swp_1'], ['swp_1', 'swp_2']]);
  assert.equal(anew?.trained.epochs, 2);
});

it('a sum that failed is tried again by whoever asks next', async () => {
  let tries = 0;
  const costs = new Costs({
    costsOf: async (sweeps) => {
      tries += 1;
      if (tries === 1) throw new Error('the database is gone');
      return sweeps.map((sweep): SweepCosts => ({ sweep, trained: { epochs: 0, seconds: 0 }, saved: { epochs: 0, seconds: 0 } }));
    },
  });
  const record = { id: 'swp_1', revision: 1, changes: 0, state: 'running' } as SweepRecord;
  await assert.rejects(costs.of([record]), /the database is gone/);
  assert.equal((await costs.of([record])).length, 1);
});
