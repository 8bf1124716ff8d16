import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { UnresolvableSweep, epochCounts, resolveTrials } from '../../../coordinator/sweep/resolve.js';
import type { DataSummary, SweepSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';
import { nextKey, rootKey } from '../../../proto/keys.js';
import type { ImageEpochSettings, ImageTrajectory, SyntheticEpochSettings } from '../../../proto/work.js';
import { imageSettings } from '../../support/settings.js';

const data: DataSummary = {
  manifest: 'a'.repeat(64),
  digest: 'b'.repeat(64),
  images: 100,
  classes: ['NORMAL', 'PNEUMONIA'],
  positive: 1,
  counts: { train: [20, 60], val: [5, 5], test: [5, 5] },
  rejected: [],
  warnings: [],
};

function spec(text: string): SweepSpec {
  const result = parseSweepFile(text, 'a.yaml');
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return result.spec;
}
const plans = (text: string, from: DataSummary = data): TrialPlan[] => resolveTrials(spec(text), from, 'wasm:test');
const settingsOf = (text: string): ImageEpochSettings[] => (plans(text)[0]?.epochs ?? []) as ImageEpochSettings[];
const image = (space: string, more = ''): string => `data: x\nspace: {${space}}\n${more}`;

test('a trial is its trajectory, its settings per epoch, and the keys of both', () => {
  const [plan] = plans(image('epochs: 2, imageSize: 28, batch: 16', 'seed: 7'));
  assert.ok(plan !== undefined);
  assert.deepEqual(plan.trajectory, {
    format: 1,
    trainable: 'image-classifier',
    version: 4,
    numerics: 'wasm:test',
    data: data.digest,
    classes: 2,
    input: { height: 28, width: 28, channels: 1, resize: 'stretch', normalisation: 'zerocenter' },
    model: { name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } },
    optimizer: { name: 'sgdm', momentum: 0.9 },
    loss: 'softmaxCrossEntropy',
    initSeed: 7,
    replicate: 0,
    salt: null,
  } satisfies ImageTrajectory);
  const settings = imageSettings({ batch: 16, dataSeed: 7 });
  assert.deepEqual(plan.epochs, [settings, settings]);
  const first = nextKey(rootKey(plan.trajectory), settings);
  assert.deepEqual(plan.path, [first, nextKey(first, settings)]);
});

test('a head of one unit is part of the key, and one that is not named or is softmax is none', () => {
  const plain = plans(image('epochs: 1'))[0]?.path[0];
  const [softmax, sigmoid] = plans(image('epochs: 1, head: [softmax, sigmoid]'));
  assert.equal(softmax?.path[0], plain);
  assert.equal('head' in (softmax?.trajectory as ImageTrajectory).model, false);
  assert.equal((sigmoid?.trajectory as ImageTrajectory).model.head, 'sigmoid');
  assert.notEqual(sigmoid?.path[0], plain);
});

test('rates are rounded to float32 and follow their schedule, epochs counted from 0', () => {
  assert.deepEqual(settingsOf(image('epochs: 7, lr: {piecewise: {initial: 0.01, factor: 0.2, every: 3}}')).map(({ lr }) => lr), [0.01, 0.01, 0.01, 0.002, 0.002, 0.002, 0.0004].map(Math.fround));
  // (1 + cos(pi e / 3)) / 2 for e = 0, 1, 2 is 1, 3/4, 1/4.
  assert.deepEqual(settingsOf(image('epochs: 3, lr: {cosine: {initial: 0.1}}')).map(({ lr }) => lr), [0.1, 0.075, 0.025].map(Math.fround));
});

test('a constant schedule and its number are the same trajectory', () => {
  const [a] = plans(image('epochs: 2, lr: 0.01'));
  const [b] = plans(image('epochs: 2, lr: {constant: 0.01}'));
  assert.deepEqual(a?.path, b?.path);
});

