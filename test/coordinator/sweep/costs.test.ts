import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampledAssignments } from '../../../coordinator/sampler/assignments.js';
import { searchOf } from '../../../coordinator/sampler/search.js';
import { checkCosts } from '../../../coordinator/sweep/check-constraints.js';
import { costsFor } from '../../../coordinator/sweep/costs.js';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { costWarningsOf } from '../../../coordinator/sweep/warnings.js';
import type { SweepSpec } from '../../../coordinator/sweep/spec.js';
import { structureName, type ModelModule } from '../../../proto/model-module.js';

const digits = { classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] };

function spec(text: string, module: ModelModule | null = null): SweepSpec {
  const result = parseSweepFile(text, 'a.yaml', module);
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return result.spec;
}
const costs = (text: string, module: ModelModule | null = null) => {
  const parsed = spec(text, module);
  const costOf = costsFor(parsed, digits, module);
  return [...sampledAssignments(parsed)].map((assignment) => costOf?.(assignment) ?? null);
};
const kept = (text: string, name: string): unknown[] => {
  const parsed = spec(text);
  return [...sampledAssignments(parsed, costsFor(parsed, digits, null))].map((assignment) => assignment[name]);
};

test('parameters and multiply-adds are those of the layers', () => {
  // By hand, per layer: 5 x 5 x 1 x 6 + 6; 5 x 5 x 6 x 16 + 16; 400 x 120 + 120; 120 x 84 + 84; 84 x 10 + 10 (LeCun 1998, figure 2).
  const parameters = 156 + 2416 + 48_120 + 10_164 + 850;
  // Each weight once per place of the output: 28 x 28, 10 x 10, and once for the dense layers.
  const multiplyAdds = 150 * 28 * 28 + 2400 * 10 * 10 + 48_000 + 10_080 + 840;
  const [cost] = costs("data: x\nmodel: lenet5\nspace: {imageSize: 28}\nconstraints: ['parameters > 0']");
  assert.deepEqual([cost?.parameters, cost?.multiplyAdds], [parameters, multiplyAdds]);
});

test('memory grows with batch and image size, and shrinks with the parts of a batch', () => {
  const [small, ...larger] = costs("data: x\nmodel: lenet5\nspace: {batch: [8, 64], accumulate: [1, 8], imageSize: [28, 56]}\nconstraints: ['memory > 0']").map((cost) => cost?.memory ?? 0);
  assert.equal(larger.length, 7);
  const [b8a1s56 = 0, b8a8s28 = 0, , b64a1s28 = 0, b64a1s56 = 0, b64a8s28 = 0] = larger;
  assert.ok((small ?? 0) > b8a8s28 && b8a1s56 > (small ?? 0) && b64a1s28 > (small ?? 0) && b64a1s56 > b64a1s28 && b64a8s28 < b64a1s28);
  // The first two feature maps of 64 images alone, in float32.
  assert.ok(b64a1s28 > 4 * 64 * (28 * 28 * 6 + 10 * 10 * 16) && b64a1s28 < 100e6, String(b64a1s28));
});

test('no trial is made of settings that cost too much', () => {
  assert.deepEqual(kept("data: x\nmodel: lenet5\nspace: {fcWidth: [60, 120, 200], imageSize: 28}\nconstraints: ['parameters <= 61706']", 'fcWidth'), [60, 120]);
  assert.deepEqual(kept("data: x\nmodel: lenet5\nspace: {fcWidth: [60, 120], batch: [8, 8192], imageSize: 28}\nconstraints: ['memory <= 20e6 && multiplyAdds < 5e5']", 'batch'), [8, 8]);
  const drawn = kept("data: x\nmodel: lenet5\nspace: {fcWidth: {min: 1, max: 200}, imageSize: 28}\nsampler: random\nbudget: {trials: 20}\nconstraints: ['parameters <= 61706']", 'fcWidth');
  assert.ok(drawn.length === 20 && drawn.every((width) => Number(width) <= 120), drawn.join());
});

