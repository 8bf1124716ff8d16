/** What a sweep file says of pretrained weights, and what its trials become. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { resolveTrials } from '../../../coordinator/sweep/resolve.js';
import type { DataSummary, TrialPlan } from '../../../coordinator/sweep/spec.js';
import type { WeightsSource } from '../../../proto/pretrained.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../../proto/work.js';

const DATA: DataSummary = { manifest: 'm', digest: 'd', images: 10, classes: ['a', 'b'], positive: 1, counts: { train: [3, 3], val: [1, 1], test: [1, 1] }, rejected: [], warnings: [] };
const WEIGHTS: WeightsSource = { blob: 'b'.repeat(64), bytes: 1, names: 'keras', layers: ['conv2d_1', 'activation_1', 'conv2d_2', 'activation_2', 'flatten_1', 'dense_1'], usualCut: 'activation_2' };

function lines(text: string, weights: WeightsSource | null = WEIGHTS): string[] {
  const parsed = parseSweepFile(text, 'a.yaml', null, null, null, weights);
  return 'mistakes' in parsed ? parsed.mistakes.map((mistake) => formatMistake('a.yaml', mistake)) : [];
}

function plans(text: string, weights: WeightsSource | null = WEIGHTS): TrialPlan[] {
  const parsed = parseSweepFile(text, 'a.yaml', null, null, null, weights);
  if ('mistakes' in parsed) assert.fail(lines(text, weights).join('\n'));
  return resolveTrials(parsed.spec, DATA, 'n');
}

const trajectoryOf = (plan: TrialPlan | undefined): ImageTrajectory => plan?.trajectory as ImageTrajectory;
const basesOf = (plan: TrialPlan | undefined): unknown[] => plan?.epochs.map((settings) => (settings as ImageEpochSettings).base) ?? [];

test('a trial has its base and head in its model, and what is trained of the base in each epoch', () => {
  const [plan] = plans('data: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 4, freeze: 2, unfreezeAt: 2, baseLr: 0.0001, cutAt: activation_1, headPooling: flatten, headUnits: [[16, 8]]}');
  assert.deepEqual(trajectoryOf(plan).model.transfer, { weights: WEIGHTS.blob, cutAt: 'activation_1', pooling: 'flatten', hidden: [16, 8] });
  const lr = Math.fround(0.0001);
  assert.deepEqual(basesOf(plan), [{ freeze: 2, lr }, { freeze: 2, lr }, { freeze: 'none', lr }, { freeze: 'none', lr }]);
});

test('what is not named is a frozen base to the usual cut, and an output behind average pooling', () => {
  const [plan] = plans('data: x\nmodel: cnn\nweights: {file: w.h5}\nspace: {epochs: 2}');
  assert.deepEqual(trajectoryOf(plan).model.transfer, { weights: WEIGHTS.blob, cutAt: null, pooling: 'average', hidden: [] });
  assert.deepEqual(basesOf(plan), [{ freeze: 'all' }, { freeze: 'all' }]);
});

test('trials share the epochs before their bases thaw, and those of a rate that nothing has', () => {
  const [never, third, other] = plans('data: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 5, dropout: 0}\nsampler: {list: [{unfreezeAt: null}, {unfreezeAt: 3, baseLr: {factor: 0.1}}, {unfreezeAt: 3, baseLr: {factor: 0.5}}]}');
  assert.deepEqual(third?.path.slice(0, 3), never?.path.slice(0, 3));
  assert.notEqual(third?.path[3], never?.path[3]);
  assert.deepEqual(other?.path.slice(0, 3), third?.path.slice(0, 3));
  assert.notEqual(other?.path[3], third?.path[3]);
});

test('all of it is swept: axes inside baseLr, layers by name and number, heads of several layers', () => {
  assert.equal(plans('data: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 1, freeze: [none, 1, all], baseLr: [0.001, {factor: {min: 0.01, max: 1, scale: log, points: 3}}], headUnits: [0, 32, [64, 32]], cutAt: [null, activation_1]}').length, 3 * 4 * 3 * 2);
});

test('the weights decide how images are normalised, unless the file does', () => {
  const normalisation = (text: string, names: WeightsSource['names']): string => trajectoryOf(plans(text, { ...WEIGHTS, names })[0]).input.normalisation;
  const sweep = (model: string, more = ''): string => `data: {path: x, channels: rgb${more}}\nmodel: ${model}\nweights: w\nspace: {epochs: 1}`;
  assert.equal(normalisation(sweep('efficientnet-lite0'), 'torch'), 'lite');
  assert.equal(normalisation(sweep('mobilenetv2'), 'keras'), 'tf');
  assert.equal(normalisation(sweep('mobilenetv2'), 'torch'), 'torch');
  assert.equal(normalisation(sweep('vgg16'), 'keras'), 'caffe');
  assert.equal(normalisation(sweep('cnn'), 'keras'), 'scale');
  assert.equal(normalisation(sweep('vgg16', ', normalisation: standardise'), 'keras'), 'standardise');
});

test('the weights are part of every key; a sweep without any has no field of them', () => {
  const file = 'data: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 1}';
  const key = (weights: WeightsSource): string | undefined => plans(file, weights)[0]?.path[0];
  assert.notEqual(key(WEIGHTS), key({ ...WEIGHTS, blob: 'c'.repeat(64) }));
  const [plain] = plans('data: x\nmodel: cnn\nspace: {epochs: 1}');
  assert.ok(!('transfer' in trajectoryOf(plain).model) && !('base' in (plain?.epochs[0] ?? {})));
});

test('mistakes name the layer, the depth and the place', () => {
  const sweep = (space: string): string => `data: x\nmodel: cnn\nweights: w.h5\nspace: {${space}}`;
  const one = (text: string, line: string): void => assert.deepEqual(lines(text), [line]);
  one(sweep('freeze: 9'), 'a.yaml:4:17: space.freeze: found 9, expected at most the 4 layers of the base, which ends with activation_2; write all for the whole base');
  one(sweep('freeze: 3, cutAt: [null, activation_1]'), 'a.yaml:4:17: space.freeze: found 3, expected at most the 2 layers of the base, which ends with activation_1; write all for the whole base');
  one(sweep('cutAt: activation2'), 'a.yaml:4:16: space.cutAt: found "activation2", expected a layer of the model; did you mean activation_2?');
  one(sweep('freeze: dense_1'), 'a.yaml:4:17: space.freeze: found "dense_1", expected a layer of the base, which ends with activation_2; `trawl model NAME` lists them');
  one('data: x\nmodel: cnn\nspace: {freeze: all}', 'a.yaml:3:9: space.freeze: found freeze without weights, expected weights: FILE beside it; without pretrained weights there is no base');
  one(sweep('headUnits: [[]]'), 'a.yaml:4:21: space.headUnits[0]: found [], expected a number of neurons (0 for no layer), or a list of them in a list');
  one(sweep('unfreezeAt: 0'), 'a.yaml:4:21: space.unfreezeAt: found 0, expected a whole number from 1 to 100000');
  one('data: x\nmodel: cnn\nweights: {file: w.h5, sha256: abc}', 'a.yaml:3:31: weights.sha256: found "abc", expected a SHA-256: 64 hexadecimal digits');
});
