import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MODELS } from '../../proto/models.js';
import { packageRoot } from '../../proto/package-root.js';
import { trawl } from './trawl.js';

interface ModelDocument {
  readonly params: number;
  readonly learnables: number;
  readonly multiplyAdds: number;
  readonly memoryBytes: number;
  readonly layers: readonly { readonly learnables: number; readonly output: readonly number[]; readonly activationBytes: number }[];
}

test('a model\'s layers, parameters and memory, with its knobs as options', async () => {
  const ended = await trawl(['model', 'garth-cnn', '--input', '500x500x1', '--filters', '8,16,32', '--fcWidth', '0', '--dropout', '0.3', '--batch', '4', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const document = JSON.parse(ended.stdout) as ModelDocument;
  // Study A's analyser, and two moving statistics for each of the 8 + 16 + 32 channels.
  assert.deepEqual(document.layers.map((layer) => layer.learnables).filter((count) => count > 0), [80, 16, 1168, 32, 4640, 64, 1_000_002]);
  assert.equal(document.learnables, 1_006_002);
  assert.equal(document.params - document.learnables, 2 * (8 + 16 + 32));
  // 500*500*9*8 + 250*250*9*8*16 + 125*125*9*16*32 + 500000*2.
  assert.equal(document.multiplyAdds, 18_000_000 + 72_000_000 + 72_000_000 + 1_000_000);
  assert.equal(document.layers[0]?.activationBytes, 4 * 500 * 500 * 8);
  assert.ok(document.memoryBytes > 4 * 4 * 500 * 500 * 8);
});

test('without a name all models are listed, with the published parameters of those that have them at their defaults', async () => {
  const ended = await trawl(['model', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const { models } = JSON.parse(ended.stdout) as { readonly models: readonly { readonly name: string; readonly kind: string; readonly parameters: number | null; readonly from: string; readonly input: object; readonly knobs: readonly { readonly name: string; readonly default: unknown }[] }[] };
  assert.deepEqual(models.map(({ name }) => name), MODELS.map(({ name }) => name));
  const listed = (name: string): (typeof models)[number] => models.find((model) => model.name === name) ?? assert.fail(name);
  // Study A's analyser: 3,071,447 with its moving statistics, 100 x 100 x 1 and two classes.
  assert.deepEqual([listed('garth-cnn').parameters, listed('garth-cnn').input], [3_071_447, { height: 100, width: 100, channels: 1 }]);
  assert.deepEqual([listed('svm').kind, listed('svm').parameters, listed('svm').knobs.map((knob) => [knob.name, knob.default])], ['classical', null, [['C', 1], ['gamma', 'scale']]]);
  // As the page about them says it.
  const page = readFileSync(join(packageRoot(), 'docs', 'zoo.md'), 'utf8');
  for (const { name, kind, from } of models) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? assert.fail(`${name} is not in docs/zoo.md`);
    if (kind === 'network') assert.equal(row.split('|').at(-2)?.trim(), from, name);
  }
  const text = await trawl(['model']);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^lmap3 +224 x 224 x 1 +[\d,]+ +study C \(chest X-rays of four classes\) +filters, hidden$/m);
});

test('what is asked of one model says nothing of all', async () => {
  const ended = await trawl(['model', '--input', '64x64x1', '--classes', '3']);
  const lines = ['--input: found 64x64x1', '--classes: found 3'].map((begin) => `${begin} without a model, expected NAME before it; trawl model lists the names\n`);
  assert.deepEqual([ended.code, ended.stdout, ended.stderr], [2, '', lines.join('')]);
});

test('knobs that are unknown or out of range are one line each, with what was meant', async () => {
  const ended = await trawl(['model', 'cnn', '--fc_width', '3', '--blocks', '0', '--pooling', 'avg', '--dropout', '1']);
  assert.equal(ended.code, 2);
  assert.equal(ended.stdout, '');
  assert.deepEqual(ended.stderr.trim().split('\n'), [
    '--fc_width: found no such knob of cnn, expected one of blocks, filters, kernel, pooling, activation, batchNorm, fcWidth, dropout; did you mean fcWidth?',
    '--blocks: found 0, expected a whole number from 1 to 10',
    '--pooling: found avg, expected one of max, average',
    '--dropout: found 1, expected a number from 0 to below 1',
  ]);
});

for (const [args, said] of [
  [['lenet'], `model: found lenet, expected one of ${MODELS.map(({ name }) => name).join(', ')}, or a module such as ./my-model.ts; did you mean lenet5?\n`],
  [['lenet5', '--input', '8x8x1'], 'lenet5: images of 8 x 8 are too small for its kernels and pools; the least imageSize is 12\n'],
  [['lenet5', '--input', '28x28'], '--input: found 28x28, expected HEIGHTxWIDTHxCHANNELS with 1 or 3 channels, such as 100x100x1\n'],
] as const) {
  test(`trawl model ${args.join(' ')} says what is wrong`, async () => {
    const ended = await trawl(['model', ...args]);
    assert.deepEqual([ended.code, ended.stderr], [2, said]);
  });
}

test('parts of a batch take the memory of one', async () => {
  const memoryOf = async (...args: string[]): Promise<number> => (JSON.parse((await trawl(['model', 'garth-cnn', '--json', ...args])).stdout) as ModelDocument).memoryBytes;
  const [whole, parts, tenth] = [await memoryOf('--batch', '160'), await memoryOf('--batch', '160', '--accumulate', '20'), await memoryOf('--batch', '8')];
  assert.ok(parts < whole / 2, `${parts} of ${whole}`);
  // Beside the memory of eight images there are the sums of the gradients, 4 bytes for each parameter, and labels.
  assert.ok(parts >= tenth && parts < 1.5 * tenth, `${parts} of ${tenth}`);
  const ended = await trawl(['model', 'garth-cnn', '--batch', '8', '--accumulate', '9']);
  assert.deepEqual([ended.code, ended.stderr], [2, '--accumulate: found 9, expected at most the batch, which is 8\n']);
});

test('a size that is too large is told as a size', async () => {
  const ended = await trawl(['model', 'garth-cnn', '--input', '99999x99999x3']);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /--input: found 99999x99999x3, expected a height and a width of at most 9999/);
});

test('a classical model is shown with what it may be told and the memory of its fit', async () => {
  const ended = await trawl(['model', 'svm', '--gamma', '0.01', '--images', '1000', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const { knobs, memoryBytes } = JSON.parse(ended.stdout) as { readonly knobs: object; readonly memoryBytes: number };
  assert.deepEqual(knobs, { C: 1, gamma: 0.01 });
  // The kernels of 1,000 images with each other are float32.
  assert.ok(memoryBytes > 4 * 1000 * 1000, String(memoryBytes));
  const wrong = await trawl(['model', 'knn', '--neighbors', '0', '--dropout', '0.1']);
  assert.deepEqual([wrong.code, wrong.stderr.trim().split('\n')], [2, ['--neighbors: found 0, expected a whole number from 1 to 100000', '--dropout: found no such knob of knn, expected one of neighbors, weights']]);
  const batch = await trawl(['model', 'svm', '--batch', '3']);
  assert.deepEqual([batch.code, batch.stderr], [2, '--batch: found 3 for svm, expected a network; a classical model has no layers, steps or engine\n']);
});
