import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAgainstData } from '../../../coordinator/sweep/check-data.js';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { epochCounts, resolveTrials } from '../../../coordinator/sweep/resolve.js';
import type { DataSummary, SweepSpec } from '../../../coordinator/sweep/spec.js';
import { CLASSICAL } from '../../../proto/models.js';
import type { ClassicalTrajectory } from '../../../proto/work.js';

const data: DataSummary = { manifest: 'a'.repeat(64), digest: 'b'.repeat(64), images: 100, classes: ['NORMAL', 'PNEUMONIA'], positive: 1, counts: { train: [20, 60], val: [5, 5], test: [5, 5] }, rejected: [], warnings: [] };

const lines = (text: string): string[] => {
  const result = parseSweepFile(text, 'a.yaml');
  return 'mistakes' in result ? result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)) : [];
};
const spec = (text: string): SweepSpec => {
  const result = parseSweepFile(text, 'a.yaml');
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return result.spec;
};

test('a classical model brings its own hyperparameters and one epoch, and nothing of a network', () => {
  const axes = (model: string): unknown => spec(`data: x\nmodel: ${model}`).axes.map(({ name, values }) => [name, ...values]);
  assert.deepEqual(axes('logistic-regression'), [['imageSize', 28], ['C', 1], ['maxIter', 1000], ['epochs', 1], ['classWeights', 'none']]);
  assert.deepEqual(axes('knn'), [['imageSize', 28], ['neighbors', 5], ['weights', 'uniform'], ['epochs', 1]]);
  assert.deepEqual(axes('svm'), [['imageSize', 28], ['C', 1], ['gamma', 'scale'], ['epochs', 1], ['classWeights', 'none']]);
  assert.deepEqual(axes('random-forest'), [['imageSize', 28], ['trees', 100], ['maxDepth', null], ['maxFeatures', 'sqrt'], ['minSamplesLeaf', 1], ['epochs', 1], ['classWeights', 'none']]);
});

test('its trials are trajectories of one epoch that hold all that they are fitted with', () => {
  const trials = resolveTrials(spec('data: x\nmodel: svm\nspace: {gamma: [scale, 0.01], classWeights: [none, balanced]}\nseed: 7'), data, 'js:float64:decodeX');
  assert.deepEqual(trials.map(({ epochs }) => epochs.length), [1, 1, 1, 1]);
  assert.equal(epochCounts(trials).distinct, 4);
  assert.deepEqual(trials[0]?.trajectory, {
    format: 1, trainable: 'classical', version: 1, numerics: 'js:float64:decodeX', data: data.digest, classes: 2,
    input: { height: 28, width: 28, channels: 1, resize: 'stretch', normalisation: 'scale' }, model: { name: 'svm', knobs: { C: 1, gamma: 'scale' } }, seed: 7, replicate: 0, salt: null,
  } satisfies ClassicalTrajectory);
  assert.deepEqual(trials[0].epochs, [{ classWeights: null, trainFraction: 1, dataSeed: 7 }]);
  // 80 / (2 x 20) and 80 / (2 x 60).
  assert.deepEqual(trials[1]?.epochs, [{ classWeights: [2, 80 / 120], trainFraction: 1, dataSeed: 7 }]);
});

test('words stand beside numbers in the knobs that have them, ranges too', () => {
  const values = (knob: string, written: string): unknown => spec(`data: x\nmodel: ${knob === 'gamma' ? 'svm' : 'random-forest'}\nspace: {${knob}: ${written}}`).axes[0]?.values;
  assert.deepEqual(values('gamma', '[scale, auto, 0.1]'), ['scale', 'auto', 0.1]);
  assert.deepEqual(values('gamma', '{min: 0.001, max: 0.1, scale: log, points: 3}'), [0.001, 0.01, 0.1]);
  assert.deepEqual(values('maxDepth', '[null, {from: 4, to: 8, step: 4}]'), [null, 4, 8]);
  assert.deepEqual(values('maxFeatures', '[sqrt, log2, 0.3]'), ['sqrt', 'log2', 0.3]);
  assert.deepEqual(lines('data: x\nmodel: svm\nspace: {gamma: [scale, wide]}'), ['a.yaml:3:24: space.gamma[1]: found "wide", expected scale, auto or a number from 1e-12 to 1000000 or {from, to, step}']);
});

test('what only networks have is a mistake at its place, for every classical model', () => {
  for (const { name, takesClassWeights } of CLASSICAL) {
    const network = ['batch: 8', 'lr: 0.1', 'dropout: 0.5', 'optimizer: adam', 'augment: {flip: horizontal}', 'accumulate: 1', 'l2: 0.1', 'head: sigmoid', 'clipNorm: 1', 'labelSmoothing: 0.1', 'freeze: all'];
    const found = lines(`data: x\nmodel: ${name}\nweights: ./base.h5\nspace:\n  epochs: [1, 3]\n${network.map((line) => `  ${line}\n`).join('')}`);
    assert.ok(found.some((line) => line.startsWith(`a.yaml:3:1: weights: found weights beside ${name}, expected a network of the zoo`)), found.join('\n'));
    assert.ok(found.includes(`a.yaml:5:11: space.epochs: found 3, expected 1 for ${name}; a classical model is fitted in one epoch: leave epochs out`), found.join('\n'));
    for (const [index, line] of network.entries()) {
      const knob = line.split(':')[0] ?? '';
      assert.ok(found.some((mistake) => mistake.startsWith(`a.yaml:${6 + index}:3: space.${knob}: found ${knob} for ${name}, expected one of imageSize, epochs, trainFraction, `)), `${knob}\n${found.join('\n')}`);
    }
    assert.equal(lines(`data: x\nmodel: ${name}\nspace: {classWeights: balanced}`).length, takesClassWeights ? 0 : 1);
  }
});

test('knobs of classical models are foreign to networks, and costs to classical models', () => {
  assert.deepEqual(lines('data: x\nspace: {neighbors: 3}'), ['a.yaml:2:9: space.neighbors: found neighbors for garth-cnn, expected one of filters, fcWidth as its knobs; only knn has it']);
  assert.deepEqual(lines("data: x\nmodel: svm\nspace: {C: [1, 10]}\nconstraints: ['C < 5', 'memory < 1e9']").length, 1);
  assert.deepEqual(spec("data: x\nmodel: svm\nspace: {C: [1, 10]}\nconstraints: ['C < 5']").constraints, ['C < 5']);
});

test('more neighbours than there are training images are refused once these are counted', () => {
  const problems = (space: string) => checkAgainstData(spec(`data: x\nmodel: knn\nspace: {${space}}`), data).map(({ path, found, expected }) => [path.join('.'), found, expected]);
  assert.deepEqual(problems('neighbors: [5, 80]'), []);
  assert.deepEqual(problems('neighbors: [5, 81]'), [['space.neighbors', '81', 'at most the number of training images, 80']]);
  assert.deepEqual(problems('neighbors: [5, 50], trainFraction: [1, 0.5]'), [['space.neighbors', '50', 'at most the number of training images, 40']]);
});
