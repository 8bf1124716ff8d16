import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampledAssignments } from '../../../coordinator/sampler/assignments.js';
import { checkCosts } from '../../../coordinator/sweep/check-constraints.js';
import { differences } from '../../../coordinator/sweep/difference.js';
import type { ListFile } from '../../../coordinator/sweep/list-file.js';
import { formatMistake, listPathIn, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { SweepSpec } from '../../../coordinator/sweep/spec.js';

function spec(text: string, list: ListFile | null = null): SweepSpec {
  const result = parseSweepFile(text, 'a.yaml', null, list);
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return result.spec;
}
const lines = (text: string, list: ListFile | null = null): string[] => {
  const result = parseSweepFile(text, 'a.yaml', null, list);
  return 'mistakes' in result ? result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)) : [];
};
const pick = (parsed: SweepSpec, ...names: string[]): unknown[][] => [...sampledAssignments(parsed)].map((trial) => names.map((name) => trial[name]));
const file = (path: string, text: string | null, why?: string): ListFile => ({ path, shown: `folder/${path}`, text, why });

test('each listed trial is one, with the values of space and the defaults for what it leaves out', () => {
  const parsed = spec('data: x\nspace: {imageSize: 28, batch: 64}\nsampler:\n  list:\n    - {lr: 0.01, batch: 16}\n    - {lr: {cosine: {initial: 0.1, epochs: 20}}, optimizer: {adam: {beta2: 0.99}}}\n    - {l2: 0.1}');
  assert.deepEqual(pick(parsed, 'imageSize', 'batch', 'lr', 'optimizer', 'l2', 'dropout'), [
    [28, 16, 0.01, 'sgdm', 0, 0.5],
    [28, 64, { cosine: { initial: 0.1, epochs: 20 } }, { adam: { beta2: 0.99 } }, 0, 0.5],
    [28, 64, { piecewise: { initial: 0.01, factor: 0.2, every: 5 } }, 'sgdm', 0.1, 0.5],
  ]);
  assert.deepEqual(parsed.axes.find(({ name }) => name === 'batch')?.values, [16, 64]);
  assert.deepEqual(pick(spec('trainable: {synthetic: {metrics: {m: a + b}}}\nspace: {epochs: 2, b: 1}\nsampler: {list: [{a: 1}, {a: 2, b: 3}, {a: 1}]}'), 'a', 'b', 'epochs'), [[1, 1, 2], [2, 3, 2], [1, 1, 2]]);
});

test('trials may stand in a file: a table, whose empty cells leave out, or JSON', () => {
  const text = (path: string): string => `data: x\nspace: {imageSize: 28}\nsampler: {list: ${path}}`;
  assert.equal(listPathIn(text('trials.csv')), 'trials.csv');
  assert.equal(listPathIn('data: x\nsampler: {list: [{lr: 1}]}'), null);
  const table = 'lr,batch,optimizer,batchNorm\n0.01,16,,true\n"{cosine: {initial: 0.1, epochs: 9}}",,"{""adam"": {""beta2"": 0.9}}",false\n';
  const model = text('trials.csv').replace('data: x', 'data: x\nmodel: cnn');
  assert.deepEqual(pick(spec(model, file('trials.csv', table)), 'lr', 'batch', 'optimizer', 'batchNorm'), [[0.01, 16, 'adam', true], [{ cosine: { initial: 0.1, epochs: 9 } }, 32, { adam: { beta2: 0.9 } }, false]]);
  assert.deepEqual(pick(spec(text('t.json'), file('t.json', '[{"lr": 0.1}, {"batch": 8}]')), 'batch'), [[30], [8]]);
  assert.deepEqual(pick(spec(text('t.csv'), file('t.csv', '\uFEFFlr;batch\r\n0.1;8\r\n')), 'lr', 'batch'), [[0.1, 8]]);
});

