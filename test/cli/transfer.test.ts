/** A sweep over pretrained weights with the real program: from the file to the bundle, and what is wrong with it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AddressInfo } from 'node:net';
import type { RunDocument } from '../../cli/run/document.js';
import { createWasmEngine } from '../../worker/engine/wasm/engine.js';
import { tensorsIn } from '../../worker/engine/state.js';
import { writeSafetensors } from '../../worker/model/safetensors.js';
import { buildModel } from '../../worker/model/zoo.js';
import { png, writeTree } from '../support/images.js';
import { training } from '../worker/engine/support.js';
import { trawl, type Ended } from './trawl.js';

let folder: string;
const KNOBS = { blocks: 2, filters: 4, kernel: 3, pooling: 'max', activation: 'relu', batchNorm: true, fcWidth: 0 };

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-transfer-'));
  const files: { [name: string]: Buffer } = {};
  for (let index = 0; index < 12; index += 1) for (const name of ['a', 'b']) files[`images/${name}/${index}.png`] = await png(name === 'a' ? index : 100 + index);
  writeTree(folder, files);
  // The weights of a model that was never trained are weights like others.
  const topology = buildModel({ name: 'cnn', knobs: KNOBS }, { height: 16, width: 16, channels: 1 }, 2);
  const source = { count: 1, height: 16, width: 16, channels: 1, labels: new Uint16Array(1), read: () => undefined };
  const executable = await (await createWasmEngine()).compile(topology, training(2, { initSeed: 99 }), source);
  writeFileSync(join(folder, 'base.safetensors'), writeSafetensors(tensorsIn(executable.state()).filter(({ name }) => !name.includes(':'))));
});
after(() => rmSync(folder, { recursive: true }));

const sweep = (name: string, weights: string, more = '', below = ''): string => {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `name: ${name}\ndata: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: cnn\nweights: ${weights}\nspace: {imageSize: 16, blocks: 2, filters: 4, epochs: 3, batch: 4, lr: 0.01${more}}\n${below}`);
  return file;
};
const run = (file: string, home: string): Promise<Ended> => trawl(['run', file, '--home', join(folder, home), '--slots', '1', '--engine', 'wasm', '--json'], { cwd: folder });

test('a run trains a head on kept features and the base on, and its bundle predicts by itself', async () => {
  const ended = await run(sweep('heads', './base.safetensors', ', unfreezeAt: [null, 2], headUnits: [0, 8]'), 'home');
  assert.equal(ended.code, 0, ended.stderr);
  const document = JSON.parse(ended.stdout) as RunDocument;
  assert.deepEqual(document.trials.map(({ state }) => state), ['completed', 'completed', 'completed', 'completed']);
  const kept = readdirSync(join(folder, 'home', 'worker', 'pixels'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.features'));
  assert.equal(kept.length, 1, 'one file of features for all trials');
  // It was checked against the trials' own predictions when it was written.
  const bundle = join(folder, 'home', 'bundles', 'heads-1');
  assert.ok(existsSync(bundle), ended.stderr);
  const predicted = await trawl(['predict', bundle, join(folder, 'images', 'a', '0.png'), '--json'], { cwd: folder });
  assert.equal(predicted.code, 0, predicted.stderr);
});

test('an address is fetched and checked by its hash, and means the same weights', async () => {
  const bytes = readFileSync(join(folder, 'base.safetensors'));
  const server = createServer((_, response) => {

    response.end(bytes);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base.safetensors`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const ended = await run(sweep('fetched', `{file: '${url}', sha256: ${sha256}}`), 'home');
    assert.equal(ended.code, 0, ended.stderr);
    // The first test's home has these epochs.
    assert.match(ended.stderr, /0 to train|nothing is left to train|answers? from the store/i);
    const wrong = await run(sweep('other', `{file: '${url}', sha256: ${'f'.repeat(64)}}`), 'home');
    assert.equal(wrong.code, 2);
    assert.ok(wrong.stderr.includes(`${url} of SHA-256 ${sha256}, expected ${'f'.repeat(64)}; what was fetched is thrown away`), wrong.stderr);
    assert.match(wrong.stderr, /^other\.yaml:4:\d+: weights\.sha256: found /m);
    const here = await run(sweep('here', `{file: ./base.safetensors, sha256: ${'f'.repeat(64)}}`), 'home');
    assert.equal(here.code, 2);
    assert.match(here.stderr, new RegExp(`^here\\.yaml:4:\\d+: weights\\.sha256: found \\./base\\.safetensors of SHA-256 ${sha256}, expected f{64}; if that is the file you mean, its hash goes here`, 'm'));
  } finally {
    server.close();
  }
});

test('a host that is not there is no mistake, and named with its field', async () => {
  // The name is reserved for never being there: RFC 2606.
  const ended = await run(sweep('away', 'https://weights.invalid/w.h5'), 'never');
  assert.equal(ended.code, 1, ended.stderr);
  assert.match(ended.stderr, /away\.yaml:4:10: weights: https:\/\/weights\.invalid\/w\.h5 cannot be fetched: /);
  assert.ok(!existsSync(join(folder, 'never')));
});

test('images that are too small for the base are infeasible trials, and the others train', async () => {
  const topology = buildModel({ name: 'lmap3', knobs: { filters: [4, 4], hidden: [4] } }, { height: 16, width: 16, channels: 1 }, 2);
  const source = { count: 1, height: 16, width: 16, channels: 1, labels: new Uint16Array(1), read: () => undefined };
  const executable = await (await createWasmEngine()).compile(topology, training(2, { initSeed: 99 }), source);
  writeFileSync(join(folder, 'lmap3.safetensors'), writeSafetensors(tensorsIn(executable.state()).filter(({ name }) => !name.includes(':'))));
  const file = join(folder, 'small.yaml');
  writeFileSync(file, 'name: small\ndata: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: lmap3\nweights: ./lmap3.safetensors\nspace: {imageSize: [3, 16], filters: [[4, 4]], epochs: 1, batch: 4}\n');
  const ended = await run(file, 'home');
  assert.equal(ended.code, 0, ended.stderr);
  const [small, large] = (JSON.parse(ended.stdout) as RunDocument).trials.toSorted((a, b) => a.number - b.number);
  assert.deepEqual([small?.state, large?.state], ['infeasible', 'completed']);
  assert.match(small?.failure?.message ?? '', /max_pooling2d_1/, 'the layer that had nothing left');
  // Its settings, pasted into a file of another name, are that trial again.
  const best = await trawl(['best', 'small', '--home', join(folder, 'home')], { cwd: folder });
  assert.equal(best.code, 0, best.stderr);
  writeFileSync(file, `name: pasted\ndata: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: lmap3\nweights: ./lmap3.safetensors\n${best.stdout.slice(best.stdout.indexOf('\nspace:') + 1)}`);
  const pasted = await run(file, 'home');
  assert.equal(pasted.code, 0, pasted.stderr);
  assert.deepEqual((JSON.parse(pasted.stdout) as RunDocument).trials.map(({ settings }) => settings), [large?.settings]);
});

test('what does not fit is one line with the layer, both shapes and the file, exit code 2, and no home', async () => {
  const whole = readFileSync(join(folder, 'base.safetensors'));
  writeFileSync(join(folder, 'cut.safetensors'), whole.subarray(0, whole.length - 100));
  const drawn = 'sampler: random\nbudget: {trials: 2}\n';
  const cases: readonly (readonly [weights: string, more: string, line: RegExp, below?: string])[] = [
    ['./gone.h5', '', /^bad\.yaml:4:10: weights: found "\.\/gone\.h5", expected a file of weights/m],
    ['./cut.safetensors', '', /^bad\.yaml:4:10: weights: found \.\/cut\.safetensors: the file ends after .* it is cut off/m],
    ['./base.safetensors', ', kernel: 5', /^bad\.yaml:4:10: weights: found conv2d_1\/kernel of \[3, 3, 1, 4\] in \.\/base\.safetensors, expected \[5, 5, 1, 4\]$/m],
    // Of what is drawn later, every value that is listed, and both ends of a range.
    ['./base.safetensors', ', kernel: [3, 5]', /^bad\.yaml:4:10: weights: found conv2d_1\/kernel of \[3, 3, 1, 4\] in \.\/base\.safetensors, expected \[5, 5, 1, 4\]$/m, drawn],
    ['./base.safetensors', ', kernel: {min: 3, max: 7, step: 2}', /^bad\.yaml:4:10: weights: found conv2d_1\/kernel of \[3, 3, 1, 4\] in \.\/base\.safetensors, expected \[7, 7, 1, 4\]$/m, drawn],
    ['./base.safetensors', ', fcWidth: [0, 16]', /^bad\.yaml:5:\d+: space\.fcWidth: found fcWidth, but weights replace what it shapes, expected headUnits or headPooling; the base ends with max_pooling2d_2/m],
    ['./base.safetensors', ', freeze: 40', /^bad\.yaml:5:\d+: space\.freeze: found 40, expected at most the 8 layers of the base, which ends with max_pooling2d_2/m],
  ];
  for (const [weights, more, line, below] of cases) {
    const ended = await run(sweep('bad', weights, more, below), 'never');
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, line);
    assert.ok(!existsSync(join(folder, 'never')), weights);
  }
});
