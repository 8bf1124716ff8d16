import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureFeatures, removeDrafts } from '../../../worker/data/features.js';
import { temporaryFolder } from '../../support/images.js';

const SHAPE = { height: 1, width: 1, channels: 2 };
const COUNT = 20;
const LONG_AGO = 1_000;

/** Of image i: i and -i. */
const compute = (indices: Int32Array): Float32Array => Float32Array.from([...indices].flatMap((index) => [index, -index]));
const WHOLE = Buffer.from(Float32Array.from(Array.from({ length: COUNT }, (_, index) => [index, -index]).flat()).buffer);
const goOn = async (): Promise<boolean> => false;

test('of two that need the same features at once one computes them, and both have them', async (t) => {
  const path = join(temporaryFolder(t), 'a.features');
  let images = 0;
  const counting = (indices: Int32Array): Float32Array => {
    images += indices.length;
    return compute(indices);
  };
  assert.deepEqual(await Promise.all([1, 2].map(() => ensureFeatures(path, COUNT, SHAPE, counting, goOn))), [true, true]);
  assert.equal(images, COUNT);
  assert.deepEqual(readFileSync(path), WHOLE);
});

test('the lock of a process that was killed is taken over, and what it had begun to write goes', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'a.features');
  writeFileSync(`${path}.lock`, '');
  writeFileSync(`${path}.4711.tmp`, 'half');
  const then = Date.now() / 1_000 - LONG_AGO;
  utimesSync(`${path}.lock`, then, then);
  assert.equal(await ensureFeatures(path, COUNT, SHAPE, compute, goOn), true);
  assert.deepEqual(readdirSync(folder), ['a.features']);
});

test('who was thought dead and is not, as after a sleep of the machine, finishes all the same', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'a.features');
  let slept = false;
  const asleep = async (done: number): Promise<boolean> => {
    if (done > 0 && !slept) for (const name of readdirSync(folder)) rmSync(join(folder, name));
    slept ||= done > 0;
    return false;
  };
  assert.equal(await ensureFeatures(path, COUNT, SHAPE, compute, asleep), true);
  assert.deepEqual(readFileSync(path), WHOLE);
  assert.deepEqual(readdirSync(folder), ['a.features']);
});

test('a computation that fails leaves neither a draft nor a lock', async (t) => {
  const folder = temporaryFolder(t);
  const failing = (): Float32Array => {
    throw new Error('no memory');
  };
  await assert.rejects(ensureFeatures(join(folder, 'a.features'), COUNT, SHAPE, failing, goOn), /no memory/);
  assert.deepEqual(readdirSync(folder), []);
});

test('each use is noted in the time of the file, by which the cache lets the least recently used go', async (t) => {
  const path = join(temporaryFolder(t), 'a.features');
  await ensureFeatures(path, COUNT, SHAPE, compute, goOn);
  const then = Date.now() / 1_000 - LONG_AGO;
  utimesSync(path, then, then);
  await ensureFeatures(path, COUNT, SHAPE, compute, goOn);
  assert.ok(Date.now() - statSync(path).mtimeMs < 1_000 * LONG_AGO / 2);
});

test('a worker that starts clears away what a former one had begun to write', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['a.features', 'b.features.4711.tmp', 'b.features.lock', 'c.pixels']) writeFileSync(join(folder, name), '');
  await removeDrafts(folder);
  assert.deepEqual(readdirSync(folder).sort(), ['a.features', 'c.pixels']);
  await removeDrafts(join(folder, 'not-there'));
  assert.equal(existsSync(join(folder, 'not-there')), false);
});
