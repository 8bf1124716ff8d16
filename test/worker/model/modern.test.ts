/** GoogLeNet, Xception, MobileNetV2 and EfficientNet-Lite0: their parameters are the published ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../proto/work.js';
import { type LayerRow, layerTable } from '../../../worker/model/layer-table.js';
import { buildModel } from '../../../worker/model/zoo.js';

const HEAD = { pooling: 'average', hidden: [] };
const CLASSES = 1000;

function table(name: string, knobs: { readonly [knob: string]: Json } = {}): LayerRow[] {
  return layerTable(buildModel({ name, knobs: { ...HEAD, ...knobs } }, { height: 224, width: 224, channels: 3 }, CLASSES));
}

function total(rows: readonly LayerRow[], of: 'params' | 'learnables' = 'params'): number {
  return rows.reduce((sum, row) => sum + row[of], 0);
}

test('xception, mobilenetv2: parameters with and without top are those of Keras Applications', () => {
  // keras.applications 3.15, weights=None: model.count_params(), include_top True and False; study D has Xception's 20,861,480.
  for (const [name, knobs, whole, without] of [['xception', {}, 22_910_480, 20_861_480], ['mobilenetv2', { alpha: 1 }, 3_538_984, 2_257_984], ['mobilenetv2', { alpha: 0.35 }, 1_691_208, 410_208], ['mobilenetv2', { alpha: 1.4 }, 6_156_712, 4_363_712]] as const) {
    const rows = table(name, knobs);
    assert.equal(total(rows), whole, name);
    assert.equal(total(rows.slice(0, -1)), without, name);
  }
});

test('efficientnet-lite0 has as many weights as the checkpoint that Google published', () => {
  // The converted ImageNet checkpoint: 4,694,024 values, of which 42,016 are moving statistics.
  const rows = table('efficientnet-lite0');
  assert.deepEqual([total(rows), total(rows, 'learnables')], [4_694_024, 4_652_008]);
});

test('inception has the parameters of GoogLeNet, and images of its sizes', () => {
  // BVLC GoogLeNet (Caffe's model zoo) without its auxiliary heads, as netscope counts it: 6,990,272 weights and 8,280 biases.
  const rows = table('inception', { batchNorm: false });
  assert.equal(total(rows), 6_998_552);
  const biases = rows.filter(({ learnables }) => learnables > 0).reduce((sum, { output }) => sum + (output.at(-1) ?? 0), 0);
  assert.equal(total(rows) - biases, 6_990_272);
  // Szegedy et al. 2015, table 1, column "output size".
  assert.deepEqual(rows.filter(({ className }) => className === 'Concatenate').map(({ output }) => output.join('x')), [
    '28x28x256', '28x28x480', '14x14x512', '14x14x512', '14x14x512', '14x14x528', '14x14x832', '7x7x832', '7x7x1024',
  ]);
});

test('inception with batch norm has no biases before it', () => {
  // For each filter a bias less, and two learnables and two statistics more.
  const [plain, normed] = [table('inception', { batchNorm: false }), table('inception', { batchNorm: true })];
  const filters = normed.filter(({ className }) => className === 'BatchNormalization').reduce((sum, row) => sum + (row.output[2] ?? 0), 0);
  assert.equal(total(normed, 'learnables') - total(plain), filters);
  assert.equal(total(normed) - total(plain), 3 * filters);
});
