import assert from 'node:assert/strict';
import test from 'node:test';
import { place, type Box } from '../../../coordinator/placement/place.js';

function box(id: string, changes: Partial<Box> = {}): Box {
  return { id, pool: null, labels: {}, slots: 2, busy: 0, numerics: new Set(['wasm']), memoryBytes: 8e9, slotMemoryBytes: 4e9, exclusive: false, reservedFor: null, ...changes };
}
const need = { key: 'k', numerics: 'wasm', alone: false, near: null, avoid: new Set<string>(), workers: null, memoryBytes: null };

test('work goes to the box that holds its weights, else to the idlest', () => {
  const boxes = [box('a', { busy: 1 }), box('b')];
  assert.deepEqual(place({ ...need, near: 'a' }, boxes), { kind: 'place', box: 'a' });
  assert.deepEqual(place(need, boxes), { kind: 'place', box: 'b' });
});

test('a trajectory stays on its numerics; a trainable without any runs anywhere', () => {
  assert.deepEqual(place({ ...need, numerics: 'graph' }, [box('a')]), { kind: 'wait' });
  assert.deepEqual(place({ ...need, numerics: 'none' }, [box('a')]), { kind: 'place', box: 'a' });
});

test('a retry alone reserves a box, takes it when idle, and shares it with nobody', () => {
  const alone = { ...need, alone: true };
  assert.deepEqual(place(alone, [box('a', { busy: 2 }), box('b', { busy: 1 })]), { kind: 'reserve', box: 'b' });
  assert.deepEqual(place(alone, [box('a'), box('b', { busy: 1, reservedFor: 'k' })]), { kind: 'reserve', box: 'b' });
  assert.deepEqual(place(alone, [box('b', { reservedFor: 'k' })]), { kind: 'place', box: 'b' });
  assert.deepEqual(place(need, [box('b', { busy: 1, reservedFor: 'k' })]), { kind: 'wait' });
  assert.deepEqual(place(need, [box('b', { busy: 1, exclusive: true })]), { kind: 'wait' });
});

test('a stage that failed at a box goes to another', () => {
  assert.deepEqual(place({ ...need, near: 'a', avoid: new Set(['a']) }, [box('a'), box('b', { busy: 1 })]), { kind: 'place', box: 'b' });
  assert.deepEqual(place({ ...need, avoid: new Set(['a']) }, [box('a')]), { kind: 'wait' });
});

test('a sweep is trained by the workers that it may use alone, retries to themselves included', () => {
  const night = { pool: 'night', labels: { zone: 'a' } };
  const boxes = [box('day', { pool: 'day', labels: { zone: 'a' } }), box('b', { pool: 'night', labels: { zone: 'b' } }), box('a', { pool: 'night', labels: { zone: 'a', disk: 'fast' }, busy: 1 })];
  assert.deepEqual(place({ ...need, workers: night }, boxes), { kind: 'place', box: 'a' });
  assert.deepEqual(place({ ...need, workers: night, alone: true }, boxes), { kind: 'reserve', box: 'a' });
  assert.deepEqual(place({ ...need, workers: { labels: { zone: 'c' } } }, boxes), { kind: 'wait' });
  assert.deepEqual(place({ ...need, workers: {} }, boxes), { kind: 'place', box: 'day' });
});
