import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PixelFile } from '../../../worker/data/pixel-file.js';
import { temporaryFolder } from '../../support/images.js';

const SLOT = 6;
const digest = (name: string): string => createHash('sha256').update(name).digest('hex');
const pixelsOf = (value: string): Promise<Uint8Array> => Promise.resolve(new Uint8Array(SLOT).fill(Number.parseInt(value.slice(0, 2), 16)));

async function withTwo(path: string): Promise<void> {
  const file = await PixelFile.open(path, SLOT);
  await file.append([digest('a'), digest('b')], pixelsOf);
  await file.close();
}

test('what was appended is found again in the next process', async (t) => {
  const path = join(temporaryFolder(t), 'x.pixels');
  await withTwo(path);
  const file = await PixelFile.open(path, SLOT);
  assert.equal(file.slotOf(digest('a')), 0);
  assert.equal(file.slotOf(digest('b')), 1);
  assert.equal(file.slotOf(digest('c')), undefined);
  await file.append([digest('c')], pixelsOf);
  assert.equal(file.slotOf(digest('c')), 2);
  await file.close();
  assert.deepEqual([...readFileSync(path).subarray(2 * SLOT)], [...(await pixelsOf(digest('c')))]);
});

test('a torn line of the index and pixels that it does not name are cut off', async (t) => {
  const path = join(temporaryFolder(t), 'x.pixels');
  await withTwo(path);
  appendFileSync(`${path}.index`, digest('c').slice(0, 40));
  appendFileSync(path, Buffer.alloc(SLOT + 3, 9));
  const file = await PixelFile.open(path, SLOT);
  assert.equal(file.slotOf(digest('c')), undefined);
  assert.equal(statSync(path).size, 2 * SLOT);
  await file.append([digest('d')], pixelsOf);
  await file.close();
  assert.equal(readFileSync(`${path}.index`, 'latin1'), ['a', 'b', 'd'].map((name) => `${digest(name)}\n`).join(''));
});

test('an index that names more than there is, or something else, is believed as far as it holds', async (t) => {
  const path = join(temporaryFolder(t), 'x.pixels');
  await withTwo(path);
  truncateSync(path, SLOT + 2);
  const shorter = await PixelFile.open(path, SLOT);
  assert.deepEqual([shorter.slotOf(digest('a')), shorter.slotOf(digest('b'))], [0, undefined]);
  await shorter.append([digest('b')], pixelsOf);
  await shorter.close();
  appendFileSync(`${path}.index`, `${'x'.repeat(64)}\n${digest('c')}\n`);
  appendFileSync(path, Buffer.alloc(2 * SLOT));
  const foreign = await PixelFile.open(path, SLOT);
  assert.deepEqual([foreign.slotOf(digest('b')), foreign.slotOf(digest('c'))], [1, undefined]);
  await foreign.close();
});

test('an append of which one image fails adds none', async (t) => {
  const path = join(temporaryFolder(t), 'x.pixels');
  await withTwo(path);
  const file = await PixelFile.open(path, SLOT);
  const failing = (name: string): Promise<Uint8Array> => (name === digest('d') ? Promise.reject(new Error('bad image')) : pixelsOf(name));
  await assert.rejects(file.append([digest('c'), digest('d')], failing), /bad image/);
  assert.equal(file.slotOf(digest('c')), undefined);
  await assert.rejects(file.append([digest('e')], () => Promise.resolve(new Uint8Array(3))), /3 bytes for a slot of 6/);
  await file.append([digest('d')], pixelsOf);
  assert.equal(file.slotOf(digest('d')), 2);
  await file.close();
});
