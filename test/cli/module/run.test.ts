/** A sweep over a user's module from the file to predictions, in real processes. */
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../../proto/package-root.js';
import { classFolders, temporaryFolder } from '../../support/images.js';
import { readDocument } from '../run-document.js';
import { trawl } from '../trawl.js';

/** The layers of garth-cnn, in the words of tf.layers. */
const GARTH = `import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';
export const knobs = { width: { default: 100, min: 1, max: 1000 } };
export function build({ width }: any, input: any) {
  const kernelInitializer = 'glorotUniform';
  const model = sequential();
  const block = (filters: number, first: object) => {
    model.add(layers.conv2d({ filters, kernelSize: 3, padding: 'same', kernelInitializer, ...first }));
    model.add(layers.batchNormalization());
    model.add(layers.activation({ activation: 'relu' }));
  };
  block(8, { inputShape: [input.height, input.width, input.channels] });
  model.add(layers.dropout({ rate: 0 }));
  model.add(layers.maxPooling2d({ poolSize: 2 }));
  block(16, {});
  model.add(layers.maxPooling2d({ poolSize: 2 }));
  block(49, {});
  model.add(layers.flatten());
  model.add(layers.dense({ units: width, kernelInitializer }));
  model.add(layers.dense({ units: input.classes, kernelInitializer }));
  model.add(layers.activation({ activation: 'softmax' }));
  return model;
}
`;

const SPACE = 'imageSize: 12, batch: 4, epochs: 2, lr: 0.01, dropout: 0.25, optimizer: sgdm';
const DATA = 'data: {path: ./images, split: {val: 0.25, test: 0.25}, normalisation: zerocenter}';

it('a module with the layers of a zoo model trains to the same bits, is edited, bundled and predicts what its trials stored', async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const run = async (file: string) => {
    const ended = await trawl(['run', file, '--home', home, '--json'], { cwd: folder });
    assert.equal(ended.code, 0, ended.stderr);
    return { document: readDocument(ended.stdout), stderr: ended.stderr };
  };
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
  await classFolders(join(folder, 'images'), ['no', 'yes'], 12);
  write('my-model.ts', GARTH);
  write('own.yaml', `${DATA}\nmodel: ./my-model.ts\nspace: {${SPACE}, width: [6, 9]}\n`);
  write('zoo.yaml', `${DATA}\nmodel: garth-cnn\nspace: {${SPACE}, fcWidth: [6, 9]}\n`);

  const own = (await run('own.yaml')).document;
  const zoo = (await run('zoo.yaml')).document;
  assert.equal(own.epochs.trained, 4);
  const numbers = (document: typeof own): unknown => document.trials.map(({ settings, params, train, val }) => [settings.width ?? settings.fcWidth, params, train, val]);
  assert.deepEqual(numbers(own), numbers(zoo));

  // Words that change nothing of what is built train nothing; a layer more does.
  write('my-model.ts', `// a comment\n${GARTH}`);
  assert.equal((await run('own.yaml')).document.epochs.trained, 0);
  write('my-model.ts', GARTH.replace('layers.flatten()', 'layers.globalAveragePooling2d({})'));
  const other = await run('own.yaml');
  assert.equal(other.document.epochs.trained, 4);
  assert.match(other.stderr, /code of the model/);
  write('my-model.ts', GARTH);
  const back = (await run('own.yaml')).document;
  assert.equal(back.epochs.trained, 0);

  const keras = await trawl(['trial', 'own/1', '--as', 'keras', '--home', home], { cwd: folder });
  assert.match(keras.stdout, /layers\.Dense\(9, name="dense_1"\)/);
  assert.equal(keras.code, 0, keras.stderr);

  assert.ok(back.bundle !== null);
  const manifest = JSON.parse(readFileSync(join(back.bundle, 'manifest.json'), 'utf8')) as { reference: { file: string; probabilities: number[] }[] };
  for (const { file, probabilities } of manifest.reference) {
    write('one.png', '');
    writeFileSync(join(folder, 'one.png'), readFileSync(join(back.bundle, file)));
    const predicted = await trawl(['predict', back.bundle, 'one.png', '--json'], { cwd: folder });
    assert.equal(predicted.code, 0, predicted.stderr);
    const [first] = JSON.parse(predicted.stdout) as { probabilities: { no: number; yes: number } }[];
    assert.ok(Math.abs((first?.probabilities.no ?? NaN) - (probabilities[0] ?? NaN)) < 1e-6);
  }
  assert.ok(manifest.reference.length > 0);
});

it('a module that is wrong for the data is told before anything is made', async (t) => {
  const folder = temporaryFolder(t);
  await classFolders(join(folder, 'images'), ['a', 'b', 'c'], 4);
  writeFileSync(join(folder, 'my-model.ts'), "export const build = () => ({ class_name: 'Sequential', config: { layers: [{ class_name: 'Flatten', config: { batch_input_shape: [null, 8, 8, 1] } }, { class_name: 'Dense', config: { units: 2 } }] } });\n");
  writeFileSync(join(folder, 'own.yaml'), 'data: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: ./my-model.ts\nspace: {imageSize: 8}\n');
  const ended = await trawl(['run', 'own.yaml', '--home', join(folder, 'home')], { cwd: folder });
  assert.equal(ended.code, 2);
  assert.equal(ended.stderr.split('\n').find((line) => line.startsWith('my-model.ts')), 'my-model.ts:1:14: model: found a model with 2 outputs, expected 3; give its last Dense layer units: classes (in build for 8 x 8 x 1 and 3 classes)');
  await assert.rejects(async () => readFileSync(join(folder, 'home', 'host.lock')), { code: 'ENOENT' });
});
