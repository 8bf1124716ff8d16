import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace, placeAhead, takesAhead, type QueueingBox } from '../../../coordinator/placement/ahead.js';

const box = (change: Partial<QueueingBox>): QueueingBox => ({
  ...{ id: 'box', pool: null, labels: {}, slots: 4, busy: 4, numerics: new Set(['wasm']), memoryBytes: 8e9, slotMemoryBytes: 2e9, exclusive: false, reservedFor: null },
  ...{ waiting: 0, waitingMs: 0, ...change },
});
const need = { key: 'k', numerics: 'wasm', memoryBytes: null, alone: false, near: null, avoid: new Set<string>(), workers: null };

test('a box takes what its slots get through in 100 ms, and 16 stages a slot at most', () => {
  assert.equal(takesAhead(box({}), 400), true);
  assert.equal(takesAhead(box({}), 401), false);
  assert.equal(takesAhead(box({ waiting: 3, waitingMs: 300 }), 100), true);
  assert.equal(takesAhead(box({ waiting: 3, waitingMs: 301 }), 100), false);
  assert.equal(takesAhead(box({ waiting: 63 }), 0), true);
  assert.equal(takesAhead(box({ waiting: 64 }), 0), false);
});

test('of 16 slots one stage of a second may wait, and none of 16 seconds on one slot', () => {
  assert.equal(takesAhead(box({ slots: 16 }), 1_000), true);
  assert.equal(takesAhead(box({ slots: 16, waiting: 1, waitingMs: 1_000 }), 1_000), false);
  assert.equal(takesAhead(box({ slots: 1 }), 1_000), false);
});

test('nothing waits at a box that is another’s alone or reserved, that drains, or that cannot do it', () => {
  assert.equal(takesAhead(box({ exclusive: true }), 0), false);
  assert.equal(takesAhead(box({ reservedFor: 'k2' }), 0), false);
  assert.equal(takesAhead(box({ slots: 0 }), 0), false);
  assert.equal(placeAhead({ ...need, numerics: 'graph' }, [box({})], 1), null);
  assert.equal(placeAhead({ ...need, memoryBytes: 3e9 }, [box({})], 1), null);
  assert.equal(placeAhead({ ...need, alone: true }, [box({})], 1), null);
});

test('it waits where its turn comes first', () => {
  const boxes = [box({ id: 'long', waiting: 1, waitingMs: 300 }), box({ id: 'short', slots: 2, waiting: 4, waitingMs: 100 })];
  assert.equal(placeAhead(need, boxes, 50), 'short');
});

test('the pace of a sweep follows its newest stages', () => {
  const pace = new Pace();
  assert.equal(pace.expectedMs(3), null, 'nothing has ended yet');
  pace.learn(1_000, 10);
  assert.equal(pace.expectedMs(2), 200);
  for (let stage = 0; stage < 20; stage += 1) pace.learn(10, 10);
  assert.ok(Math.abs((pace.expectedMs(1) ?? 0) - 1) < 0.1, `${pace.expectedMs(1)} ms an epoch, after twenty of 1 ms`);
});
