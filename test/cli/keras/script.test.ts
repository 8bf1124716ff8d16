import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { kerasScript } from '../../../cli/keras/script.js';
import { ZOO } from '../../../proto/models.js';
import type { ImageEpochSettings, ImageTrajectory, Json } from '../../../proto/work.js';
import { layerTable } from '../../../worker/model/layer-table.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { imageSettings } from '../../support/settings.js';

const CLASSES = ['NORMAL', 'PNEUMONIA'];

function trajectoryOf(name: string, normalisation: ImageTrajectory['input']['normalisation'], knobs: { readonly [knob: string]: Json } = {}): ImageTrajectory {
  const model = ZOO.find((candidate) => candidate.name === name) ?? assert.fail(name);
  return {
    format: 1, trainable: 'image-classifier', version: 1, numerics: 'n', data: 'd', classes: 2,
    input: { height: 16, width: 16, channels: 1, resize: 'stretch', normalisation },
    model: { name, knobs: { ...Object.fromEntries(model.knobs.map((knob) => [knob.name, knob.default])), ...knobs } },
    optimizer: model.defaults.optimizer, loss: 'softmaxCrossEntropy', initSeed: 0, replicate: 0, salt: null,
  };
}

function scriptOf(trajectory: ImageTrajectory, epochs: readonly { readonly count: number; readonly settings: ImageEpochSettings }[]): string {
  return kerasScript('Trial #0 of "quoted"', { trajectory, epochs }, trajectory, buildModel(trajectory.model, trajectory.input, 2), CLASSES);
}

test('rates are written as the shortest decimals of their float32 values, and the script says how it differs from the trial', () => {
  const lr = Math.fround(0.003);
  const script = scriptOf(trajectoryOf('garth-cnn', 'zerocenter'), [{ count: 1, settings: imageSettings({ lr, lrFrom: Math.fround(0.1) }) }]);
  assert.ok(script.includes('RATES = [(0.1, 0.003)] * 1'), script);
  assert.match(script, /15 % of each class at random.*without early stopping/s);
});

test('the script has the layers, settings and rates of the trial', () => {
  const settings = imageSettings({ batch: 7, dropout: 0.3, l2: 0.01, labelSmoothing: 0.1, clipNorm: 2, lr: 0.5, lrFrom: 0.25, classWeights: [2, 1] });
  const script = scriptOf(trajectoryOf('garth-cnn', 'zerocenter'), [{ count: 2, settings }, { count: 1, settings: { ...settings, lrFrom: 0.5 } }]);
  for (const part of [
    'layers.Conv2D(49, [3, 3], strides=[1, 1], padding="same", kernel_regularizer=keras.regularizers.L2(0.01), name="conv2d_3")', 'layers.Dropout(0.3,',
    'RATES = [(0.25, 0.5)] * 2 + [(0.5, 0.5)] * 1', 'BATCH, SEED, TRAIN_FRACTION = 7, 0, 1', 'momentum=0.9, global_clipnorm=2', 'label_smoothing=0.1',
    'class_weight={0: 2, 1: 1}', 'CLASSES = ["NORMAL", "PNEUMONIA"]',
  ]) {
    assert.ok(script.includes(part), `${part} is not in:\n${script}`);
  }
});

/** TRAWL_TEST_PYTHON, else python3 where it has Keras; null where nothing has. */
function pythonWithKeras(): string | null {
  const candidate = process.env.TRAWL_TEST_PYTHON ?? 'python3';
  return spawnSync(candidate, ['-c', 'import keras, PIL, numpy'], { stdio: 'ignore' }).status === 0 ? candidate : null;
}

const python = pythonWithKeras();
const skip = python === null ? 'no Python with keras, pillow and numpy; name one in TRAWL_TEST_PYTHON' : false;

for (const head of ['softmax', 'sigmoid'] as const) test(`Keras runs the script of a ${head}, and counts the same parameters`, { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-keras-'));
  try {
    for (const [label, name] of CLASSES.entries()) {
      mkdirSync(join(folder, name));
      for (let image = 0; image < 10; image += 1) {
        await sharp({ create: { width: 20, height: 18, channels: 3, background: { r: 60 + 100 * label, g: 20 * image, b: 0 } } }).png().toFile(join(folder, name, `${image}.png`));
      }
    }
    const written = trajectoryOf('cnn', 'standardise', { filters: 4, fcWidth: 8 });
    const plain = head === 'softmax' ? written : { ...written, model: { ...written.model, head } };
    const tricks = imageSettings({ batch: 4, l2: 0.001, labelSmoothing: 0.1, clipNorm: 1, lrFrom: 0, trainFraction: 0.8, classWeights: [1, 2] });
    writeFileSync(join(folder, 'trial.py'), scriptOf(plain, [{ count: 2, settings: tricks }]));
    const output = execFileSync(python ?? '', [join(folder, 'trial.py'), folder], { encoding: 'utf8', env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const params = layerTable(buildModel(plain.model, plain.input, 2)).reduce((sum, layer) => sum + layer.params, 0);
    assert.match(output, new RegExp(`parameters: ${params}\\n`));
    assert.match(output, /epoch 1: train loss \d+\.\d+, val loss \d+\.\d+, val accuracy [01]\.\d+\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
