import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import promises, { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import type { StoredBlob } from '../../../blob/store.js';
import { packDataset } from '../../../cli/data/pack.js';
import { prepareDataset, type PrepareOptions, type PrepareProgress } from '../../../cli/data/prepare.js';
import { scanFolder } from '../../../cli/data/scan.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';
import { decodeManifest } from '../../../proto/manifest.js';
import type { DataManifest } from '../../../proto/work.js';
import { classFolders, png, sharedData, temporaryFolder, writeTree } from '../../support/images.js';

const SPEC: DataSpec = { path: '.', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0.1 };

/** Counts what is stored anew. */
class CountingStore extends FolderBlobStore {
  streams = 0;
  override put(bytes: Uint8Array | Readable, expected?: string): Promise<StoredBlob> {
    if (!(bytes instanceof Uint8Array)) this.streams += 1;
    return super.put(bytes, expected);
  }
}

interface Place {
  readonly folder: string;
  readonly cacheDir: string;
  readonly blobs: CountingStore;
}

function place(t: TestContext, folder?: string): Place {
  const root = temporaryFolder(t);
  if (folder === undefined) mkdirSync(join(root, 'data'));
  return { folder: folder ?? join(root, 'data'), cacheDir: join(root, 'cache'), blobs: new CountingStore(join(root, 'blobs')) };
}

const prepare = (at: Place, change: Partial<DataSpec> = {}, more: Partial<PrepareOptions> = {}): Promise<DataSummary> =>
  prepareDataset({ ...at, base: at.folder, spec: { ...SPEC, ...change }, seed: 0, ...more });

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const manifestOf = async (at: Place, summary: DataSummary): Promise<DataManifest> => decodeManifest(await bytesOf(await at.blobs.open(summary.manifest)));

async function assertBytes(at: Place, manifest: DataManifest): Promise<void> {
  const packs = await Promise.all(manifest.packs.map(async (id) => bytesOf(await at.blobs.open(id))));
  for (const file of manifest.files) {
    const bytes = packs[file.pack]?.subarray(file.offset, file.offset + file.bytes) ?? Buffer.alloc(0);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), file.digest, file.name);
    assert.deepEqual(bytes, await readFile(join(at.folder, file.name)), file.name);
  }
}

test('a folder becomes a data set whose packs hold every file\'s bytes', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['NORMAL', 'SICK'], 10);
  writeTree(at.folder, { 'SICK/broken.png': 'x' });
  const progress: PrepareProgress[] = [];
  const summary = await prepare(at, {}, { onProgress: (now) => progress.push(now) });
  assert.deepEqual(summary.classes, ['NORMAL', 'SICK']);
  assert.equal(summary.images, 20);
  // By hand: 0.15 * 10 = 1.5 lies as near to 1 as to 2; the second image brings nothing nearer.
  assert.deepEqual(summary.counts, { train: [8, 8], val: [1, 1], test: [1, 1] });
  assert.deepEqual(summary.rejected.map(({ file }) => file), ['SICK/broken.png']);
  assert.equal(summary.positive, 1);
  assert.match(summary.warnings.join('\n'), /the positive class is SICK, the second in order/);
  const manifest = await manifestOf(at, summary);
  assert.equal(manifest.digest, summary.digest);
  assert.deepEqual(manifest.files.map(({ name }) => name).sort(), ['NORMAL', 'SICK'].flatMap((name) => Array.from({ length: 10 }, (_, index) => `${name}/image${index}.png`)));
  await assertBytes(at, manifest);
  assert.deepEqual(progress.at(-1), { phase: 'pack', done: 20, total: 20 });
  assert.ok(progress.some(({ phase, done, total }) => phase === 'scan' && done === 21 && total === 21));
});

test('an unchanged folder is neither packed nor named anew, nor is it under another split', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  const first = await prepare(at);
  assert.equal(at.blobs.streams, 1);
  assert.deepEqual(await prepare(at), first);
  const other = await prepare(at, { split: { val: 0.3, test: 0.2, merge: false, seed: 5 } });
  assert.notEqual(other.digest, first.digest);
  assert.equal(at.blobs.streams, 1);
});

test('a pack that the store has lost is made again', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  const first = await prepare(at);
  for (const pack of (await manifestOf(at, first)).packs) await at.blobs.delete(pack);
  const again = await prepare(at);
  assert.deepEqual(again, first);
  await assertBytes(at, await manifestOf(at, again));
});

