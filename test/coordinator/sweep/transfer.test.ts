/** What a sweep file says of pretrained weights, and what its trials become. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRewritten } from '../../../coordinator/api/compile.js';
import { checkBases } from '../../../coordinator/sweep/check-transfer.js';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { resolveTrials } from '../../../coordinator/sweep/resolve.js';
import type { DataSummary, TrialPlan } from '../../../coordinator/sweep/spec.js';
import { namedModel } from '../../../proto/models.js';
import type { WeightsSource } from '../../../proto/pretrained.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../../proto/work.js';
import { programOf } from '../../../worker/engine/program.js';
import { baseLayers, usualCut } from '../../../worker/model/transfer.js';
import { buildModel } from '../../../worker/model/zoo.js';

const DATA: DataSummary = { manifest: 'm', digest: 'd', images: 10, classes: ['a', 'b'], positive: 1, counts: { train: [3, 3], val: [1, 1], test: [1, 1] }, rejected: [], warnings: [] };
const WEIGHTS: WeightsSource = { blob: 'b'.repeat(64), bytes: 1, names: 'keras' };

function lines(text: string, weights: WeightsSource | null = WEIGHTS): string[] {
  const parsed = parseSweepFile(text, 'a.yaml', null, null, null, weights);
  const mistakes = 'mistakes' in parsed ? parsed.mistakes : parsed.place(checkBases(parsed.spec, DATA, null));
  return mistakes.map((mistake) => formatMistake('a.yaml', mistake));
}

function plans(text: string, weights: WeightsSource | null = WEIGHTS): TrialPlan[] {
  const parsed = parseSweepFile(text, 'a.yaml', null, null, null, weights);
  if ('mistakes' in parsed) assert.fail(lines(text, weights).join('\n'));
  return resolveTrials(parsed.spec, DATA, 'n');
}

const trajectoryOf = (plan: TrialPlan | undefined): ImageTrajectory => plan?.trajectory as ImageTrajectory;
const basesOf = (plan: TrialPlan | undefined): unknown[] => plan?.epochs.map((settings) => (settings as ImageEpochSettings).base) ?? [];

test('a trial has its base and head in its model, and what is trained of the base in each epoch', () => {
  const [plan] = plans('data: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 4, freeze: 1, unfreezeAt: 2, baseLr: 0.0001, cutAt: activation_1, headPooling: flatten, headUnits: [[16, 8]]}');
  assert.deepEqual(trajectoryOf(plan).model.transfer, { weights: WEIGHTS.blob, cutAt: 'activation_1', pooling: 'flatten', hidden: [16, 8] });
  const lr = Math.fround(0.0001);
  assert.deepEqual(basesOf(plan), [{ freeze: 1, lr }, { freeze: 1, lr }, { freeze: 'none', lr }, { freeze: 'none', lr }]);
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

// The layers of the zoo's networks, as `trawl model` lists them. Of `cnn` with two blocks: conv2d_1, batch_normalization_1,
// activation_1, max_pooling2d_1, the same with _2, and the flattening before which the base ends.
const CNN = 'data: x\nmodel: cnn\nweights: w.h5\nspace: {imageSize: 16, blocks: 2, epochs: 3, ';
const pathOf = (text: string): readonly string[] | undefined => plans(`${text}}`)[0]?.path;

test('settings that freeze the same have the same keys, however they are written', () => {
  const same = (space: string, ...others: string[]): void => others.forEach((other) => assert.deepEqual(pathOf(CNN + other), pathOf(CNN + space), `${other} and ${space}`));
  same('freeze: none', 'freeze: 0');
  same('freeze: all', 'freeze: 8', 'freeze: max_pooling2d_2', 'freeze: activation_2', 'freeze: 6', 'freeze: batch_normalization_2', 'lr: 0.001', 'cutAt: max_pooling2d_2', 'cutAt: null');
  same('freeze: 2', 'freeze: batch_normalization_1', 'freeze: 3', 'freeze: max_pooling2d_1');
  same('freeze: 1', 'freeze: conv2d_1');
  same('freeze: 1, cutAt: activation_1', 'freeze: conv2d_1, cutAt: activation_1');
  same('freeze: all, cutAt: activation_1', 'freeze: 3, cutAt: activation_1', 'freeze: 2, cutAt: activation_1');
  same('freeze: none, lr: 0.01', 'freeze: none, lr: 0.01, baseLr: 0.01', 'freeze: none, lr: 0.01, baseLr: {factor: 1}');
  assert.deepEqual(pathOf(`${CNN}freeze: all, headUnits: 8`), pathOf(`${CNN}freeze: all, headUnits: [[8]]`));
});

test('settings that freeze something else have other keys', () => {
  const keys = ['freeze: none', 'freeze: 1', 'freeze: 2', 'freeze: 5', 'freeze: all', 'freeze: all, cutAt: activation_2', 'freeze: all, cutAt: max_pooling2d_1', 'freeze: none, lr: 0.01, baseLr: 0.02'].map((space) => pathOf(CNN + space)?.[0]);
  assert.equal(new Set(keys).size, keys.length);
  // A base whose rate metrics reduce goes another way than one whose rate is its own.
  const reduced = 'freeze: none, lr: {plateau: {initial: 0.01, factor: 0.5, patience: 1}}';
  assert.notDeepEqual(pathOf(`${CNN}${reduced}, baseLr: 0.01`), pathOf(CNN + reduced));
});

test('the keys of what is written plainly are those from before other ways to write it had the same', () => {
  // Recorded on 28 November 2026 with a program whose keys had the settings as they were written; a new IMAGE_CLASSIFIER_VERSION moves
  // them all: those of version 3 held on the day before version 4, and these differ from them by that number alone.
  const recorded = [
    ['freeze: all', '25ebce89d34e2c276acfb799fc48e7ab908c9c87e825acc240d7399464edea93'],
    ['freeze: none', '6b972107c10684f2759210be4192f192758aaa168dcc6dfab8f96f3ddc75dad2'],
    ['freeze: 1', '9e64c97a6d11d7c6c8a9389728e011b02cd297bedd973e8fd70bb6ae6d2734c1'],
    ['freeze: 2', '17da14741da663f9275e4bf61968a9a4c99b9391e181e42905b1f582d4179fce'],
    // That of three blocks, which there are unless it is said: both come after the cut.
    ['freeze: all, cutAt: activation_1', '4e763adb10fc64381bc9ed63f6c95b97cfe24ebf5b66c61c62aa7ee5e9606a11'],
    ['freeze: 5, unfreezeAt: 2, baseLr: {factor: 0.1}', 'f77818b64afad2a43fcf0f84ac0d6ca89d552816605e2a7b109875e1a1196784'],
    ['freeze: none, lr: 0.01, baseLr: 0.0001', '2dc179680a098c105297f7ea329ba6f683fec5ee9b36af4c874d7c315b1e687f'],
  ] as const;
  for (const [space, key] of recorded) assert.equal(pathOf(CNN + space)?.[2], key, space);
});

test('a depth of a branching base has the key of another exactly when the same layers with parameters are frozen', () => {
  for (const model of ['resnet18', 'inception', 'mobilenetv2']) {
    const input = { height: 64, width: 64, channels: 3 } as const;
    const knobs = Object.fromEntries(namedModel(model).knobs.map((knob) => [knob.name, knob.default]));
    const whole = buildModel({ name: model, knobs }, input, 2);
    const names = baseLayers(whole, usualCut(whole) ?? '').filter(({ class_name }) => class_name !== 'InputLayer').map(({ config }) => config.name);
    // What a layer has is told by the program that trains it.
    const heavy = new Set(programOf(whole, 'wasm').layers.filter(({ params }) => params > 0).map(({ name }) => name));
    const file = `data: {path: x, channels: rgb}\nmodel: ${model}\nweights: w.h5\nspace: {imageSize: 64, epochs: 1}\nsampler: {list: [{freeze: none}, {freeze: all}${names.map((name, index) => `, {freeze: ${index + 1}}, {freeze: ${name}}`).join('')}]}`;
    const [none, all, ...depths] = plans(file).map(({ path }) => path[0]);
    let at = 0;
    const total = names.filter((name) => heavy.has(name)).length;
    const byCount = new Map([[0, none], [total, all]]);
    names.forEach((name, index) => {
      if (heavy.has(name)) at += 1;
      const key = byCount.get(at) ?? depths[2 * index];
      byCount.set(at, key);
      assert.equal(depths[2 * index], key, `${model}: freeze: ${index + 1}`);
      assert.equal(depths[2 * index + 1], key, `${model}: freeze: ${name}`);
    });
    assert.equal(new Set(byCount.values()).size, total + 1, model);
  }
});

test('knobs of layers behind the cut are told at their places, since the head replaces them; those of the base are not', () => {
  const wrong = (place: string, name: string, end: string): string => `a.yaml:${place}.${name}: found ${name}, but weights replace what it shapes, expected headUnits or headPooling; the base ends with ${end}, and the layers of ${name} come after it`;
  const lite = 'data: {path: x, channels: rgb}\nmodel: efficientnet-lite0\nweights: w.h5\nspace: {imageSize: 64, epochs: 2, ';
  assert.deepEqual(lines(`${lite}hidden: [[], [64]], pooling: [average, max]}`), [wrong('4:35: space', 'hidden', 'top_activation'), wrong('4:55: space', 'pooling', 'top_activation')]);
  // What is as ever says nothing wrong.
  assert.deepEqual(lines(`${lite}pooling: average, hidden: [[]]}`), []);
  const cnn = (space: string, more = ''): string[] => lines(`data: x\nmodel: cnn\nweights: w.h5\nspace: {imageSize: 16, ${space}}${more}`);
  assert.deepEqual(cnn('fcWidth: [16, 64]'), [wrong('4:24: space', 'fcWidth', 'max_pooling2d_3')]);
  assert.deepEqual(cnn('fcWidth: {min: 16, max: 64}', '\nsampler: random\nbudget: {trials: 4}'), [wrong('4:24: space', 'fcWidth', 'max_pooling2d_3')]);
  assert.deepEqual(cnn('blocks: [2, 3], filters: [8, 32], kernel: 5, pooling: average, batchNorm: false, activation: elu'), []);
  // A cut before its layers takes a knob's effect; one trial with another cut has it back.
  assert.deepEqual(cnn('cutAt: activation_1, blocks: [2, 3]'), [wrong('4:45: space', 'blocks', 'activation_1')]);
  assert.deepEqual(cnn('cutAt: [activation_1, null], blocks: [2, 3]'), []);
  assert.deepEqual(cnn('cutAt: activation_1, pooling: average'), [wrong('4:45: space', 'pooling', 'activation_1')]);
  assert.deepEqual(lines('data: x\nmodel: cnn\nweights: w.h5\nsampler: {list: [{lr: 0.1}, {lr: 0.2, fcWidth: 16}]}'), [wrong('4:39: sampler.list[1]', 'fcWidth', 'max_pooling2d_3')]);
  assert.deepEqual(lines('data: x\nmodel: lmap3\nweights: w.h5\nspace: {filters: [[4, 4], [8, 4]], hidden: [[8], [16]]}'), [wrong('4:36: space', 'hidden', 'dropout_1')]);
});

test('knobs that shape nothing of a trial\'s base make no other key, and those that do make one', () => {
  const keysOf = (file: string): (string | undefined)[] => plans(file).map(({ path }) => path[0]);
  const [two, three, ...whole] = keysOf(`${CNN}cutAt: [activation_1, null], blocks: [2, 3]}`.replace('blocks: 2, ', ''));
  assert.equal(two, three);
  assert.equal(new Set([two, ...whole]).size, 3);
  assert.deepEqual(plans(`${CNN}cutAt: activation_1}`)[0]?.path, plans(`${CNN}cutAt: activation_1, pooling: average}`)[0]?.path);
  // Of a list, the filters up to the cut.
  const garth = (filters: string, cutAt: string): readonly string[] | undefined => plans(`data: x\nmodel: garth-cnn\nweights: w.h5\nspace: {imageSize: 16, epochs: 1, cutAt: ${cutAt}, filters: [${filters}]}`)[0]?.path;
  assert.deepEqual(garth('[4, 8, 16]', 'conv2d_1'), garth('[4, 9, 17]', 'conv2d_1'));
  assert.notDeepEqual(garth('[4, 8, 16]', 'conv2d_2'), garth('[4, 9, 16]', 'conv2d_2'));
  assert.notDeepEqual(garth('[4, 8, 16]', 'conv2d_1'), garth('[5, 8, 16]', 'conv2d_1'));
  // The usual cut by its name, of the model that is left when such knobs are as ever.
  assert.deepEqual(plans(`${CNN}cutAt: max_pooling2d_3, blocks: 4}`.replace('blocks: 2, ', ''))[0]?.path, plans(`${CNN}blocks: 3}`.replace('blocks: 2, ', ''))[0]?.path);
});

test('mistakes name the layer, the depth and the place', () => {
  const sweep = (space: string): string => `data: x\nmodel: cnn\nweights: w.h5\nspace: {${space}}`;
  const one = (text: string, line: string): void => assert.deepEqual(lines(text), [line]);
  one(sweep('freeze: 13'), 'a.yaml:4:17: space.freeze: found 13, expected at most the 12 layers of the base, which ends with max_pooling2d_3; write all for the whole base');
  one(sweep('freeze: 4, cutAt: [null, activation_1]'), 'a.yaml:4:17: space.freeze: found 4, expected at most the 3 layers of the base, which ends with activation_1; write all for the whole base');
  one(sweep('cutAt: activation2'), 'a.yaml:4:16: space.cutAt: found "activation2", expected a layer of the model; did you mean activation_2?');
  one(sweep('freeze: dense_1'), 'a.yaml:4:17: space.freeze: found "dense_1", expected all, none, or a layer of the base, which ends with max_pooling2d_3; `trawl model NAME` lists them');
  const resnet = (space: string): string => `data: {path: x, channels: rgb}\nmodel: resnet18\nweights: w.h5\nspace: {imageSize: 64, ${space}}`;
  // Of the 26 layers up to that one, two are a shortcut beside it: conv3_block1_0_conv and conv3_block1_0_bn.
  assert.deepEqual(lines(resnet('cutAt: conv3_block1_1_relu, freeze: 24')), []);
  one(resnet('cutAt: conv3_block1_1_relu, freeze: 25'), 'a.yaml:4:60: space.freeze: found 25, expected at most the 24 layers of the base, which ends with conv3_block1_1_relu; write all for the whole base');
  one(resnet('cutAt: conv3_block1_1_relu, freeze: conv3_block1_0_bn'), 'a.yaml:4:60: space.freeze: found "conv3_block1_0_bn", expected all, none, or a layer of the base, which ends with conv3_block1_1_relu; did you mean conv3_block1_1_bn?');
  // Each trial's own base counts: a list crosses nothing, and of several models the shallowest says what fits them all.
  const listed = (trials: string): string => `data: x\nmodel: cnn\nweights: w.h5\nspace: {imageSize: 32}\nsampler: {list: [${trials}]}`;
  assert.deepEqual(lines(listed('{blocks: 2, freeze: 8}, {blocks: 4, freeze: 16}')), []);
  one(listed('{blocks: 2, freeze: 8}, {blocks: 3, freeze: 16}'), 'a.yaml:5:62: sampler.list[1].freeze: found 16, expected at most the 12 layers of the base, which ends with max_pooling2d_3; write all for the whole base');
  one('data: x\nmodel: cnn\nweights: w.h5\nspace: {imageSize: 32, blocks: [4, 2, 3], freeze: 9}\nsampler: random\nbudget: {trials: 4}', 'a.yaml:4:51: space.freeze: found 9, expected at most the 8 layers of the base, which ends with max_pooling2d_2; write all for the whole base');
  one('data: x\nmodel: cnn\nspace: {freeze: all}', 'a.yaml:3:9: space.freeze: found freeze without weights, expected weights: FILE beside it; without pretrained weights there is no base');
  one(sweep('headUnits: [[]]'), 'a.yaml:4:21: space.headUnits[0]: found [], expected a number of neurons (0 for no layer), or a list of them in a list');
  one(sweep('unfreezeAt: 0'), 'a.yaml:4:21: space.unfreezeAt: found 0, expected a whole number from 1 to 100000');
  one('data: x\nmodel: cnn\nweights: {file: w.h5, sha256: abc}', 'a.yaml:3:31: weights.sha256: found "abc", expected a SHA-256: 64 hexadecimal digits');
  one(`data: x\nmodel: cnn\nweights: {file: w.h5, sha256: ${'12345678'.repeat(8)}}`, "a.yaml:3:31: weights.sha256: found a number, expected a SHA-256: 64 hexadecimal digits; digits without quotes are read as a number: write it in quotes, '…'");
  one('data: x\nmodel: cnn-d\nspace: {filters: [8, 8, 16]}', 'a.yaml:3:18: space.filters: found [8,8,16], expected a list of lists such as [[32,64,128]]; write [[8,8,16]] for one list of these');
});

test('an epoch of thawing that no trial reaches is warned of, with how long they are', () => {
  const warnings = (space: string): readonly string[] => {
    const found = parseSweepFile(`data: x\nmodel: cnn\nweights: w.h5\nspace: {${space}}`, 'a.yaml', null, null, null, WEIGHTS);
    return 'mistakes' in found ? assert.fail(JSON.stringify(found.mistakes)) : found.warnings;
  };
  assert.deepEqual(warnings('unfreezeAt: 5, epochs: 1'), ['a.yaml:4:21: space.unfreezeAt: 5 is never in force: with epochs 1 the last epoch is 0, and the base stays as freeze has it']);
  assert.deepEqual(warnings('unfreezeAt: [null, 2, 3, 5], epochs: [2, 3]'), ['a.yaml:4:21: space.unfreezeAt: 3 and 5 are never in force: with epochs 3 the last epoch is 2, and the base stays as freeze has it']);
  assert.deepEqual(warnings('unfreezeAt: [null, 2], epochs: 3'), []);
});

test('one trial of a sweep may have a knob that matters to others alone', () => {
  const text = 'name: a\ndata: x\nmodel: cnn\nweights: w.h5\nspace: {epochs: 1, cutAt: [null, activation_1], blocks: [2, 3]}';
  assert.deepEqual(lines(text), []);
  const source = { text, name: 'a.yaml', module: null, list: null, program: null, weights: WEIGHTS };
  const { planned } = compileRewritten({ source, sharing: true, data: DATA, numerics: 'wasm' }, [{ path: ['space', 'cutAt'], value: 'activation_1' }, { path: ['space', 'blocks'], value: 2 }]);
  assert.equal(planned.length, 1);
});
