import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { scrubbedEnvironment, type ChildExit } from '../../../worker/agent/child-process.js';
import { outcomeOfExit } from '../../../worker/agent/exit-outcome.js';
import { openHome } from '../../../worker/agent/home.js';
import { LogRing } from '../../../worker/agent/log-ring.js';
import { MemoryWatch } from '../../../worker/agent/memory-watch.js';
import { residentBytes, startedAt } from '../../../worker/agent/process-facts.js';
import { chooseSlot, type SlotFacts } from '../../../worker/agent/slot-choice.js';
import { readOptions } from '../../../worker/main/options.js';
import { stateSignature } from '../../../worker/train/signature.js';
import { garthTrajectory, trainWork, type DataSet } from './data-set.js';
import { syntheticWork } from './synthetic-work.js';

const data: DataSet = { manifest: { format: 1, digest: 'd', classes: ['a', 'b'], packs: [], files: [] }, blob: 'b' };

describe('the ring of a child’s output', () => {
  it('holds the end of what was written, however it was cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 })), (capacity, chunks) => {
        const ring = new LogRing(capacity);
        for (const chunk of chunks) ring.write(Buffer.from(chunk));
        const all = chunks.join('');
        assert.equal(ring.text(), all.slice(-capacity));
        assert.equal(ring.totalBytes, all.length);
        const from = Math.floor(all.length / 2);
        assert.equal(ring.text(from), all.slice(Math.max(from, all.length - capacity)));
      }),
    );
  });

  it('tells the last line that says something', () => {
    const ring = new LogRing(1_000);
    ring.write(Buffer.from('TypeError: x is not a function\n    at main (file.js:3:1)\n    at node:internal/main\n\nNode.js v20.20.2\n'));
    assert.equal(ring.lastLine(), 'TypeError: x is not a function');
    assert.equal(new LogRing(10).lastLine(), '');
  });
});

