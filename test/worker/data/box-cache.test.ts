import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { BoxCache, type BoxCacheOptions, type Shelf } from '../../../worker/data/box-cache.js';
import { statFiles } from '../../../worker/data/stat-files.js';
import { temporaryFolder } from '../../support/images.js';

interface Box {
  readonly cache: BoxCache;
  readonly evicted: string[];
  readonly over: number[];
  readonly path: (name: string) => string;
  /** Last used so many seconds ago. */
  readonly add: (name: string, bytes: number, secondsAgo: number) => void;
  readonly left: () => string[];
}

function shelf(folder: string): Shelf {
  return {
    list: () => statFiles(readdirSync(folder).map((name) => join(folder, name))),
    remove: async (path) => rmSync(path),
  };
}

function box(t: TestContext, limitBytes: number, options: Partial<BoxCacheOptions> = {}): Box {
  const home = temporaryFolder(t);
  const [packs, pixels] = [join(home, 'packs'), join(home, 'pixels')];
  const [evicted, over]: [string[], number[]] = [[], []];
  const cache = new BoxCache({ limitBytes, onEvicted: (path) => evicted.push(path.slice(home.length + 1)), onOver: (bytes) => over.push(bytes), ...options });
  for (const folder of [packs, pixels]) {
    mkdirSync(folder);
    cache.add(shelf(folder));
  }
  const path = (name: string): string => join(home, name);
  return {
    ...{ cache, evicted, over, path },
    add: (name, bytes, secondsAgo) => {
      writeFileSync(path(name), Buffer.alloc(bytes));
      const at = Date.now() / 1000 - secondsAgo;
      utimesSync(path(name), at, at);
    },
    left: () => [packs, pixels].flatMap((folder) => readdirSync(folder)).sort(),
  };
}

test('one limit holds over all shelves, and files of an earlier run go in the order of their use', async (t) => {
  const { cache, add, evicted, left } = box(t, 250);
  add('packs/a', 100, 30);
  add('pixels/b', 100, 50);
  add('packs/c', 100, 10);
  await cache.makeRoom();
  assert.deepEqual([evicted, left(), cache.bytes], [['pixels/b'], ['a', 'c'], 200]);
});

test('room is made before a file grows, and what is held stays', async (t) => {
  const { cache, add, path, evicted, over } = box(t, 300);
  add('packs/a', 100, 30);
  add('packs/b', 100, 20);
  const keep = cache.hold(path('packs/a'));
  const grown = await cache.take(path('pixels/new'), 150);
  assert.deepEqual(evicted, ['packs/b']);
  // Of 100 held and 150 about to be there, another 100 do not fit: it is told, and goes on.
  const more = await cache.take(path('pixels/more'), 100);
  assert.deepEqual([over, existsSync(path('packs/a'))], [[350], true]);
  for (const release of [keep, grown, more]) release();
  await cache.makeRoom();
  assert.deepEqual([cache.bytes, over.length], [100, 1]);
});

test('what is used stays before what is not, whatever its age', async (t) => {
  const { cache, add, path, evicted } = box(t, 250);
  add('packs/a', 100, 50);
  add('packs/b', 100, 20);
  (await cache.take(path('packs/a')))();
  add('packs/c', 100, 10);
  await cache.makeRoom();
  assert.deepEqual(evicted, ['packs/b']);
});

test('the time of use lasts on the disk', async (t) => {
  const { cache, add, path } = box(t, 1_000);
  add('packs/a', 10, 5_000);
  (await cache.take(path('packs/a')))();
  // The note is made beside the work: a second pass over the queue does not wait for it, so look until it is there.
  while (Date.now() - statSync(path('packs/a')).mtimeMs > 1_000_000) await new Promise((resolve) => setImmediate(resolve));
});

test('a file that cannot be removed is told, and stays counted', async () => {
  const told: string[] = [];
  const cache = new BoxCache({ limitBytes: 10, onProblem: (path, error) => told.push(`${path}: ${String(error)}`) });
  cache.add({ list: async () => [{ path: 'stuck', bytes: 100, modifiedAtMs: 0 }], remove: async () => Promise.reject(new Error('EBUSY')) });
  await cache.makeRoom();
  assert.deepEqual([told, cache.bytes], [['stuck: Error: EBUSY'], 100]);
});

test('however many slots take, use and give back at once, what one holds never goes, and the limit holds where it can', async (t) => {
  const order = fc.array(fc.record({ name: fc.integer({ min: 0, max: 5 }), bytes: fc.integer({ min: 1, max: 60 }), turns: fc.nat(4) }), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(order, async (uses) => {
      const { cache, path, left } = box(t, 120);
      const holders = new Map<string, number>();
      cache.whenEvicted((gone) => assert.ok((holders.get(gone) ?? 0) === 0, `${gone} went while it was held`));
      await Promise.all(
        uses.map(async ({ name, bytes, turns }) => {
          const file = path(`packs/${name}`);
          const release = await cache.take(file, bytes);
          holders.set(file, (holders.get(file) ?? 0) + 1);
          if (!existsSync(file) || statSync(file).size < bytes) writeFileSync(file, Buffer.alloc(bytes));
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          assert.ok(existsSync(file), `${file} is gone`);
          holders.set(file, (holders.get(file) ?? 1) - 1);
          release();
        }),
      );
      await cache.makeRoom();
      const bytes = left().reduce((sum, name) => sum + statSync(path(`packs/${name}`)).size, 0);
      assert.ok(bytes <= 120, `${bytes} bytes are left`);
    }),
    { numRuns: 30 },
  );
});