test('renaming files, classes or the folder moves no digest', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  const first = await prepare(at);
  renameSync(join(at.folder, 'a', 'image0.png'), join(at.folder, 'a', 'z.png'));
  renameSync(join(at.folder, 'b'), join(at.folder, 'c'));
  renameSync(at.folder, `${at.folder}-moved`);
  const moved = await prepare({ ...at, folder: `${at.folder}-moved` });
  assert.equal(moved.digest, first.digest);
  assert.deepEqual(moved.counts, first.counts);
  assert.equal(at.blobs.streams, 1);
});

test('packs stay below their limit, and one image more changes one of them', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 40);
  const packed = async () => {
    const { files, classes, read } = await scanFolder({ ...at, maxRejected: 0 });
    return packDataset({ ...at, read, classes, files: files.map((file) => ({ file, part: 'train' as const })), maxPackBytes: 2000 });
  };
  const { manifest } = await packed();
  assert.ok(manifest.packs.length > 3, `${manifest.packs.length} packs`);
  for (const [pack] of manifest.packs.entries()) {
    const size = manifest.files.filter((file) => file.pack === pack).reduce((sum, file) => sum + file.bytes, 0);
    assert.ok(size <= 2000, `pack ${pack} has ${size} bytes`);
  }
  await assertBytes(at, manifest);
  writeTree(at.folder, { 'a/new.png': await png(1000) });
  const before = new Set(manifest.packs);
  const after = (await packed()).manifest.packs.filter((pack) => !before.has(pack));
  assert.ok(after.length === 1 || after.length === 2, `${after.length} new packs`);
});

test('progress counts each image as it is stored, and what is stored already at once', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  const stored = async (): Promise<number[]> => {
    const done: number[] = [];
    await prepare(at, {}, { onProgress: (now) => now.phase === 'pack' && done.push(now.done) });
    return done;
  };
  assert.deepEqual(await stored(), Array.from({ length: 20 }, (_, index) => index + 1), 'all 20 lie in one pack');
  assert.deepEqual(await stored(), [20]);
});

test('of thousands of files a few at a time are open and in memory', async (t) => {
  const at = place(t);
  const files = 3_000;
  const tiny = await png(0, 2, 2);
  // What stands behind its end does not make a PNG unreadable, and makes each content another.
  for (const name of ['a', 'b']) writeTree(at.folder, Object.fromEntries(Array.from({ length: files / 2 }, (_, index) => [`${name}/${index}.png`, Buffer.concat([tiny, Buffer.from(`${name}${index}`)])])));
  const open = { now: 0, most: 0, all: 0 };
  const original = promises.readFile;
  const counting = t.mock.method(promises, 'readFile', async (...given: Parameters<typeof original>) => {
    open.now += 1;
    open.all += 1;
    open.most = Math.max(open.most, open.now);
    try {
      return await original(...given);
    } finally {
      open.now -= 1;
    }
  });
  syncBuiltinESMExports();
  t.after(() => {
    counting.mock.restore();
    syncBuiltinESMExports();
  });
  const ahead: number[] = [];
  const blobs = new (class extends FolderBlobStore {
    override async put(bytes: Uint8Array | Readable): Promise<StoredBlob> {
      if (bytes instanceof Uint8Array) return super.put(bytes);
      const before = open.all;
      let taken = 0;
      return super.put(
        Readable.from(
          bytes.map((chunk: Buffer) => {
            taken += 1;
            ahead.push(open.all - before - taken);
            return chunk;
          }, { concurrency: 1 }),
        ),
      );
    }
  })(join(at.folder, '..', 'blobs'));
  const { images } = await prepareDataset({ base: at.folder, cacheDir: at.cacheDir, blobs, seed: 0, spec: SPEC });
  assert.equal(images, files);
  assert.ok(open.all >= 2 * files, `${open.all} reads were seen`);
  assert.ok(open.most <= Math.max(2, availableParallelism()), `${open.most} files open at once`);
  assert.equal(ahead.length, files);
  assert.ok(Math.max(...ahead) <= 4, `${Math.max(...ahead)} files read ahead of the store`);
});