describe('the exit of a child', () => {
  const exit = (change: Partial<ChildExit>): ChildExit => ({ code: null, signal: null, log: '', lastLine: '', ...change });
  const cases: readonly (readonly [ChildExit, string, RegExp])[] = [
    [exit({ code: 1, lastLine: 'Error: no' }), 'TrainableError', /exited with code 1: Error: no$/],
    [exit({ code: 0 }), 'TrainableError', /exited with code 0: it printed nothing$/],
    [exit({ signal: 'SIGSEGV' }), 'TrainableError', /crashed \(SIGSEGV\)/],
    [exit({ signal: 'SIGABRT', log: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' }), 'OutOfMemory', /JavaScript heap/],
    [exit({ signal: 'SIGTERM' }), 'WorkerLost', /killed by SIGTERM$/],
    [exit({ lastLine: 'spawn EAGAIN' }), 'WorkerLost', /could not be started: spawn EAGAIN$/],
  ];
  for (const [how, expected, message] of cases) {
    it(`is ${expected} for code ${how.code}, signal ${how.signal}, "${how.lastLine}"`, () => {
      const outcome = outcomeOfExit(how);
      assert.equal(outcome.class, expected);
      assert.match(outcome.message, message);
    });
  }
});

describe('the choice of a slot', () => {
  const work = trainWork(data, { from: 1, to: 2, checkpoint: 'blob' });
  const signature = stateSignature(garthTrajectory(data));
  const holding = { held: { blob: 'blob', signature }, hasChild: true };
  const sameModel = { held: { blob: 'another', signature }, hasChild: true };
  const idle = { held: null, hasChild: true };
  const empty = { held: null, hasChild: false };
  const foreign = { held: { blob: 'blob', signature: 'another' }, hasChild: true };

  it('prefers the child that holds the state, then its model, then one that holds nothing, and spares what others hold', () => {
    const order: SlotFacts[] = [foreign, empty, idle, sameModel, holding];
    for (; order.length > 0; order.pop()) assert.equal(chooseSlot(order, work), order.at(-1));
  });

  it('goes on over a salt, which changes no number', () => {
    assert.equal(stateSignature({ ...garthTrajectory(data), salt: 7 }), signature);
  });

  it('leaves held states alone for work without one, and has no answer where nothing is free', () => {
    assert.equal(chooseSlot([holding, idle], syntheticWork()), idle);
    assert.equal(chooseSlot<SlotFacts>([], work), undefined);
  });
});

describe('a worker’s home', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trawl-home-'));
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  const lock = async (holder: object, ageMs = 0): Promise<void> => {
    const path = join(folder, 'locks', 'agent-other');
    await writeFile(path, JSON.stringify(holder));
    const then = new Date(Date.now() - ageMs);
    await utimes(path, then, then);
  };

  it('is opened by one, and again after that one closed it, under the same id', async () => {
    const first = await openHome(folder);
    await writeFile(join(first.temporary, 'left-over'), '');
    await writeFile(join(first.pixels, 'a.features.4711.tmp'), '');
    await assert.rejects(openHome(folder), { code: 'HomeBusy' });
    await first.close();
    const second = await openHome(folder);
    assert.equal(second.id, first.id);
    assert.match(second.id, /^wrk_[0-9a-f]{20}$/);
    for (const emptied of [second.temporary, second.pixels]) assert.deepEqual(await readdir(emptied), []);
    await second.close();
  });

  it('takes no notice of a lock whose process is gone, or is another that got its number', async () => {
    await lock({ host: hostname(), pid: 2 ** 22 + 1, started: 'long ago' });
    await (await openHome(folder)).close();
    await lock({ host: hostname(), pid: process.pid, started: 'long ago' });
    await (await openHome(folder)).close();
    assert.deepEqual(await readdir(join(folder, 'locks')), []);
  });

  it('believes a lock of another host while it is fresh', async () => {
    await lock({ host: 'elsewhere', pid: 1, started: null });
    await assert.rejects(openHome(folder), { code: 'HomeBusy', message: /in use by process 1 on elsewhere/ });
    await lock({ host: 'elsewhere', pid: 1, started: null }, 3_600_000);
    await (await openHome(folder)).close();
  });

  it('says what is wrong with a damaged id', async () => {
    await writeFile(join(folder, 'worker.json'), '{}');
    await assert.rejects(openHome(folder), { code: 'BadHome', message: /worker\.json does not hold a worker's id: expected \{"id": "wrk_\.\.\."\}; delete the file/ });
  });
});

describe('what the system says of a process', () => {
  it('is its memory and its start, and nothing of one that is not there', async () => {
    const bytes = await residentBytes(process.pid);
    assert.ok(bytes !== null && bytes > 10 * 2 ** 20, `${bytes} bytes`);
    assert.notEqual(await startedAt(process.pid), null);
    assert.equal(await residentBytes(2 ** 22 + 1), null);
    assert.equal(await startedAt(2 ** 22 + 1), null);
  });

  it('is told once when it is over the limit', async () => {
    const readings = [100, 101, 900];
    const told: number[] = [];
    const watch = new MemoryWatch({ limitBytes: 100, measure: async () => readings.shift() ?? null, exceeded: (bytes) => told.push(bytes), everyMs: 3_600_000 });
    for (let look = 0; look < 4; look++) await watch.look();
    assert.deepEqual(told, [101]);
  });
});

describe('the worker’s command line', () => {
  const good = ['--coordinator', 'localhost:7000', '--blobs', 'http://localhost:7001', '--home', '/h', '--slots', '2'];
  const token = { TRAWL_TOKEN: 't' };

  it('is read with its defaults', () => {
    const engines = { engine: null, engines: ['/h/engines', '/t/engines'] };
    assert.deepEqual(readOptions(good, { ...token, TRAWL_HOME: '/t' }), { coordinator: { grpc: ['localhost:7000'] }, blobs: ['http://localhost:7001'], trust: null, home: '/h', slots: 2, slotMemoryBytes: null, cacheBytes: null, name: null, pool: null, labels: {}, graceMs: 600_000, metricsPort: null, token: 't', ...engines });
    assert.equal(readOptions(good.slice(0, -2), token).slots, null);
    assert.deepEqual(readOptions([...good, '--engine', 'wasm', '--engines', '/a:/b'], token).engines, ['/a', '/b']);
    assert.equal(readOptions([...good, '--slot-memory', '1024'], token).slotMemoryBytes, 1024);
    const put = readOptions([...good, '--pool', 'night', '--label', 'zone=a', '--label', 'gpu=h200', '--grace-ms', '90000', '--metrics-port', '0'], token);
    assert.deepEqual([put.pool, put.labels, put.graceMs, put.metricsPort], ['night', { zone: 'a', gpu: 'h200' }, 90_000, 0]);
  });

  const mistakes: readonly (readonly [readonly string[], NodeJS.ProcessEnv, RegExp])[] = [
    [good.slice(2), token, /^--coordinator: found nothing, expected HOST:PORT, or several with commas between$/],
    [[...good, '--slots', '0'], token, /^--slots: found "0", expected a number of slots from 1$/],
    [[...good, '--engine', 'cuda'], token, /^--engine: found "cuda", expected one of graph, wasm, eager$/],
    [[...good, '--label', 'zone'], token, /^--label: found "zone", expected KEY=VALUE, e\.g\. zone=a$/],
    [[...good, '--metrics-port', '65536'], token, /^--metrics-port: found "65536", expected a port from 0 to 65535$/],
    [[...good, '--slot-memory', '4G'], token, /^--slot-memory: found "4G", expected a number of bytes$/],
    [[...good, '--token', 'x'], token, /^the command line: found "Unknown option '--token'.*", expected only --coordinator,/],
    [good, {}, /^TRAWL_TOKEN: found nothing/],
  ];
  for (const [args, environment, message] of mistakes) {
    it(`is refused: ${message.source}`, () => assert.throws(() => readOptions(args, environment), { code: 'BadUsage', message }));
  }
});

it('a child’s environment lets names through, and nothing else', () => {
  const parent = { PATH: '/bin', TRAWL_TOKEN: 'secret', AWS_SECRET_ACCESS_KEY: 'secret', NODE_OPTIONS: '--inspect', HOME: '/home/me' };
  assert.deepEqual(scrubbedEnvironment('/work', parent), { HOME: '/work', TMPDIR: '/work', PATH: '/bin' });
});
