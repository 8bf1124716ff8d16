/** `--engine eager` from a module's file to predictions, in real processes, on the native engine under test. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { packageRoot } from '../../../proto/package-root.js';
import { classFolders, temporaryFolder } from '../../support/images.js';
import { readDocument } from '../run-document.js';
import { trawl, type Ended } from '../trawl.js';

const native = process.env.TRAWL_TEST_NATIVE;
const skip = native === undefined || !existsSync(join(native, 'engine.json')) ? 'no native engine that trawl has installed: set TRAWL_TEST_NATIVE to its folder' : false;

/** Layers that wasm and graph do not know, in the words of tf.layers. */
const MODEL = `import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';
export const knobs = { filters: { default: 4, min: 1, max: 64 } };
export function build({ filters }: any, { height, width, channels, classes }: any) {
  return sequential({ layers: [
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', inputShape: [height, width, channels] }),
    layers.layerNormalization(), layers.prelu(), layers.dropout({ rate: 0 }), layers.maxPooling2d({ poolSize: 2 }),
    layers.reshape({ targetShape: [height / 2, filters * width / 2] }), layers.bidirectional({ layer: layers.gru({ units: 5, recurrentInitializer: 'glorotUniform' }) as any }),
    layers.dense({ units: classes, activation: 'softmax' }),
  ] });
}
`;
const SWEEP = 'data: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: ./my-model.ts\nspace: {imageSize: 8, batch: 4, epochs: [1, 2], lr: 0.01, dropout: 0.2, filters: [3, 4]}\n';

interface Place {
  readonly home: string;
  readonly command: (...words: string[]) => Promise<Ended>;
}

async function place(t: TestContext): Promise<Place> {
  const folder = temporaryFolder(t);
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
  await classFolders(join(folder, 'images'), ['no', 'yes'], 12);
  writeFileSync(join(folder, 'my-model.ts'), MODEL);
  writeFileSync(join(folder, 'own.yaml'), SWEEP);
  const home = join(folder, 'home');
  return { home, command: (...words) => trawl([...words, '--home', home], { cwd: folder }) };
}

test('without a native engine eager is refused with what to install, and so is a layer that wasm does not know, with eager as the way', async (t) => {
  const { command } = await place(t);
  const forced = await command('run', 'own.yaml', '--engine', 'eager');
  assert.equal(forced.code, 1);
  assert.match(forced.stderr, /eager: no native engine is installed; install one: trawl engine install .*\[EngineUnusable\]\n$/);
  const plain = await command('run', 'own.yaml', '--engine', 'wasm');
  assert.equal(plain.code, 2);
  assert.match(plain.stderr, /my-model\.ts:4:17: model: found a model that cannot be trained: the wasm engine has no layer LayerNormalization \(layer "[^"]+"\); --engine eager takes it, with a native engine: trawl engine install/);
  const shown = await command('show', 'own.yaml', '--cost');
  assert.equal(shown.code, 0, shown.stderr);
  assert.match((await command('engine', 'ls')).stdout, /--engine eager \(slower, for layers that the others do not know\): needs a native engine: .*engine install/);
  assert.match((await command('doctor')).stdout, /--engine eager .*needs a native engine/);
});

test('a module of layers that only eager knows is shown, trained once, resumed, bundled and predicts what its trials stored', { skip }, async (t) => {
  const { home, command } = await place(t);
  const ok = async (...words: string[]): Promise<Ended> => {
    const ended = await command(...words);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  };
  mkdirSync(join(home, 'engines'), { recursive: true, mode: 0o700 });
  symlinkSync(native ?? '', join(home, 'engines', 'tensorflow-test-cpu'));
  await ok('engine', 'test');
  assert.match((await ok('engine', 'ls')).stdout, /eager on CPU \(TensorFlow [\d.]+\).*usable with --engine eager/);

  const refused = await command('run', 'own.yaml');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /has no layer LayerNormalization \(layer "[^"]+"\); --engine eager takes it \(/);
  const model = JSON.parse((await ok('model', './my-model.ts', '--engine', 'eager', '--input', '8x8x1', '--filters', '3', '--json')).stdout) as { params: number; memoryBytes: number };
  assert.ok(model.memoryBytes > 0);

  const run = async () => readDocument((await ok('run', 'own.yaml', '--engine', 'eager', '--json')).stdout);
  const first = await run();
  assert.equal(first.epochs.trained, 4, 'two models, two epochs each');
  assert.ok(first.trials.some(({ params }) => params === model.params));
  assert.equal((await run()).epochs.trained, 0);

  assert.ok(first.bundle !== null);
  const manifest = JSON.parse(readFileSync(join(first.bundle, 'manifest.json'), 'utf8')) as { reference: { file: string; probabilities: number[] }[] };
  assert.ok(manifest.reference.length > 0);
  const predicted = JSON.parse((await ok('predict', first.bundle, ...manifest.reference.map(({ file }) => join(first.bundle ?? '', file)), '--engine', 'eager', '--json')).stdout) as { probabilities: { no: number } }[];
  predicted.forEach(({ probabilities }, index) => assert.ok(Math.abs(probabilities.no - (manifest.reference[index]?.probabilities[0] ?? NaN)) < 1e-6));
  const other = await command('predict', first.bundle, 'images');
  assert.equal(other.code === 0, false);
  assert.match(other.stderr, /the wasm engine has no layer LayerNormalization .*; --engine eager takes it/);
});
