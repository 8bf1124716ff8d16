import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampledAssignments } from '../../../coordinator/sampler/assignments.js';
import { replacementsOf, type SweepChange } from '../../../coordinator/sweep/change.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { rewrite } from '../../../coordinator/sweep/rewrite.js';
import type { SweepSpec } from '../../../coordinator/sweep/spec.js';

function specOf(text: string): SweepSpec {
  const parsed = parseSweepFile(text, 'a.yaml');
  assert.ok('spec' in parsed, JSON.stringify('mistakes' in parsed ? parsed.mistakes : null));
  return parsed.spec;
}

/** What the changed file says; fails where the change is wrong. */
function changed(text: string, change: SweepChange): SweepSpec {
  const { replacements, problems } = replacementsOf(change, text, specOf(text));
  assert.deepEqual(problems, []);
  return specOf(rewrite(text, replacements));
}

function problemOf(text: string, change: SweepChange): string {
  const { problems } = replacementsOf(change, text, specOf(text));
  return problems.map(({ path, found, expected }) => `${path.join('.')}: ${found}, not ${expected}`).join('\n');
}

const axis = (spec: SweepSpec, name: string): unknown => spec.axes.find((each) => each.name === name)?.values;

test('new values stand after those that there are, however the axis is written', () => {
  const add = { lr: [0.003, 0.001] };
  assert.deepEqual(axis(changed('data: x\nspace: {lr: 0.01}', { add }), 'lr'), [0.01, 0.003, 0.001]);
  assert.deepEqual(axis(changed('data: x\nspace: {lr: [0.01, 0.02]}', { add }), 'lr'), [0.01, 0.02, 0.003, 0.001]);
  assert.deepEqual(axis(changed('data: x\nspace: {lr: {min: 0.1, max: 0.3, points: 3}}', { add }), 'lr'), [0.1, 0.2, 0.3, 0.003, 0.001]);
  assert.deepEqual(axis(changed('data: x\nspace: {lr: {piecewise: {initial: 0.01, factor: 0.2, every: 5}}}', { add }), 'lr'), [{ piecewise: { initial: 0.01, factor: 0.2, every: 5 } }, 0.003, 0.001]);
  // garth-cnn's published dropout is 0.5 (docs/sweep-file.md, model).
  assert.deepEqual(axis(changed('data: x', { add: { dropout: [0.3] } }), 'dropout'), [0.5, 0.3]);
});

test('more epochs make the longest trials longer, and leave shorter ones', () => {
  assert.deepEqual(axis(changed('data: x\nspace: {epochs: 5}', { epochs: 9 }), 'epochs'), [9]);
  assert.deepEqual(axis(changed('data: x\nspace: {epochs: [5, 20, 10]}', { epochs: 40 }), 'epochs'), [5, 40, 10]);
  assert.deepEqual(axis(changed('data: x', { epochs: 120 }), 'epochs'), [120]);
  assert.match(problemOf('data: x\nspace: {epochs: [5, 20]}', { epochs: 20 }), /^space\.epochs: 20, not more than 20/);
});

test('more epochs leave the base point of sampler axes what it is', () => {
  const text = 'data: x\nspace: {epochs: [20, 5], lr: [0.01, 0.1]}\nsampler: axes';
  const trials = (spec: SweepSpec): unknown[] => [...sampledAssignments(spec)].map(({ epochs, lr }) => [epochs, lr]);
  assert.deepEqual(trials(specOf(text)), [[20, 0.01], [5, 0.01], [20, 0.1]]);
  assert.deepEqual(trials(changed(text, { epochs: 40 })), [[40, 0.01], [5, 0.01], [40, 0.1]]);
});

test('what a list says of its trials is not changed in space', () => {
  const list = 'data: x\nsampler: {list: [{lr: 0.1, epochs: 2}, {lr: 0.2, epochs: 4}]}';
  assert.match(problemOf(list, { epochs: 9 }), /^space\.epochs: 9 for a list whose trials name their own epochs/);
  assert.match(problemOf(list, { add: { lr: [0.5] } }), /^space\.lr: \[0\.5\] for sampler list/);
  assert.deepEqual(axis(changed('data: x\nspace: {epochs: 2}\nsampler: {list: [{lr: 0.1}, {lr: 0.2}]}', { epochs: 9 }), 'epochs'), [9]);
});

test('a range is widened as a whole, never narrowed', () => {
  const text = 'data: x\nspace: {lr: {min: 0.001, max: 0.1, scale: log}}\nsampler: tpe\nbudget: {trials: 9}';
  const wider = changed(text, { add: { lr: [{ min: 0.0001, max: 0.1 }] } }).axes.find(({ name }) => name === 'lr')?.range;
  assert.deepEqual(wider, { min: 0.0001, max: 0.1, type: 'float', log: true });
  assert.match(problemOf(text, { add: { lr: [{ min: 0.01, max: 0.2 }] } }), /not \{min, max\} with at least all from 0\.001 to 0\.1/);
  assert.match(problemOf(text, { add: { lr: [0.5] } }), /^space\.lr/);
});

test('more trials are for samplers that draw; fewer, values that are there and unknown names are refused', () => {
  assert.equal(changed('data: x\nspace: {lr: [0.1, 0.2]}\nsampler: sobol\nbudget: {trials: 8}', { trials: 16 }).budget.trials, 16);
  assert.match(problemOf('data: x', { trials: 16 }), /^budget\.trials: 16 for sampler grid, not/);
  assert.match(problemOf('data: x\nspace: {lr: [0.1, 0.2]}\nsampler: sobol\nbudget: {trials: 8}', { trials: 8 }), /not more than 8/);
  assert.match(problemOf('data: x\nspace: {lr: [0.01]}', { add: { lr: [0.01] } }), /not a value that is not there yet/);
  assert.match(problemOf('data: x', { add: { l2: [0.1] } }), /^space\.l2/);
});

test('budget and pruner are replaced, and taken out by null', () => {
  const text = 'data: x\nspace: {lr: {min: 0.001, max: 0.1}}\nsampler: tpe\nbudget: {trials: 9, wallClock: 1h}\npruner: asha';
  const edited = changed(text, { budget: { trials: 20, wallClock: null }, pruner: 'none' });
  assert.deepEqual([edited.budget.trials, edited.budget.wallClockMs, edited.pruner], [20, null, null]);
});

test('priority and concurrency are set, and taken out by null', () => {
  const text = 'data: x\nspace: {lr: 0.1}\npriority: 1\nconcurrency: 2';
  const [raised, lifted] = [changed(text, { priority: 5 }), changed(text, { priority: null, concurrency: null })];
  assert.deepEqual([raised.priority, raised.concurrency, lifted.priority, lifted.concurrency], [5, 2, undefined, undefined]);
});

test('a rewritten file keeps its comments; through an alias it is written anew', () => {
  const text = '# my sweep\nname: a\ndata: x # images\nspace:\n  lr: [0.01] # rates\n';
  const made = rewrite(text, [{ path: ['space', 'lr'], value: [0.01, 0.02] }, { path: ['budget', 'trials'], value: 4 }]);
  assert.match(made, /^# my sweep\n/);
  assert.match(made, /x # images/);
  assert.deepEqual(specOf(made).budget.trials, 4);
  const aliased = 'data: x\nspace: &s {lr: [0.01]}\n';
  assert.deepEqual(axis(specOf(rewrite(aliased, [{ path: ['space', 'lr'], value: [0.02] }])), 'lr'), [0.02]);
});
