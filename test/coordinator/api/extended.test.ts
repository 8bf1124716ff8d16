/** A sweep whose trials go on to more epochs: what is said before, and what is shown until they have. Nobody trains here. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Boards } from '../../../coordinator/api/board.js';
import { Pages } from '../../../coordinator/api/pages.js';
import { ApplicationService } from '../../../coordinator/api/service.js';
import type { BestSoFar, SubmitRequest } from '../../../coordinator/api/views.js';
import { nobodyWaits } from '../../../coordinator/leader/notes.js';
import type { LeaderSnapshot } from '../../../coordinator/leader/snapshot.js';
import type { SweepRecord, TrialRecord } from '../../../coordinator/store/records.js';
import { epochOf, granted, resultOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

/** Sweeps share no epoch. */
function file(name: string, objective = '{minimize: val.loss}'): SubmitRequest {
  const text = `name: ${name}\ntrainable: {synthetic: {metrics: {val.loss: 'a / (epoch + 1) + ${name.length}', other: a}}}\nobjective: ${objective}\nspace: {a: [1, 2, 3], epochs: 2}\n`;
  return { source: { name: `${name}.yaml`, text }, sharing: true, data: null, numerics: 'none' };
}

const diverged = { metrics: {}, confusion: null, diverged: true };

describe('a sweep whose trials go on to more epochs', () => {
  let lone: LoneService;
  let service: LoneService['service'];
  before(async () => {
    lone = await loneService();
    ({ service } = lone);
  });
  after(() => lone.close());

  const recordOf = async (name: string): Promise<SweepRecord> => (await lone.store.findSweep('default', name)) ?? assert.fail(name);
  const trialsOf = async (name: string): Promise<TrialRecord[]> => lone.store.trialsOf((await recordOf(name)).id);

  /** Records the epochs of a trial from one on, with the same loss in each, and completes it. */
  async function complete(name: string, number: number, from: number, loss: number): Promise<void> {
    const leading = await lone.leader.epoch();
    const { revision } = await recordOf(name);
    const { id, plan: { path } } = (await trialsOf(name))[number] ?? assert.fail();
    const grant = await granted(lone.store, leading, path.slice(from));
    const epochs = path.slice(from).map((_, index) => epochOf(grant, index, { epoch: from + index, parent: path[from + index - 1] ?? null, result: resultOf(loss) }));
    await lone.store.commitTurn(leading, turn({ epochs, trials: [{ id, revision, state: 'completed', epochs: path.length, until: null, bestEpoch: path.length - 1, failure: null, score: { shortfall: 0, minimised: loss } }] }));
  }

  /** Two trials complete, and one diverges in its first epoch. */
  async function ended(name: string): Promise<void> {
    await service.submit(file(name));
    await complete(name, 0, 0, 0.5);
    await complete(name, 1, 0, 0.25);
    const leading = await lone.leader.epoch();
    const record = await recordOf(name);
    const { id, plan: { path } } = (await trialsOf(name))[2] ?? assert.fail();
    const grant = await granted(lone.store, leading, path);
    const failure = { class: 'Diverged', message: 'the loss ceased to be finite in epoch 0' } as const;
    await lone.store.commitTurn(leading, turn({ epochs: [epochOf(grant, 0, { result: diverged })], trials: [{ id, revision: 1, state: 'failed', epochs: 1, until: null, bestEpoch: null, failure }], sweeps: [{ id: record.id, state: 'completed', changes: record.changes }] }));
  }

  /** By a service that has kept nothing. */
  const bestOf = async (name: string): Promise<BestSoFar | null> => (await new ApplicationService({ ...lone, version: '0', project: 'default', actor: 'ada' }).progress(name)).best;
  const seriesOf = (name: string) => new Pages({ store: lone.store, boards: new Boards(lone.store), project: 'default' }).series(name, 100);

  it('counts a trial that has diverged as one that stays as it is, with no epoch to train', async () => {
    await ended('previewed');
    const { preview } = await service.change('previewed', { epochs: 4 }, { dryRun: true });
    assert.deepEqual(preview.carried, { kept: 1, goOn: 2, fresh: 0, dropped: 0 });
    const { requested, distinct, stored, again } = preview.epochs;
    // Four of each that goes on, of which two are there, and the one in which the third diverged.
    assert.deepEqual([requested, distinct, stored, again], [9, 9, 5, 0]);
  });

  it('keeps the best that it had, and each result as a point, until the trials have completed anew', async () => {
    await ended('extended');
    assert.deepEqual([(await bestOf('extended'))?.value, (await bestOf('extended'))?.goesOn], [0.25, null]);
    await service.change('extended', { epochs: 4 }, { dryRun: false });
    const [zero, one] = await trialsOf('extended');
    const goesOn = { after: 2, of: 4 };
    assert.deepEqual(await bestOf('extended'), { trial: one?.id, number: 1, value: 0.25, goesOn });
    const told = ({ id, value, goesOn: so }: { id: string; value: number; goesOn: unknown }): unknown => [id, value, so];
    const { of, points, best } = await seriesOf('extended');
    assert.deepEqual([of, points.map(told), best.map(told)], [2, [[zero?.id, 0.5, goesOn], [one?.id, 0.25, goesOn]], [[zero?.id, 0.5, goesOn], [one?.id, 0.25, goesOn]]]);
    // Worse than what another had come to before, then better.
    await complete('extended', 0, 2, 0.4);
    assert.equal((await lone.store.formerBest((await recordOf('extended')).id))?.number, 1);
    await complete('extended', 1, 2, 0.1);
    assert.equal(await lone.store.formerBest((await recordOf('extended')).id), null);
    assert.deepEqual((await seriesOf('extended')).points.map(told), [[zero?.id, 0.4, null], [one?.id, 0.1, null]]);
  });

  it('shows what a leader knows of, where that is better, or is the same trial anew, before the store does', async () => {
    await ended('led');
    await service.change('led', { epochs: 4 }, { dryRun: false });
    const { id } = await recordOf('led');
    const trials = await trialsOf('led');
    const live = async (number: number, value: number, shortfall: number): Promise<unknown> => {
      const best = { trial: trials[number]?.id ?? '', number, value, shortfall };
      const counts = { total: 3, done: 1, failed: 1, infeasible: 0, cancelled: 0, running: 1, waiting: 0 };
      const snapshot = (): LeaderSnapshot => ({ sweeps: [{ id, name: 'led', state: 'running', numerics: 'none', problem: null, trials: counts, epochs: { total: 9, recorded: 7 }, best }], workers: [], waiting: nobodyWaits() });
      const shown = (await new ApplicationService({ ...lone, leader: { ...lone.leader, snapshot }, version: '0', project: 'default', actor: 'ada' }).progress('led')).best;
      assert.deepEqual(Object.keys(shown ?? {}).sort(), ['goesOn', 'number', 'trial', 'value']);
      return [shown?.number, shown?.value, shown?.goesOn];
    };
    const former = [1, 0.25, { after: 2, of: 4 }];
    assert.deepEqual(await live(0, 0.1, 0), [0, 0.1, null]);
    assert.deepEqual(await live(0, 0.25, 0), [0, 0.25, null]);
    assert.deepEqual(await live(1, 0.4, 0), [1, 0.4, null]);
    assert.deepEqual(await live(0, 0.4, 0), former);
    assert.deepEqual(await live(0, 0.1, 0.5), former);
  });

  it('is told to go on once more before it has come to its end: the last result counts', async () => {
    await ended('twice');
    for (const epochs of [4, 6]) await service.change('twice', { epochs }, { dryRun: false });
    assert.deepEqual([(await bestOf('twice'))?.number, (await bestOf('twice'))?.goesOn], [1, { after: 2, of: 6 }]);
  });

  it('has no best of a trial that was pruned on its way, once it is over', async () => {
    await ended('pruned away');
    await service.change('pruned away', { epochs: 4 }, { dryRun: false });
    const { id, revision } = await recordOf('pruned away');
    const [zero, one] = await trialsOf('pruned away');
    await complete('pruned away', 0, 2, 0.4);
    await lone.store.commitTurn(await lone.leader.epoch(), turn({ trials: [{ id: one?.id ?? '', revision, state: 'pruned', epochs: 3, until: null, bestEpoch: null, failure: null }] }));
    assert.equal(await lone.store.formerBest(id), null);
    assert.deepEqual(await bestOf('pruned away'), { trial: zero?.id, number: 0, value: 0.4, goesOn: null });
  });

  it('has no best of another rule to stop', async () => {
    await ended('stopped early');
    await service.submit({ ...file('stopped early'), source: { name: 'again.yaml', text: `${file('stopped early').source.text.replace('epochs: 2', 'epochs: 4')}stop: {monitor: val.loss, patience: 1}\n` } });
    assert.equal(await bestOf('stopped early'), null);
  });

  it('has no best of another objective', async () => {
    await ended('turned');
    const text = file('turned', '{maximize: other}').source.text.replace('epochs: 2', 'epochs: 4');
    await service.submit({ ...file('turned'), source: { name: 'turned.yaml', text } });
    assert.equal(await bestOf('turned'), null);
    assert.equal((await seriesOf('turned')).of, 0);
  });
});