test('copies are stored once', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  writeTree(at.folder, { 'a/copy.png': await png(0) });
  const manifest = await manifestOf(at, await prepare(at));
  const twins = manifest.files.filter(({ name }) => name === 'a/copy.png' || name === 'a/image0.png');
  assert.equal(twins.length, 2);
  assert.equal(twins[0]?.offset, twins[1]?.offset);
  assert.equal(twins[0]?.part, twins[1]?.part);
});

test('a file that changes or goes between scan and pack is an error that says so', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 4);
  const { files, classes, read } = await scanFolder({ ...at, maxRejected: 0 });
  const pack = () => packDataset({ ...at, read, classes, files: files.map((file) => ({ file, part: 'train' as const })) });
  writeTree(at.folder, { 'a/image1.png': await png(500) });
  await assert.rejects(pack(), { code: 'DataChanged', message: /a\/image1\.png changed .* run the same command again/ });
  rmSync(join(at.folder, 'a', 'image1.png'));
  await assert.rejects(pack(), { code: 'DataChanged' });
});

test('the positive class is the one that is named', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['NORMAL', 'PNEUMONIA'], 5);
  assert.equal((await prepare(at, { positive: 'NORMAL' })).positive, 0);
  assert.deepEqual((await prepare(at, { positive: 'PNEUMONIA' })).warnings, []);
});

test('X-rays grouped by patient: every patient on one side, every file packed', async (t) => {
  const folder = sharedData('chest-xray-pneumonia');
  if (folder === null) { t.skip('../shared/data/chest-xray-pneumonia is not here'); return; }
  const at = place(t, folder);
  const summary = await prepare(at, { groupBy: '(person\\d+|IM-\\d+)' });
  assert.equal(summary.images, 403 + 1163);
  assert.deepEqual(summary.rejected, []);
  const manifest = await manifestOf(at, summary);
  const sides = new Map<string, Set<string>>();
  for (const { name, part } of manifest.files) {
    const group = /(person\d+|IM-\d+)/.exec(name.split('/').at(-1) ?? '')?.[1] ?? name;
    sides.set(group, (sides.get(group) ?? new Set()).add(part));
  }
  assert.deepEqual([...sides].filter(([, parts]) => parts.size > 1), []);
  // The README of the data counts 812 patients among the files of PNEUMONIA.
  assert.equal([...sides.keys()].filter((group) => group.startsWith('person')).length, 812);
  for (const [label, total] of [403, 1163].entries()) {
    assert.ok(Math.abs((summary.counts.val[label] ?? 0) - 0.15 * total) <= 3, JSON.stringify(summary.counts));
    assert.ok(Math.abs((summary.counts.test[label] ?? 0) - 0.15 * total) <= 3, JSON.stringify(summary.counts));
  }
});

test('parts that are pooled may each lack a class, and parts that stay may not', async (t) => {
  const at = place(t);
  for (let seed = 0; seed < 12; seed += 1) writeTree(at.folder, { [seed < 6 ? `train/a/${seed}.png` : `test/b/${seed}.png`]: await png(seed) });
  await assert.rejects(prepare(at), { code: 'ClassMissingInPart' });
  const { counts } = await prepare(at, { split: { val: 0.2, test: 0.2, merge: true, seed: 0 } });
  assert.deepEqual([counts.train[0], counts.train[1]].map((images) => (images ?? 0) > 0), [true, true]);
});

test('a cap counts pooled parts together, and dedupe is advised only where copies are trained on', async (t) => {
  const at = place(t);
  for (let seed = 0; seed < 24; seed += 1) writeTree(at.folder, { [`${['train', 'val', 'test'][seed % 3] ?? ''}/${seed < 12 ? 'a' : 'b'}/${seed}.png`]: await png(seed) });
  const images = async (change: Partial<DataSpec>): Promise<number> => (await prepare(at, change)).images;
  assert.deepEqual([await images({ perClass: 3 }), await images({ perClass: 3, split: { val: 0.3, test: 0.3, merge: true, seed: 0 } })], [18, 6]);
  // 1.png lies in val.
  writeTree(at.folder, { 'test/a/copy.png': await png(1) });
  const copies = async (): Promise<string> => (await prepare(at)).warnings.find((line) => line.includes('more than one part')) ?? '';
  assert.match(await copies(), /^1 image lies in more than one part: "given: merge"/);
  writeTree(at.folder, { 'train/a/copy.png': await png(1) });
  assert.match(await copies(), /"dedupe: true" drops/);
});