test('proposals while a sweep runs are turned down by their costs too', () => {
  const parsed = spec("data: x\nmodel: lenet5\nspace: {fcWidth: {min: 1, max: 200}, imageSize: 28}\nsampler: tpe\nbudget: {trials: 20}\nconstraints: ['parameters <= 61706']");
  const search = searchOf(parsed, costsFor(parsed, digits, null));
  assert.deepEqual([120, 121].map((fcWidth) => search?.accepts(search.assignmentOf([fcWidth]))), [true, false]);
});

test('costs that nothing meets are a mistake once the classes are known, with the least that there are', () => {
  const problems = (text: string) => checkCosts(spec(text), digits, null).map(({ path, found, suggestion }) => `${path.join('.')}: ${found}; ${suggestion ?? ''}`);
  const text = (limit: number): string => `data: x\nmodel: lenet5\nspace: {fcWidth: [60, 120], imageSize: 28}\nconstraints: ['parameters <= ${limit}']`;
  // 60: 156 + 2416 + 24060 + 60 x 84 + 84 + 850 = 32606.
  assert.deepEqual(problems(text(1000)), ['constraints: constraints that none of 2 settings meets; the least have parameters 32606; loosen one of them, or widen space']);
  assert.deepEqual(problems(text(40_000)), []);
  assert.deepEqual(problems("data: x\nconstraints: ['batch > 0']"), []);
});

test('settings that cost too much at the beginning of a large grid do not hide those that do not', () => {
  // 2,100 cells with too wide a layer come first.
  const text = "data: x\nmodel: lenet5\nspace: {fcWidth: [500, 60], batch: [{from: 1, to: 2100, step: 1}], imageSize: 28}\nbudget: {trials: 5000}\nconstraints: ['parameters <= 40000']";
  assert.deepEqual(checkCosts(spec(text), digits, null), []);
});

test('what a model costs that eager alone can train is told where it is asked for', () => {
  const input = { height: 28, width: 28, channels: 1 as const, classes: 10 };
  const topology = { class_name: 'Sequential', config: { name: 'module', layers: [{ class_name: 'Reshape', config: { name: 'reshape_1', batch_input_shape: [null, 28, 28, 1], target_shape: [28, 28] } }, { class_name: 'LSTM', config: { name: 'lstm_1', units: 8 } }, { class_name: 'Dense', config: { name: 'dense_1', units: 10, activation: 'softmax' } }] } } as const;
  const module: ModelModule = { path: './rnn.ts', digest: 'd', knobs: [], topologies: [topology], builds: { [structureName({ settings: {}, input })]: 0 } };
  const text = "data: x\nmodel: ./rnn.ts\nspace: {imageSize: 28}\nconstraints: ['batch > 0', 'parameters > 0']";
  const [problem] = checkCosts(spec(text, module), digits, module);
  assert.deepEqual(problem?.path, ['constraints', 1]);
  assert.match(problem.found, /Reshape \(layer "reshape_1"\)/);
  assert.match(problem.expected, /--engine eager/);
});

test('a grid says how many combinations cost too much once the classes are known', () => {
  const said = (text: string) => costWarningsOf(spec(text), digits, null).map(({ path, text: warning }) => `${path.join('.')}: ${warning}`);
  const text = "data: x\nmodel: lenet5\nspace: {fcWidth: [60, 120, 200], batch: [8, 16], imageSize: 28}\n";
  assert.deepEqual(said(`${text}constraints: ['parameters <= 61706']`), ['constraints: 2 of the 6 combinations do not meet them and are left out']);
  assert.deepEqual(said(`${text}constraints: ['parameters <= 1e9']`), []);
  assert.deepEqual(said(`${text}constraints: ['batch < 16']`), [], 'what speaks of no costs was said before');
});

test('a trainable without a model has no costs to name', () => {
  const result = parseSweepFile("trainable: {synthetic: {metrics: {m: 1}}}\nspace: {epochs: 1}\nconstraints: ['memory < 1e9']", 'a.yaml');
  assert.ok('mistakes' in result);
  assert.match(result.mistakes[0]?.found ?? '', /the name memory/);
});
