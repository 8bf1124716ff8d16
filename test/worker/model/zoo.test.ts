import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZOO, namedModel } from '../../../proto/models.js';
import type { Json } from '../../../proto/work.js';
import { programOf } from '../../../worker/engine/program.js';
import { layerTable } from '../../../worker/model/layer-table.js';
import { ModelError } from '../../../worker/model/model-error.js';
import { buildModel, MODEL_NAMES } from '../../../worker/model/zoo.js';

function defaultsOf(name: string): { readonly [knob: string]: Json } {
  return Object.fromEntries(namedModel(name).knobs.map((knob) => [knob.name, knob.default]));
}

const garth = (filters: number[], fcWidth: number) => ({ name: 'garth-cnn', knobs: { filters, fcWidth } });

test('garth-cnn at 500 x 500 has the learnables of the study\'s analyser', () => {
  // facts of study A: the MATLAB network analyser at 500x500x1, conv 8, 16, 32, FC 2.
  const table = layerTable(buildModel(garth([8, 16, 32], 0), { height: 500, width: 500, channels: 1 }, 2));
  assert.deepEqual(table.map((row) => row.learnables).filter((count) => count > 0), [80, 16, 1168, 32, 4640, 64, 1000002]);
});

test('garth-cnn has 17 layers with its input and classification layers, as published', () => {
  const table = layerTable(buildModel(garth([8, 16, 49], 100), { height: 100, width: 100, channels: 1 }, 2));
  // MATLAB counts an input and a classification layer that have no part here, and ours a Flatten: 17 = 17 + 2 - 2
  // for the published list conv BN ReLU dropout pool, conv BN ReLU pool, conv BN ReLU, FC, FC, softmax (15).
  assert.deepEqual(table.map((row) => row.className), [
    'Conv2D', 'BatchNormalization', 'Activation', 'Dropout', 'MaxPooling2D', 'Conv2D', 'BatchNormalization', 'Activation',
    'MaxPooling2D', 'Conv2D', 'BatchNormalization', 'Activation', 'Flatten', 'Dense', 'Dense', 'Activation',
  ]);
  assert.equal(table.filter((row) => row.className !== 'Flatten').length + 2, 17);
});

test('pools leave out an odd row and column, as MATLAB\'s', () => {
  const table = layerTable(buildModel(garth([8, 16, 49], 0), { height: 27, width: 30, channels: 1 }, 2));
  assert.deepEqual(table.filter((row) => row.className === 'MaxPooling2D').map((row) => row.output), [[13, 15, 8], [6, 7, 16]]);
});

test('lenet5 at 28 x 28 has LeNet-5\'s 61,706 learnables', () => {
  // 156 + 2,416 + 48,120 + 10,164 + 850, counted from the layers of LeCun et al. 1998 with full connections.
  const table = layerTable(buildModel({ name: 'lenet5', knobs: { fcWidth: 120 } }, { height: 28, width: 28, channels: 1 }, 10));
  assert.deepEqual(table.map((row) => row.learnables).filter((count) => count > 0), [156, 2416, 48120, 10164, 850]);
});

test('mlp on 64 x 64 in 10 classes has study E\'s 2,365,450 parameters', () => {
  const table = layerTable(buildModel({ name: 'mlp', knobs: { hidden: [512, 512], activation: 'relu' } }, { height: 64, width: 64, channels: 1 }, 10));
  assert.equal(table.reduce((sum, row) => sum + row.params, 0), 2_365_450);
  assert.deepEqual(table.map((row) => row.className), ['Flatten', 'Dense', 'Activation', 'Dropout', 'Dense', 'Activation', 'Dropout', 'Dense', 'Activation']);
});

const CNN = { blocks: 3, filters: 32, kernel: 3, pooling: 'max', activation: 'relu', batchNorm: true, fcWidth: 128 };

test('cnn doubles its filters from block to block', () => {
  // By hand: 3*3*1*32+32, 2*32, 3*3*32*64+64, 2*64, 3*3*64*128+128, 2*128, 8*8*128*128+128, 128*2+2.
  const table = layerTable(buildModel({ name: 'cnn', knobs: CNN }, { height: 64, width: 64, channels: 1 }, 2));
  assert.deepEqual(table.map((row) => row.learnables).filter((count) => count > 0), [320, 64, 18_496, 128, 73_856, 256, 1_048_704, 258]);
});