test('balanced class weights are those of scikit-learn, over the training part', () => {
  // sklearn.utils.class_weight: n / (n_classes * bincount) = 80 / (2 * [20, 60]) = [2, 0.6666...].
  assert.deepEqual(settingsOf(image('epochs: 1, classWeights: balanced'))[0]?.classWeights, [2, 80 / 120]);
  assert.deepEqual(settingsOf(image('epochs: 1, classWeights: {PNEUMONIA: 3}'))[0]?.classWeights, [1, 3]);
  assert.equal(settingsOf(image('epochs: 1, classWeights: {PNEUMONIA: 1}'))[0]?.classWeights, null);
  const even = { ...data, counts: { ...data.counts, train: [30, 30] } };
  assert.deepEqual(plans(image('epochs: 1, classWeights: balanced'), even)[0]?.path, plans(image('epochs: 1'), even)[0]?.path);
});

test('a grid over epochs 5, 10 and 20 costs 20 epochs, not 35', () => {
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20]'))), { requested: 35, distinct: 20 });
});

test('a cosine over its own length spoils sharing, one with a length of its own does not', () => {
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20], lr: {cosine: {initial: 0.01}}'))), { requested: 35, distinct: 5 + 10 + 20 - 2 });
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20], lr: {cosine: {initial: 0.01, epochs: 20}}'))), { requested: 35, distinct: 20 });
});

test('a region is part of what the network sees, and one that is the whole image is none', () => {
  const of = (crop: string): string => `data: {path: x${crop}}\nspace: {epochs: 1}\n`;
  const [whole, cut, other] = ['', ', crop: {box: [0.1, 0, 0.9, 1]}', ', crop: {box: [0.1, 0, 0.8, 1]}'].map((crop) => plans(of(crop))[0]);
  assert.deepEqual((cut?.trajectory as ImageTrajectory).input.crop, { box: [0.1, 0, 0.9, 1] });
  assert.equal(new Set([whole, cut, other].map((plan) => plan?.path[0])).size, 3);
  assert.deepEqual(plans(of(', crop: {box: [0, 0, 1, 1]}'))[0]?.path, whole?.path);
  const [masked, elsewhere, wider] = [', crop: {masks: ./m}', ', crop: {masks: ./n}', ', crop: {masks: ./m, margin: 0.1}'].map((crop) => plans(of(crop))[0]);
  assert.deepEqual((masked?.trajectory as ImageTrajectory).input.crop, { masks: { margin: 0 } });
  // Boxes are part of the data set and its digest: where the folder lay says nothing.
  assert.deepEqual(elsewhere?.path, masked?.path);
  assert.equal(new Set([whole, cut, masked, wider].map((plan) => plan?.path.at(-1))).size, 4);
});

test('a plateau shares its epochs between lengths, and one cycle over its own length shares none', () => {
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20], lr: {plateau: {initial: 0.1}}'))), { requested: 35, distinct: 20 });
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20], lr: {oneCycle: {peak: 0.1, epochs: 20}}'))), { requested: 35, distinct: 20 });
  assert.deepEqual(epochCounts(plans(image('epochs: [5, 10, 20], lr: {oneCycle: {peak: 0.1}}'))), { requested: 35, distinct: 35 });
});

test('a warm-up to a plateau shares its own epochs with one to another plateau of the same rate', () => {
  const rates = [3, 5].map((patience) => `{warmup: {epochs: 2, to: {plateau: {initial: 0.1, patience: ${patience}}}}}`);
  assert.deepEqual(epochCounts(plans(image(`epochs: 6, lr: [${rates.join(', ')}]`))), { requested: 12, distinct: 10 });
});

test('without sharing every trial has keys of its own and the same settings and seeds', () => {
  const shared = plans(image('epochs: [2, 4], dropout: [0.1, 0.2]'));
  const alone = resolveTrials({ ...spec(image('epochs: [2, 4], dropout: [0.1, 0.2]')), sharing: false }, data, 'wasm:test');
  assert.deepEqual(epochCounts(alone), { requested: 12, distinct: 12 });
  assert.deepEqual(alone.map(({ trajectory }) => ({ ...trajectory, salt: null })), shared.map(({ trajectory }) => trajectory));
  assert.deepEqual(alone.map(({ trajectory }) => trajectory.salt), [0, 1, 2, 3]);
  assert.deepEqual(alone.map(({ epochs }) => epochs), shared.map(({ epochs }) => epochs));
});

