import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { spaceLines } from '../../cli/reading/space-text.js';
import { formatMistake, parseSweepFile } from '../../coordinator/sweep/parse.js';
import { resolveTrials } from '../../coordinator/sweep/resolve.js';
import type { Assignment, DataSummary } from '../../coordinator/sweep/spec.js';
import { isClassical, MODELS, type NamedModel } from '../../proto/models.js';

const DATA: DataSummary = { manifest: 'm', digest: 'd', images: 10, classes: ['a', 'b'], positive: 1, counts: { train: [3, 3], val: [1, 1], test: [1, 1] }, rejected: [], warnings: [] };

function settingsOf(text: string): Assignment[] {
  const parsed = parseSweepFile(text, 'a.yaml', null, null, null, { blob: 'b'.repeat(64), bytes: 1, names: 'keras' });
  if ('mistakes' in parsed) assert.fail(`${text}\n${parsed.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n')}`);
  return resolveTrials(parsed.spec, DATA, 'n').map(({ assignment }) => assignment);
}

/** Pasted below the same data and model. */
function expectBack(head: string, space: string): void {
  const [settings, ...others] = settingsOf(`${head}space: ${space}\n`);
  assert.ok(settings !== undefined && others.length === 0, `${others.length + 1} trials`);
  assert.deepEqual(settingsOf(`${head}${spaceLines(settings).join('\n')}\n`), [settings]);
}

const headOf = ({ name }: NamedModel): string => `data: x\nmodel: ${name}\n`;

for (const model of MODELS) {
  test(`settings of ${model.name} are a sweep file of the one trial`, () => {
    expectBack(headOf(model), '{epochs: 1}');
    const lists = model.knobs.flatMap((knob) => {
      if (knob.kind !== 'int-list') return [];
      // Of equal numbers none may be lost, and no layer is a value like others.
      const list = Array.from({ length: knob.length ?? 2 }, () => Math.max(knob.min, Math.min(knob.max, 16)));
      return [`${knob.name}: [[${list.join(', ')}]]`, ...(knob.mayBeEmpty === true ? [`${knob.name}: [[]]`] : [])];
    });
    for (const list of lists) expectBack(headOf(model), `{${list}}`);
  });
}

test('settings of a transfer are, too', () => {
  const head = 'data: {path: x, channels: rgb}\nmodel: efficientnet-lite0\nweights: w.safetensors\n';
  for (const more of ['', 'headUnits: 0', 'headUnits: 32', 'headUnits: [[32, 16]]', 'freeze: 100', 'freeze: block5c_bn', 'cutAt: block4c_add, headPooling: flatten', 'unfreezeAt: null, cutAt: null, augment: null', 'unfreezeAt: 2, baseLr: {factor: 0.1}, hidden: [[]]']) {
    expectBack(head, `{imageSize: 64, epochs: 3${more === '' ? '' : `, ${more}`}}`);
  }
});

test('schedules, optimizers with parameters, augmentations and class weights are, too', () => {
  const model = MODELS.find((one) => !isClassical(one))!;
  const cases = [
    'lr: {steps: [[0, 0.1], [2, 0.01]]}', 'lr: {warmup: {epochs: 1, to: {cosine: {initial: 0.01}}}}', 'lr: {plateau: {initial: 0.003, patience: 2}}', 'lr: {oneCycle: {peak: 0.1}}',
    'optimizer: {adam: {beta2: 0.99, ema: 0.9}}', 'optimizer: sgdm', 'augment: {shift: [0.1, 0.2], flip: horizontal}', 'augment: null', 'classWeights: {a: 1, b: 2.5}', 'clipNorm: null', 'l2: 0.005, labelSmoothing: 0.1, trainFraction: 0.5',
  ];
  for (const one of cases) expectBack(headOf(model), `{epochs: 4, ${one}}`);
});

test('names and texts of programs are, whatever they hold', () => {
  fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'), fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0))), { noNullPrototype: true }), (settings) => {
    assert.deepEqual(parse(spaceLines(settings).join('\n')), { space: settings });
  }));
});