test('cnn without batch norm and dense layer, with average pools, a block too small to pool', () => {
  const table = layerTable(buildModel({ name: 'cnn', knobs: { ...CNN, blocks: 4, filters: 2, pooling: 'average', batchNorm: false, fcWidth: 0 } }, { height: 9, width: 20, channels: 3 }, 2));
  assert.deepEqual(table.map((row) => row.className), [
    ...['Conv2D', 'Activation', 'AveragePooling2D', 'Conv2D', 'Activation', 'AveragePooling2D', 'Conv2D', 'Activation', 'AveragePooling2D'],
    ...['Conv2D', 'Activation', 'Flatten', 'Dropout', 'Dense', 'Activation'],
  ]);
  assert.deepEqual(table.filter((row) => row.className === 'AveragePooling2D').map((row) => row.output), [[4, 10, 2], [2, 5, 4], [1, 2, 8]]);
});

test('a sigmoid has one unit in every model, and two classes', () => {
  for (const { name, knobs, defaults } of ZOO) {
    const choice = { name, knobs: Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])), head: 'sigmoid' as const };
    const input = { height: defaults.imageSize, width: defaults.imageSize, channels: 1 };
    const program = programOf(buildModel(choice, input, 2), 'wasm');
    assert.deepEqual([program.classes, program.operations.at(-1)?.kind], [2, 'twoLogits'], name);
    assert.throws(() => buildModel(choice, input, 3), (error) => error instanceof ModelError && error.message.includes('sigmoid for 3 classes'));
  }
});

test('params count moving statistics, learnables do not', () => {
  const table = layerTable(buildModel(garth([8, 16, 49], 100), { height: 28, width: 28, channels: 1 }, 2));
  const norms = table.filter((row) => row.className === 'BatchNormalization');
  assert.deepEqual(norms.map((row) => [row.learnables, row.params]), [[16, 32], [32, 64], [98, 196]]);
});

test('images too small are refused with the least size that works', () => {
  for (const [model, least] of [[garth([8, 16, 49], 100), 4], [{ name: 'lenet5', knobs: { fcWidth: 120 } }, 12]] as const) {
    layerTable(buildModel(model, { height: least, width: least, channels: 1 }, 2));
    assert.throws(() => buildModel(model, { height: least - 1, width: 64, channels: 1 }, 2), (error) => error instanceof ModelError && error.message.includes(`least imageSize is ${String(least)}`));
  }
});

test('the catalogue and the models agree: names, default knobs, least sizes', () => {
  assert.deepEqual(ZOO.map((model) => model.name).sort(), [...MODEL_NAMES].sort());
  for (const { name, knobs, minImageSize } of ZOO) {
    const choice = { name, knobs: Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])) };
    // Of 1 it is what the knobs make of the image that decides, and a layer that says so.
    if (minImageSize > 1) layerTable(buildModel(choice, { height: minImageSize, width: minImageSize, channels: 1 }, 2));
    assert.throws(() => buildModel(choice, { height: minImageSize - 1, width: minImageSize - 1, channels: 1 }, 2), ModelError);
  }
});

test('a model whose knobs leave a layer nothing to work on names that layer', () => {
  const five = { height: 5, width: 5, channels: 1 };
  const tableOf = (name: string, knobs = {}): unknown => layerTable(buildModel({ name, knobs: { ...defaultsOf(name), ...knobs } }, five, 2));
  assert.throws(() => tableOf('lmap3'), (error) => error instanceof ModelError && /^layer "conv2d_2": its window of 3 x 3 is larger than its input of 1 x 1; use larger images$/.test(error.message));
  assert.throws(() => tableOf('vgg16'), /^ModelError: layer "block3_pool": its window of 2 x 2 is larger than its input of 1 x 1/);
  tableOf('lmap3', { filters: [4] });
});

test('unknown names and bad knobs are refused by name', () => {
  const input = { height: 28, width: 28, channels: 1 };
  assert.throws(() => buildModel({ name: 'densenet', knobs: {} }, input, 2), /densenet.*garth-cnn/);
  assert.throws(() => buildModel(garth([8, 16], 100), input, 2), /filters/);
  assert.throws(() => buildModel(garth([8, 16, 49], -1), input, 2), /fcWidth/);
});