test('the replicates of an assignment follow one another, and differ in what they draw alone', () => {
  const file = image('epochs: [1, 2], dropout: [0.1, 0.2]');
  const once = plans(file);
  const thrice = plans(`${file}\nreplicates: 3`);
  assert.deepEqual(thrice.map(({ number }) => number), Array.from({ length: 12 }, (_, number) => number));
  assert.deepEqual(thrice.map(({ trajectory }) => trajectory.replicate), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  assert.deepEqual(thrice.map(({ assignment }) => assignment), once.flatMap(({ assignment }) => [assignment, assignment, assignment]));
  assert.deepEqual(thrice.filter((_, index) => index % 3 === 0).map(({ path }) => path), once.map(({ path }) => path), 'replicate 0 is what there was without');
  assert.deepEqual(thrice.map(({ epochs }) => epochs), once.flatMap(({ epochs }) => [epochs, epochs, epochs]));
  // Two rates of dropout over 2 epochs, three times.
  assert.deepEqual(epochCounts(thrice), { requested: 18, distinct: 12 });
});

test('replicates of formulas have keys of their own, those of replicate 0 as before, and without sharing each has its number', () => {
  const file = "trainable: {synthetic: {metrics: {a: 'x'}}}\nspace: {x: [1, 2], epochs: 2}";
  const [once, twice] = [plans(file), plans(`${file}\nreplicates: 2`)];
  assert.deepEqual([twice[0]?.path, twice[2]?.path], once.map(({ path }) => path));
  assert.ok(!('replicate' in (twice[0]?.trajectory ?? {})));
  assert.equal(epochCounts(twice).distinct, 8);
  const alone = resolveTrials({ ...spec(`${file}\nreplicates: 2`), sharing: false }, data, 'none');
  assert.deepEqual(alone.map(({ trajectory }) => trajectory.salt), [0, 1, 2, 3]);
});

const hyperparameters = fc.record({
  epochs: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
  batch: fc.uniqueArray(fc.constantFrom(8, 16), { minLength: 1 }),
  dropout: fc.uniqueArray(fc.constantFrom(0.1, 0.5), { minLength: 1 }),
  optimizer: fc.uniqueArray(fc.constantFrom('sgdm', 'adam'), { minLength: 1 }),
  lr: fc.uniqueArray(
    fc.constantFrom<unknown>(
      0.01,
      { constant: 0.003 },
      { piecewise: { initial: 0.01, factor: 0.5, every: 2 } },
      { piecewise: { initial: 0.01, factor: 0.5, every: 4 } },
      { cosine: { initial: 0.01 } },
      { cosine: { initial: 0.01, epochs: 6, final: 0.001 } },
    ),
    { minLength: 1, maxLength: 3 },
  ),
});
const fileOf = (space: object): string => stringify({ data: 'x', space });

test('two trials share an epoch exactly when they agree in everything up to it', () => {
  fc.assert(
    fc.property(hyperparameters, (space) => {
      const all = plans(fileOf(space));
      for (const a of all) {
        for (const b of all) {
          let agree = JSON.stringify(a.trajectory) === JSON.stringify(b.trajectory);
          for (let epoch = 0; epoch < Math.min(a.path.length, b.path.length); epoch += 1) {
            agree &&= JSON.stringify(a.epochs[epoch]) === JSON.stringify(b.epochs[epoch]);
            assert.equal(a.path[epoch] === b.path[epoch], agree, `trials ${a.number} and ${b.number}, epoch ${epoch}`);
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('the order of axes and of values changes no key, only numbers', () => {
  fc.assert(
    fc.property(hyperparameters, fc.shuffledSubarray(['epochs', 'batch', 'dropout', 'optimizer', 'lr'], { minLength: 5 }), (space, order) => {
      const paths = (file: string): string[] => plans(file).map(({ path }) => path.join()).sort();
      const reordered = Object.fromEntries(order.map((name) => [name, [...space[name as keyof typeof space]].reverse()]));
      assert.deepEqual(paths(fileOf(reordered)), paths(fileOf(space)));
    }),
    { numRuns: 40 },
  );
});

test('nothing that is not about what an epoch yields moves a key', () => {
  const [base] = plans(image('epochs: 3'));
  for (const more of ['name: other', 'stop: {patience: 1, restoreBest: true}', 'objective: {minimize: val.loss}', 'budget: {trials: 4}', 'sampler: {grid: {order: shuffled, seed: 5}}', 'stageTimeout: 3m', 'priority: 7', 'concurrency: 2']) {
    assert.deepEqual(plans(image('epochs: 3', more))[0]?.path, base?.path, more);
  }
  assert.deepEqual(plans(image('epochs: 4'))[0]?.path.slice(0, 3), base?.path);
});

test('everything that is about what an epoch yields moves its key', () => {
  const [base] = plans(image('epochs: 1'));
  for (const text of [
    image('epochs: 1', 'seed: 1'), image('epochs: 1', 'model: lenet5'), 'data: {path: x, channels: rgb}\nspace: {epochs: 1}', 'data: {path: x, resize: crop}\nspace: {epochs: 1}',
    'data: {path: x, normalisation: scale}\nspace: {epochs: 1}', image('epochs: 1, lr: 0.1'), image('epochs: 1, batch: 1'), image('epochs: 1, dropout: 0'), image('epochs: 1, optimizer: adam'), image('epochs: 1, accumulate: 2'),
    image('epochs: 1, classWeights: balanced'), image('epochs: 1, filters: [[8, 16, 32]]'), image('epochs: 1, fcWidth: 0'), image('epochs: 1, imageSize: 64'),
  ]) {
    assert.notEqual(plans(text)[0]?.path[0], base?.path[0], text);
  }
  assert.notEqual(resolveTrials(spec(image('epochs: 1')), data, 'other')[0]?.path[0], base?.path[0]);
  assert.notEqual(plans(image('epochs: 1'), { ...data, digest: 'c'.repeat(64) })[0]?.path[0], base?.path[0]);
});

test('synthetic settings are the hyperparameters in force, without the number of epochs', () => {
  const trials = resolveTrials(
    spec('trainable: {synthetic: {epochMs: 2, metrics: {a: x}}}\nspace: {x: [0.1, {piecewise: {initial: 8, factor: 0.5, every: 1}}], s: b, epochs: [2, 3]}'),
    null,
    'wasm:test',
  );
  assert.deepEqual(trials[0]?.trajectory, { format: 1, trainable: 'synthetic', version: 1, numerics: 'none', epochMs: 2, metrics: { a: 'x' }, salt: null });
  assert.deepEqual(trials[0].epochs.map((settings) => (settings as SyntheticEpochSettings).values), [{ x: 0.1, s: 'b' }, { x: 0.1, s: 'b' }]);
  assert.deepEqual(trials[3]?.epochs.map((settings) => (settings as SyntheticEpochSettings).values.x), [8, 4, 2]);
  assert.deepEqual(epochCounts(trials), { requested: 10, distinct: 6 });
});

test('an image classifier without data cannot be resolved', () => {
  assert.throws(() => resolveTrials(spec('data: x'), null, 'n'), (error: unknown) => error instanceof UnresolvableSweep);
});

test('10,000 trials of up to 100 epochs resolve at once, each key made once', () => {
  const all = plans(image('epochs: {min: 1, max: 100, step: 1}, batch: {min: 1, max: 10, step: 1}, dropout: {min: 0, max: 0.9, step: 0.1}'));
  // 100 trajectories, each in every length from 1 to 100: 100 * 5,050 epochs on paths, 100 * 100 distinct.
  assert.deepEqual([all.length, epochCounts(all)], [10_000, { requested: 505_000, distinct: 10_000 }]);
  const longest = all.find(({ path }) => path.length === 100);
  const shorter = all.find(({ path }) => path.length === 99);
  assert.equal(longest?.epochs[0], shorter?.epochs[0], 'settings are shared objects');
});

test('settings inside a choice make the trials, and the keys, that listing each of them makes', () => {
  const paths = (space: string): string[][] => plans(image(`epochs: 3, ${space}`)).map(({ path }) => [...path]);
  assert.deepEqual(paths('optimizer: [sgdm, {adam: {beta2: [0.99, 0.9]}}]'), paths('optimizer: [sgdm, {adam: {beta2: 0.99}}, {adam: {beta2: 0.9}}]'));
  assert.deepEqual(paths('lr: [{piecewise: {initial: [0.1, 0.2], factor: 0.5, every: [1, 2]}}]'), paths('lr: [{piecewise: {initial: 0.1, factor: 0.5, every: 1}}, {piecewise: {initial: 0.1, factor: 0.5, every: 2}}, {piecewise: {initial: 0.2, factor: 0.5, every: 1}}, {piecewise: {initial: 0.2, factor: 0.5, every: 2}}]'));
});
