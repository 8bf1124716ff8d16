import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAgainstData } from '../../../coordinator/sweep/check-data.js';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';

function mistakes(text: string, val: readonly number[] = [3, 3], classes: readonly string[] = ['NORMAL', 'PNEUMONIA']): string[] {
  const result = parseSweepFile(text, 'a.yaml');
  assert.ok('spec' in result);
  return result.place(checkAgainstData(result.spec, { classes, counts: { train: [9, 9], val, test: [] } })).map((mistake) => formatMistake('a.yaml', mistake));
}

test('classes that the data have are accepted everywhere', () => {
  assert.deepEqual(mistakes(`data: {path: x, positive: NORMAL}
space: {classWeights: [{NORMAL: 2}, balanced]}
objective: {maximize: 'val.f1[NORMAL]', floors: {'val.recall[PNEUMONIA]': 0.9}}
stop: {monitor: val.loss, patience: 2}`), []);
});

test('classes that the data lack are mistakes at their places, with a suggestion', () => {
  const expected = 'expected one of NORMAL, PNEUMONIA';
  assert.deepEqual(mistakes(`data: {path: x, positive: normal}
space: {classWeights: {PNEUMONA: 2}}
objective: {maximize: 'val.f1[CAT]', floors: {'val.recall[PNEUMONIE]': 0.9}}
stop: {monitor: 'val.recall[X]', patience: 2}`), [
    `a.yaml:1:27: data.positive: found the class "normal", ${expected}; did you mean NORMAL?`,
    `a.yaml:2:24: space.classWeights.PNEUMONA: found the class "PNEUMONA", ${expected}; did you mean PNEUMONIA?`,
    `a.yaml:3:23: objective.maximize: found the class "CAT", ${expected}`,
    `a.yaml:3:47: objective.floors['val.recall[PNEUMONIE]']: found the class "PNEUMONIE", ${expected}; did you mean PNEUMONIA?`,
    `a.yaml:4:17: stop.monitor: found the class "X", ${expected}`,
  ]);
});

test('metrics that no epoch will report are mistakes: of a validation part that is not there, or of too many curves', () => {
  const alone = mistakes('data: x\nobjective: {maximize: val.recall}\nstop: {patience: 2}', [0, 0]);
  assert.equal(alone.length, 2);
  assert.match(alone[0] ?? '', /^a\.yaml:2:23: objective\.maximize: found val\.recall without images to validate on, expected a validation part; write data\.split/);
  assert.deepEqual(mistakes('data: x\nobjective: {minimize: train.loss}', [0, 0]), []);
  assert.match(mistakes('data: x\nspace: {lr: [0.1, {warmup: {epochs: 1, to: {plateau: {initial: 0.1}}}}]}\nobjective: {minimize: train.loss}', [0, 0]).join(), /^a\.yaml:2:13: space\.lr: found val\.loss without images to validate on/);
  assert.deepEqual(mistakes('data: x\nspace: {lr: {plateau: {initial: 0.1, monitor: train.loss}}}\nobjective: {minimize: train.loss}', [0, 0]), []);
  const many = Array.from({ length: 21 }, (_, index) => `c${index}`);
  assert.match(mistakes("data: x\nobjective: [{maximize: val.auc}, {maximize: 'val.specificityAtSensitivity[0.9]'}]", [3], many)[0] ?? '', /^a\.yaml:2:45: objective\[1\]\.maximize: found .* of 21 classes, expected at most 20 classes/);
});

test('a sigmoid is for two classes', () => {
  const text = 'data: x\nspace: {head: [softmax, sigmoid]}';
  assert.deepEqual(mistakes(text), []);
  assert.deepEqual(mistakes(text, [3, 3, 3], ['A', 'B', 'C']), ['a.yaml:2:15: space.head: found "sigmoid", expected softmax for 3 classes; a sigmoid tells two classes apart']);
  const listed = 'data: x\nsampler:\n  list:\n    - {head: softmax}\n    - {head: sigmoid}';
  assert.deepEqual(mistakes(listed, [3, 3, 3], ['A', 'B', 'C']), ['a.yaml:5:14: sampler.list[1].head: found "sigmoid", expected softmax for 3 classes; a sigmoid tells two classes apart']);
});
