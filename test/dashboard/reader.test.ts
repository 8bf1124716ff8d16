import assert from 'node:assert/strict';
import { setImmediate as settled } from 'node:timers/promises';
import { test } from 'node:test';
import { ApiError } from '../../dashboard/api/api-error.js';
import { Reader } from '../../dashboard/state/reader.js';
import { ManualClock } from './manual-clock.js';

/** Reads that end when the test says so. */
class Reads {
  readonly clock = new ManualClock();
  readonly beganAtMs: number[] = [];
  readonly failures: ApiError[] = [];
  readonly reader: Reader;
  #end: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;

  constructor() {
    const load = (): Promise<void> => {
      this.beganAtMs.push(this.clock.nowMs());
      return new Promise((resolve, reject) => (this.#end = { resolve, reject }));
    };
    this.reader = new Reader(load, (error) => this.failures.push(error), this.clock);
  }

  /** The read that is under way takes so long, and what follows from its end has happened. */
  async end(ms: number, error: unknown = null): Promise<void> {
    this.clock.pass(ms);
    if (error === null) this.#end?.resolve();
    else this.#end?.reject(error);
    await settled();
  }

  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    await settled();
  }
}

test('a hundred changes during a read are one read more, after half a second and ten times as long as it took', async () => {
  const reads = new Reads();
  reads.reader.read();
  for (let change = 0; change < 100; change += 1) reads.reader.read();
  await reads.end(200);
  await reads.pass(2_499);
  assert.deepEqual(reads.beganAtMs, [0]);
  await reads.pass(1);
  assert.deepEqual(reads.beganAtMs, [0, 2_700]);
  await reads.end(10);
  await reads.pass(60_000);
  assert.equal(reads.beganAtMs.length, 2);
});

test('one answer that took long does not hold the next back for minutes', async () => {
  const reads = new Reads();
  reads.reader.read();
  reads.reader.read();
  await reads.end(20_000);
  await reads.pass(14_999);
  assert.deepEqual(reads.beganAtMs, [0]);
  await reads.pass(1);
  assert.deepEqual(reads.beganAtMs, [0, 35_000]);
});

test('what the viewer has changed is read at once, whether the reader reads, rests or is idle', async () => {
  const reads = new Reads();
  reads.reader.read();
  reads.reader.readNow();
  await reads.end(200);
  assert.deepEqual(reads.beganAtMs, [0, 200]);
  await reads.end(100);
  await reads.pass(50);
  reads.reader.readNow();
  await settled();
  assert.deepEqual(reads.beganAtMs, [0, 200, 350]);
  await reads.end(1);
  await reads.pass(10_000);
  reads.reader.readNow();
  await settled();
  assert.deepEqual(reads.beganAtMs, [0, 200, 350, 10_351]);
});

test('a read that failed is told, and the next change is read as ever', async () => {
  const reads = new Reads();
  reads.reader.read();
  await reads.end(10, new ApiError('Unreachable', 'the coordinator does not answer', 0));
  assert.deepEqual(reads.failures.map(({ code }) => code), ['Unreachable']);
  reads.reader.read();
  await reads.pass(600);
  assert.deepEqual(reads.beganAtMs, [0, 610]);
});

test('who was stopped tells no failure and reads no more', async () => {
  const reads = new Reads();
  reads.reader.read();
  reads.reader.read();
  reads.reader.stop();
  await reads.end(10, new Error('late'));
  await reads.pass(60_000);
  reads.reader.read();
  await settled();
  assert.deepEqual([reads.beganAtMs, reads.failures], [[0], []]);
});
