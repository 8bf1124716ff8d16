import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scheduleOf } from './schedule.js';

const options = fc.record({
  seed: fc.integer(),
  workers: fc.integer({ min: 1, max: 20 }),
  carrier: fc.constantFrom('grpc' as const, 'nats' as const),
  durationMs: fc.integer({ min: 0, max: 600_000 }),
  everyMs: fc.integer({ min: 200, max: 5_000 }),
});

test('faults come in order, heal within the time, hit workers that there are, and are the same for the same seed', () => {
  fc.assert(
    fc.property(options, (given) => {
      const faults = scheduleOf(given);
      assert.deepEqual(faults, scheduleOf(given));
      for (const [index, { atMs, forMs, worker, target }] of faults.entries()) {
        assert.ok(atMs >= (faults[index - 1]?.atMs ?? 0));
        assert.ok(atMs + forMs <= given.durationMs + 1);
        assert.ok(worker < given.workers);
        assert.ok(given.carrier === 'nats' || target !== 'nats');
      }
    }),
  );
});

test('in ten minutes every kind of fault comes, in a minute and a half most', () => {
  const kinds = (durationMs: number): number => new Set(scheduleOf({ seed: 1, workers: 8, carrier: 'nats', durationMs, everyMs: 1_500 }).map(({ kind, target }) => `${kind} ${target}`)).size;
  assert.equal(kinds(600_000), 19);
  assert.ok(kinds(45_000) >= 14, `${kinds(45_000)} of 19`);
});
