import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import { BlobMismatchError, BlobNotFoundError } from '../../blob/errors.js';
import type { BlobStore } from '../../blob/store.js';

export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Names of all that lies where the bytes are in the end, but for what was set aside as damaged. */
  readonly names: () => Promise<string[]>;
  /** Writes over the bytes where they are in the end: `ab/cd/<id>`. */
  readonly damage: (id: string, text: string) => Promise<void>;
  /** An empty folder for fetched files. */
  readonly scratch: string;
}

/** From FIPS 180-2, appendix B.1: SHA-256 of the three bytes 'abc'. */
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const absent = '0'.repeat(64);

/** The contract of blob/store.ts; `subject` gives a fresh store for each test. */
export function blobStoreContract(subject: () => StoreUnderTest): void {
  it('names bytes by their SHA-256 and gives them back', async () => {
    const { store } = subject();
    assert.deepEqual(await store.put(Buffer.from('abc')), { id: abc, bytes: 3 });
    assert.equal((await buffer(await store.open(abc))).toString(), 'abc');
    assert.equal(await store.has(abc), true);
    assert.equal(await store.has(absent), false);
    assert.equal(await store.has('not a hash'), false);
  });

  it('putting the same bytes again, in any form, is the same as once', async () => {
    const { store, names, scratch } = subject();
    const file = join(scratch, 'source');
    await writeFile(file, 'abc');
    const ids = [await store.put(Buffer.from('abc')), await store.put(Readable.from([Buffer.from('a'), Buffer.from('bc')])), await store.putFile(file)];
    assert.deepEqual(ids, Array(3).fill({ id: abc, bytes: 3 }));
    assert.deepEqual(await names(), [abc]);
  });

  it('two puts of the same bytes at once both succeed', async () => {
    const { store } = subject();
    const bytes = randomBytes(300_000);
    const [first, second] = await Promise.all([store.put(Readable.from([bytes])), store.put(bytes)]);
    assert.deepEqual(first, second);
    assert.deepEqual(await buffer(await store.open(first.id)), bytes);
  });

  it('stores a blob of no bytes', async () => {
    const { store } = subject();
    const { id, bytes } = await store.put(new Uint8Array());
    assert.equal(bytes, 0);
    assert.equal((await buffer(await store.open(id))).length, 0);
  });

  it('streams larger blobs unchanged', async () => {
    const { store, scratch } = subject();
    // More than two of the 8 MiB in which S3 takes them.
    const parts = Array.from({ length: 170 }, () => randomBytes(100_003));
    const id = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    assert.deepEqual(await store.put(Readable.from(parts)), { id, bytes: 17_000_510 });
    await store.fetch(id, join(scratch, 'copy'));
    assert.deepEqual(await readFile(join(scratch, 'copy')), Buffer.concat(parts));
    assert.deepEqual(await readdir(scratch), ['copy']);
  });

  it('refuses bytes of another hash than expected, and keeps none of them', async () => {
    const { store, names } = subject();
    const wrong = { code: 'BlobMismatch' };
    await assert.rejects(store.put(Buffer.from('abd'), abc), wrong);
    await assert.rejects(store.put(Readable.from([Buffer.from('abd')]), abc), BlobMismatchError);
    assert.equal(await store.has(abc), false);
    assert.deepEqual(await names(), []);
  });

  it('a put whose source fails leaves nothing behind', async () => {
    const { store, names } = subject();
    const torn = new Readable({
      read(): void {
        this.push(Buffer.from('abc'));
        this.destroy(new Error('source gone'));
      },
    });
    await assert.rejects(store.put(torn));
    assert.deepEqual(await names(), []);
  });

  it('says that a blob is missing', async () => {
    const { store, scratch } = subject();
    await assert.rejects(store.open(absent), BlobNotFoundError);
    await assert.rejects(store.fetch(absent, join(scratch, 'copy')), { code: 'BlobNotFound' });
    await assert.rejects(store.open('../../etc/passwd'), BlobNotFoundError);
    assert.deepEqual(await readdir(scratch), []);
  });

  it('never passes damaged bytes for the blob, and takes good ones again', async () => {
    const { store, damage, scratch } = subject();
    await store.put(Buffer.from('abc'));
    await damage(abc, 'abX');
    await assert.rejects(store.fetch(abc, join(scratch, 'copy')), (error: Error & { code?: string }) =>
      // Over HTTP the damaged copy is gone before the second try.
      ['BlobCorrupt', 'BlobNotFound', 'BlobUnavailable'].includes(error.code ?? ''));
    assert.deepEqual(await readdir(scratch), []);
    await store.put(Buffer.from('abc'));
    assert.equal((await buffer(await store.open(abc))).toString(), 'abc');
  });
}

/** As StoreUnderTest wants it of bytes that lie in a folder. */
export function inFolder(folder: string): Pick<StoreUnderTest, 'names' | 'damage'> {
  return {
    names: () => filesUnder(folder),
    damage: (id, text) => writeFile(join(folder, id.slice(0, 2), id.slice(2, 4), id), text),
  };
}

/** Every file below a folder, but for what was set aside as damaged. */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
