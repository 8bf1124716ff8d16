import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampledAssignments } from '../../../coordinator/sampler/assignments.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { Assignment } from '../../../coordinator/sweep/spec.js';

function trials(space: string, rest: string): Assignment[] {
  const result = parseSweepFile(`trainable: {synthetic: {metrics: {val.loss: 'epoch'}}}\nspace: ${space}\n${rest}`, 'a.yaml');
  assert.ok('spec' in result, JSON.stringify(result));
  return [...sampledAssignments(result.spec)];
}
const shown = (all: readonly Assignment[]): string[] => all.map((each) => Object.values(each).map((value) => JSON.stringify(value)).join(' '));

test('axes changes one hyperparameter at a time round the first value of each', () => {
  assert.deepEqual(shown(trials('{a: [1, 2, 3], b: [x, y], epochs: 2}', 'sampler: axes')), ['1 "x" 2', '2 "x" 2', '3 "x" 2', '1 "y" 2']);
});

test('random and sobol with a budget are known before the sweep runs, each settings once, the same for the same seed', () => {
  for (const sampler of ['random', 'sobol']) {
    const space = '{a: {min: 0, max: 1}, n: {min: 1, max: 100, type: int, scale: log}, b: [x, y], epochs: 2}';
    const drawn = trials(space, `sampler: {${sampler}: {seed: 7}}\nbudget: {trials: 50}`);
    assert.equal(new Set(shown(drawn)).size, 50);
    assert.deepEqual(trials(space, `sampler: {${sampler}: {seed: 7}}\nbudget: {trials: 20}`), drawn.slice(0, 20), 'a larger budget keeps the trials of a smaller one');
    assert.notDeepEqual(trials(space, `sampler: ${sampler}\nbudget: {trials: 50}`), drawn);
    for (const { a, n } of drawn) assert.ok(Number(a) >= 0 && Number(a) <= 1 && Number.isInteger(n) && Number(n) >= 1 && Number(n) <= 100);
  }
});

test('a space that is used up ends the draw: each of its points once', () => {
  for (const sampler of ['random', 'sobol']) {
    const drawn = shown(trials('{a: [1, 2, 3], b: [true, false], epochs: 2}', `sampler: ${sampler}\nbudget: {trials: 100}`));
    assert.deepEqual(drawn.sort(), ['1 false 2', '1 true 2', '2 false 2', '2 true 2', '3 false 2', '3 true 2']);
  }
});

test('no sampler makes a trial that fails a constraint, and each still makes as many as it may', () => {
  const space = '{a: [1, 2, 3, 4, 5, 6], b: [1, 2, 3, 4, 5, 6], epochs: 2}';
  const met = ({ a, b }: Assignment): boolean => Number(a) + Number(b) <= 7;
  const trialsOf = (rest: string): Assignment[] => trials(space, `constraints: ['a + b <= 7']\n${rest}`);
  // 6 + 5 + 4 + 3 + 2 + 1 = 21 of 36 cells.
  for (const [rest, count] of [['', 21], ['sampler: {grid: {order: shuffled}}\nbudget: {trials: 15}', 15], ['sampler: random\nbudget: {trials: 100}', 21], ['sampler: sobol\nbudget: {trials: 12}', 12], ['sampler: axes', 11]] as const) {
    const all = trialsOf(rest);
    assert.ok(all.every(met), rest);
    assert.equal(new Set(shown(all)).size, count, rest);
  }
});

test('a constraint that few settings meet still gets as many trials as the budget has', () => {
  const rare = "{a: {min: 0, max: 1}, epochs: 2}";
  for (const sampler of ['random', 'sobol']) {
    // One setting in a thousand: of 200 draws eight in ten trials would find none.
    const drawn = trials(rare, `constraints: ['a < 0.001']\nsampler: ${sampler}\nbudget: {trials: 20}`);
    assert.equal(drawn.length, 20, sampler);
    // Two of 10,000 cells.
    const cells = trials('{a: {min: 1, max: 100, type: int}, b: {min: 1, max: 100, type: int}, epochs: 2}', `constraints: ['a + b == 2 || a + b == 200']\nsampler: ${sampler}\nbudget: {trials: 9}`);
    assert.deepEqual(shown(cells).sort(), ['1 1 2', '100 100 2'], sampler);
  }
});

test('what is proposed while a sweep runs is not known before', () => {
  const space = '{a: {min: 0, max: 1}, epochs: 2}';
  assert.deepEqual(trials(space, 'sampler: tpe\nbudget: {trials: 9}'), []);
  assert.deepEqual(trials(space, 'sampler: gp\nbudget: {trials: 9}'), []);
  assert.deepEqual(trials(space, 'sampler: random\nbudget: {wallClock: 1m}'), []);
});
