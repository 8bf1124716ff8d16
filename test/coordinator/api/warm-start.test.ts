/** Sweeps whose sampler begins with what other sweeps have found, over the service and the store. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SubmitRequest } from '../../../coordinator/api/views.js';
import { proposingOf } from '../../../coordinator/leader/proposing-of.js';
import { TpeSampler } from '../../../coordinator/sampler/tpe.js';
import { AxesSpace } from '../../../coordinator/space/assignment.js';
import type { SweepRecord } from '../../../coordinator/store/records.js';
import type { Store } from '../../../coordinator/store/store.js';
import { epochOf, granted, resultOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

function file(name: string, more: string, objective = '{minimize: val.loss}'): SubmitRequest {
  const text = `name: ${name}\ntrainable: {synthetic: {metrics: {val.loss: x, val.error: x}}}\nobjective: ${objective}\n${more}\n`;
  return { source: { name: `${name}.yaml`, text }, sharing: true, data: null, numerics: 'none' };
}

const xs = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 3];
const lossOf = (x: number): number => (x - 0.7) ** 2;
const search = (from: string): string => `space: {x: {min: 0, max: 1}, epochs: 1}\nsampler: tpe\nbudget: {trials: 20}\nwarmStart: {from: ${from}}`;

describe('a warm start', () => {
  let lone: LoneService;
  let store: Store;
  let leader: LoneService['leader'];
  let service: LoneService['service'];

  before(async () => {
    lone = await loneService();
    ({ store, leader, service } = lone);
    await service.submit(file('first', `space: {x: [${xs.join(', ')}], epochs: 1}`));
    await end('first', ['failed', ...xs.slice(1).map(() => 'completed' as const)]);
  });
  after(() => lone.close());

  async function recordOf(name: string): Promise<SweepRecord> {
    return (await store.findSweep('default', name)) ?? assert.fail(name);
  }

  /** Ends trials in the order of their numbers; those that complete report their loss. */
  async function end(name: string, states: readonly ('completed' | 'failed')[]): Promise<void> {
    const leading = await leader.epoch();
    const trials = await store.trialsOf((await recordOf(name)).id);
    for (const [index, state] of states.entries()) {
      const trial = trials[index] ?? assert.fail();
      const done = state === 'completed';
      // Sweeps share epochs.
      if (done && (await store.epochsByKey(trial.plan.path)).length === 0) {
        const grant = await granted(store, leading, trial.plan.path);
        await store.commitTurn(leading, turn({ epochs: [epochOf(grant, 0, { result: resultOf(lossOf(Number(trial.assignment.x))) })] }));
      }
      const failure = done ? null : ({ class: 'TrainableError', message: 'exit 1' } as const);
      await store.commitTurn(leading, turn({ trials: [{ id: trial.id, revision: 1, state, epochs: 1, until: null, bestEpoch: done ? 0 : null, failure }] }));
    }
  }

  async function proposals(name: string, count: number): Promise<unknown[]> {
    const proposing = proposingOf(await recordOf(name)) ?? assert.fail();
    try {
      return (await proposing.propose(count)).map(({ number, assignment }) => [number, assignment.x]);
    } finally {
      proposing.close();
    }
  }

  const expected = { from: ['first'], taken: { failed: 1, completed: 10 }, unfit: [{ reason: 'its x is outside the space', trials: 1 }] };

  it('says how many trials it takes and why others do not fit, before it is submitted and afterwards; they are no trials of the sweep', async () => {
    const request = file('told', search('first'));
    assert.deepEqual((await service.preview(request)).warmStart, expected);
    await service.submit(request);
    assert.deepEqual((await service.sweep('told')).warmStart, expected);
    assert.deepEqual((await service.results('told', { test: false })).trials, []);
    assert.equal((await service.sweep('first')).warmStart, null);
  });

  it('the first proposal is that of a sampler which has seen those results', async () => {
    await service.submit(file('seen', search((await recordOf('first')).id)));
    const { spec } = await recordOf('seen');
    const sampler = new TpeSampler(new AxesSpace(spec.axes).space, { seed: 0 });
    const cold = sampler.propose(0, 0);
    xs.slice(1, 11).forEach((x, number) => sampler.observe({ number, point: [x], state: 'completed', value: lossOf(x), shortfall: 0, epochs: 1 }));
    const warm = sampler.propose(0, 0);
    assert.notDeepEqual(warm, cold);
    assert.deepEqual(await proposals('seen', 1), [[0, warm?.[0]]]);
  });

  it('the next leader proposes the same, although the other sweep has gone on; a later submission of the same file changes nothing', async () => {
    await service.submit(file('second', `space: {x: [${xs.slice(0, 11).join(', ')}], epochs: 1}`));
    await service.submit(file('stable', search('[second, first]')));
    const before = await proposals('stable', 4);
    await end('second', xs.slice(0, 11).map(() => 'completed'));
    assert.deepEqual(await proposals('stable', 4), before);
    assert.equal((await service.submit(file('stable', search('[second, first]')))).change, 'same');
    assert.deepEqual((await service.sweep('stable')).warmStart, { ...expected, from: ['second', 'first'] });
    const { sweep } = await service.change('stable', { budget: { trials: 30 } }, { dryRun: false });
    assert.deepEqual(sweep?.warmStart?.taken, { completed: 21, failed: 1 }, 'a new revision takes them anew');
  });

  it('a command warms a sweep that there is, as its file would', async () => {
    await service.submit(file('later', 'space: {x: {min: 0, max: 1}, epochs: 1}\nsampler: tpe\nbudget: {trials: 20}'));
    assert.equal((await service.sweep('later')).warmStart, null);
    const { sweep, preview } = await service.change('later', { warmStartFrom: ['first'] }, { dryRun: false });
    assert.deepEqual([sweep?.revision, sweep?.warmStart, preview.differences], [2, expected, ['warmStart.from: none -> [first]']]);
    assert.equal((await service.preview({ ...file('later', 'space: {x: {min: 0, max: 1}, epochs: 1}\nsampler: tpe\nbudget: {trials: 20}'), warmStartFrom: ['first'] })).standing, 'same');
  });

  it('an unknown sweep, itself and one of another objective are mistakes, all at once, and nothing is created', async () => {
    await service.submit(file('other', `space: {x: [0, 1], epochs: 1}`, '{maximize: val.error}'));
    const wrong = file('wrong', search('[frist, wrong, other]'));
    const message = [
      'wrong.yaml:7:20: warmStart.from[0]: found "frist", expected the name or id of a sweep of this home; did you mean first?',
      'wrong.yaml:7:27: warmStart.from[1]: found the sweep itself, expected another sweep; a sampler knows the trials of its own sweep anyway',
      'wrong.yaml:7:34: warmStart.from[2]: found "other", which is to maximize val.error, expected a sweep that is to minimize val.loss',
    ].join('\n');
    await assert.rejects(service.preview(wrong), { code: 'BadRequest', message });
    await assert.rejects(service.submit(wrong), { code: 'BadRequest', message });
    assert.equal(await store.findSweep('default', 'wrong'), null);
    await assert.rejects(service.change('first', { warmStartFrom: ['first'] }, { dryRun: false }), { code: 'BadRequest', message: /^warmStart\.from\[0\]: found the sweep itself/ });
  });

  it('with a sampler that learns from no trials nothing is taken', async () => {
    await service.submit(file('grid', 'space: {x: [0, 1], epochs: 1}\nwarmStart: {from: first}'));
    assert.equal((await service.sweep('grid')).warmStart, null);
  });
});
