import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { UnreadableImageError, decodeImage, type PixelShape } from '../../../worker/data/decode.js';
import { DecoderPool } from '../../../worker/data/decoder-pool.js';
import { jpeg, png } from '../../support/images.js';

const SHAPE: PixelShape = { height: 20, width: 30, channels: 1, resize: 'crop' };

/** Of threads only. */
function pool(t: TestContext, threads = 2): DecoderPool {
  const made = new DecoderPool({ threads, bytesBeforeThreads: 0, smallFileBytes: 0 });
  t.after(() => made.close());
  return made;
}

test('threads give the pixels that the caller would have made', async (t) => {
  const decoders = pool(t);
  const files = await Promise.all(Array.from({ length: 12 }, (_, seed) => (seed % 2 === 0 ? jpeg(seed, 60, 50) : png(seed, 50, 60))));
  const found = await Promise.all(files.map((file) => decoders.decode(file, SHAPE)));
  for (const [index, file] of files.entries()) assert.deepEqual(found[index], await decodeImage(file, SHAPE));
});

test('a part of a larger buffer is decoded, and is left to its owner', async (t) => {
  const decoders = pool(t);
  const file = await jpeg(3, 60, 50);
  const pack = Buffer.concat([Buffer.alloc(100, 1), file, Buffer.alloc(100, 2)]);
  const part = pack.subarray(100, 100 + file.length);
  assert.deepEqual(await decoders.decode(part, SHAPE), await decodeImage(file, SHAPE));
  assert.ok(part.equals(file));
});

test('an image that cannot be read fails alone, in the same words', async (t) => {
  const decoders = pool(t, 1);
  const file = await jpeg(3, 60, 50);
  const broken = file.subarray(0, 400);
  const words = await decodeImage(broken, SHAPE).then(() => '', (error: unknown) => (error as Error).message);
  const [first, second, third] = await Promise.allSettled([decoders.decode(broken, SHAPE), decoders.decode(file, SHAPE), decoders.check(broken)]);
  for (const result of [first, third]) assert.ok(result.status === 'rejected' && result.reason instanceof UnreadableImageError && result.reason.message === words);
  assert.equal(second.status, 'fulfilled');
  await decoders.check(file);
});

test('closing the pool fails what is under way and what comes later, and is done twice without harm', async () => {
  const decoders = new DecoderPool({ threads: 1, bytesBeforeThreads: 0, smallFileBytes: 0 });
  const file = await jpeg(3, 600, 500);
  const results = Promise.allSettled(Array.from({ length: 5 }, () => decoders.decode(file, SHAPE)));
  await decoders.close();
  await decoders.close();
  for (const { status } of await results) assert.equal(status, 'rejected');
  await assert.rejects(decoders.decode(file, SHAPE), /closed/);
});

test('little work starts no thread', async (t) => {
  const decoders = new DecoderPool({ threads: 2 });
  t.after(() => decoders.close());
  const file = await jpeg(3, 60, 50);
  const before = process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  assert.deepEqual(await decoders.decode(file, SHAPE), await decodeImage(file, SHAPE));
  await decoders.check(file);
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length, before);
});