test('mistakes have their place, in the list or in its file', () => {
  assert.deepEqual(lines('data: x\nsampler:\n  list:\n    - {lr: 0.01, batch_size: 16}\n    - {dropout: 1.5}\n    - 7'), [
    'a.yaml:4:18: sampler.list[0].batch_size: found the unknown key "batch_size", expected one of imageSize, batch, accumulate, epochs, lr, dropout, optimizer, classWeights, l2, labelSmoothing, clipNorm, trainFraction, augment, cutAt, freeze, baseLr, unfreezeAt, headPooling, headUnits, head, filters, fcWidth; did you mean batch?',
    'a.yaml:5:17: sampler.list[1].dropout: found 1.5, expected a number from 0 to below 1',
    'a.yaml:6:7: sampler.list[2]: found 7, expected a map of hyperparameters, as in {lr: 0.01, batch: 16}',
  ]);
  const text = 'data: x\nspace: {imageSize: 28}\nsampler: {list: t.csv}\nbudget: {trials: 1}';
  assert.deepEqual(lines(text, file('t.csv', 'lr,bach\n0.01,16\n\nnope,16\n')), [
    'a.yaml:4:18: budget.trials: found 1 for a list of 2 trials, expected at least 2; raise it or take trials out of the list',
    'folder/t.csv:1:1: [0].bach: found the unknown key "bach", expected one of imageSize, batch, accumulate, epochs, lr, dropout, optimizer, classWeights, l2, labelSmoothing, clipNorm, trainFraction, augment, cutAt, freeze, baseLr, unfreezeAt, headPooling, headUnits, head, filters, fcWidth; did you mean batch?',
    'folder/t.csv:4:1: [1].lr: found "nope", expected a learning rate above 0',
  ]);
  assert.deepEqual(lines('data: x\nsampler: {list: t.json}', file('t.json', '[\n {"lr": 0.1},\n {"lr": -1}\n]')), ['folder/t.json:3:9: [1].lr: found -1, expected a learning rate above 0']);
});

test('a list that is empty, cannot be read, or leaves open what space leaves open is a mistake', () => {
  const one = (text: string, list: ListFile | null, ...parts: string[]): void => {
    const found = lines(text, list);
    assert.equal(found.length, 1, found.join('\n'));
    for (const part of parts) assert.ok(found[0]?.includes(part), `${found[0]} should have ${part}`);
  };
  one('data: x\nsampler: {list: []}', null, 'a.yaml:2:17: sampler.list: found no trial, expected at least one');
  one('data: x\nsampler: {list: t.csv}', file('t.csv', null, 'no such file'), 'a.yaml:2:17: sampler.list: found no such file: t.csv, expected a CSV or JSON file of trials; its path is relative to the sweep file');
  one('data: x\nsampler: {list: t.csv}', null, 'sampler.list: found "t.csv", expected what stands in it beside the file; submit it with `trawl run`');
  one('data: x\nsampler: {list: t.csv}', file('t.csv', 'lr,lr\n1,2\n'), 'found the column lr twice');
  one('data: x\nsampler: {list: t.csv}', file('t.csv', 'lr\n1,2\n'), 'found 2 cells in line 2 of folder/t.csv, expected 1');
  one('data: x\nsampler: {list: t.csv}', file('t.csv', 'lr\n"0.1\n'), 'quotes that do not fit together');
  one('data: x\nsampler: {list: t.json}', file('t.json', '[{"lr": 1'), 'expected a list of trials as JSON');
  one('data: x\nsampler: {list: t.json}', file('t.json', '{"lr": 1}'), 'expected a list of trials');
  one('data: x\nsampler: {list: 7}', null, 'expected a list of trials');
  one('data: x\nspace: {batch: [8, 16]}\nsampler: {list: [{batch: 8}, {lr: 0.1}]}', null, 'a.yaml:3:30: sampler.list[1]: found no batch, which has several values in space, expected it in every trial; or write one value for batch in space');
  one('trainable: {synthetic: {metrics: {m: a}}}\nspace: {epochs: 1}\nsampler: {list: [{a: 1}, {b: 1, a: 2}]}', null, 'sampler.list[0]: found no b, which another trial has, expected it in every trial');
  one("data: x\nsampler: {list: [{batch: 8}, {batch: 16}]}\nconstraints: ['batch < 10']", null, 'sampler.list[1]: found settings that do not meet the constraints');
  one('data: x\nmodel: lenet5\nsampler: {list: [{imageSize: 28}, {imageSize: 5}]}', null, 'a.yaml:3:47: sampler.list[1].imageSize: found 5, expected at least 12 for lenet5');
  one('data: x\nsampler: {list: [{hidden: [8]}]}', null, 'sampler.list[0].hidden', 'other models have it');
});

test('listed trials that cost too much are told one by one', () => {
  const parsed = spec("data: x\nmodel: lenet5\nspace: {imageSize: 28}\nsampler: {list: [{fcWidth: 60}, {fcWidth: 200}]}\nconstraints: ['parameters < 61707']");
  assert.deepEqual(checkCosts(parsed, { classes: ['a', 'b'] }, null).map(({ path }) => path), [['sampler', 'list', 1]]);
});

test('a revision of a list says which trials changed', () => {
  const text = (rate: number, more = ''): string => `trainable: {synthetic: {metrics: {m: a}}}\nspace: {epochs: 1}\nsampler: {list: [{a: 1}, {a: ${rate}}${more}]}`;
  assert.deepEqual(differences(spec(text(2)), spec(text(3, ', {a: 4}'))).sort(), ['sampler.list[1].a: 2 -> 3', 'sampler.list[2].a: none -> 4', 'space.a: [1, 2] -> [1, 3, 4]']);
  assert.deepEqual(differences(spec(text(2)), spec(text(2))), []);
});
