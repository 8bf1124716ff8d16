import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Told } from '../../../coordinator/trial/told.js';
import { SweepProposing } from '../../../coordinator/leader/proposing.js';
import type { Observation } from '../../../coordinator/sampler/sampler.js';
import { samplerOf } from '../../../coordinator/sampler/make.js';
import { searchOf } from '../../../coordinator/sampler/search.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { replicateOf, replicatesOf } from '../../../coordinator/sweep/replicates.js';
import { Resolver } from '../../../coordinator/sweep/resolve.js';

function sweep(more: string): { readonly proposing: () => SweepProposing; readonly seen: Observation[] } {
  const parsed = parseSweepFile(`trainable: {synthetic: {metrics: {val.loss: 'x'}}}\nspace: {x: {min: 0, max: 1}, epochs: 2}\nsampler: tpe\n${more}`, 'a.yaml');
  if ('mistakes' in parsed) assert.fail(JSON.stringify(parsed.mistakes));
  const { spec } = parsed;
  const seen: Observation[] = [];
  const proposing = (): SweepProposing => {
    const sampler = samplerOf(spec);
    const observe = (observation: Observation): void => {
      seen.push(observation);
      sampler.observe(observation);
    };
    const host = { observe, propose: (number: number, again: number) => Promise.resolve(sampler.propose(number, again)), close: () => undefined };
    return new SweepProposing(searchOf(spec) ?? assert.fail(), host, new Resolver({ spec, data: null, numerics: 'none', module: null }), replicatesOf(spec));
  };
  return { proposing, seen };
}

const said = ({ number, state, value, shortfall, epochs }: Observation): unknown => ({ number, state, value, shortfall, epochs });
const completed = (number: number, value: number, shortfall = 0): Told => ({ number, state: 'completed', value, shortfall, epochs: 2 });

test('replicates of one assignment are trials with numbers of their own, and the budget counts assignments', async () => {
  const proposing = sweep('replicates: 3\nbudget: {trials: 2}').proposing();
  assert.equal(proposing.left, 6);
  const first = await proposing.propose(1);
  assert.deepEqual(first.map((plan) => [plan.number, replicateOf(plan)]), [[0, 0], [1, 1], [2, 2]]);
  assert.equal(new Set(first.map(({ assignment }) => assignment.x)).size, 1);
  assert.equal(proposing.left, 3);
  const second = await proposing.propose(9);
  assert.deepEqual(second.map((plan) => [plan.number, replicateOf(plan)]), [[3, 0], [4, 1], [5, 2]]);
  assert.notEqual(second[0]?.assignment.x, first[0]?.assignment.x);
  assert.equal(proposing.more, false);
});

test('a constraint that one setting in a thousand meets does not end the search', async () => {
  const proposing = sweep("constraints: ['x < 0.001']\nbudget: {trials: 5}").proposing();
  assert.equal((await proposing.propose(5)).length, 5);
  assert.equal(proposing.exhausted, false);
});

test('the sampler is told the mean over replicates once all have ended, and until then that they are pending', async () => {
  const { proposing, seen } = sweep('replicates: 3\nbudget: {trials: 4}');
  const search = proposing();
  await search.propose(4);
  const pending = { state: 'pending', value: null, shortfall: 0, epochs: 0 };
  assert.deepEqual(seen.splice(0).map(said), [{ number: 0, ...pending }, { number: 1, ...pending }]);
  search.tell(completed(4, 0.5));
  search.tell(completed(0, 1));
  search.tell(completed(2, 3, 0.3));
  assert.deepEqual(seen, []);
  search.tell(completed(1, 5));
  // (1 + 5 + 3) / 3 and 0.3 / 3.
  assert.deepEqual(seen.splice(0).map(said), [{ number: 0, state: 'completed', value: 3, shortfall: 0.3 / 3, epochs: 2 }]);
  search.tell({ number: 3, state: 'failed', value: null, shortfall: 0, epochs: 0 });
  search.tell({ number: 5, state: 'pruned', value: 2, shortfall: 0, epochs: 1 });
  assert.deepEqual(seen.map(said), [{ number: 1, state: 'failed', value: null, shortfall: 0, epochs: 0 }]);
});

test('a search that takes up stored trials knows them by the numbers that it gave, and proposes what it would have', async () => {
  const whole = sweep('replicates: 2\nbudget: {trials: 3}').proposing();
  const plans = await whole.propose(6);
  const { proposing, seen } = sweep('replicates: 2\nbudget: {trials: 3}');
  const again = proposing();
  for (const plan of plans.slice(0, 4)) {
    again.adopt(plan);
    again.tell({ number: plan.number, state: 'pending', value: null, shortfall: 0, epochs: 0 });
  }
  assert.deepEqual(seen.map(({ number }) => number), [0, 1]);
  assert.deepEqual(await again.propose(6), plans.slice(4));
});

test('without replicates the sampler knows trials by their numbers', async () => {
  const { proposing, seen } = sweep('budget: {trials: 2}');
  const search = proposing();
  assert.deepEqual((await search.propose(2)).map(({ number }) => number), [0, 1]);
  search.tell(completed(1, 0.25));
  assert.deepEqual(said(seen.at(-1) ?? assert.fail()), { number: 1, state: 'completed', value: 0.25, shortfall: 0, epochs: 2 });
});
