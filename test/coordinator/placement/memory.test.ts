import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryAsk, MemoryPeaks } from '../../../coordinator/placement/memory.js';
import { place } from '../../../coordinator/placement/place.js';
import type { ImageTrajectory } from '../../../proto/work.js';
import { garthTrajectory } from '../../worker/agent/data-set.js';
import { imageSettings } from '../../support/settings.js';

const trajectory = garthTrajectory({ manifest: { format: 1, digest: 'd', classes: ['a', 'b'], packs: [], files: [] }, blob: '' });
const ask = (change: Partial<ImageTrajectory> = {}, batch = 30, accumulate = 1) => memoryAsk({ ...trajectory, ...change }, imageSettings({ batch, accumulate })) ?? assert.fail('no model');
const sized = (size: number): Partial<ImageTrajectory> => ({ input: { ...trajectory.input, height: size, width: size } });

test('what was measured holds for the same model and size with as many images at once or more', () => {
  const peaks = new MemoryPeaks();
  assert.equal(peaks.needOf(ask()), null);
  assert.equal(peaks.learn({ ...ask(sized(64), 32), bytes: 500 }), true);
  assert.equal(peaks.learn({ ...ask(sized(64), 32), bytes: 500 }), false, 'nothing new');
  assert.equal(peaks.needOf(ask(sized(64), 32)), 500);
  assert.equal(peaks.needOf(ask(sized(64), 48)), 500);
  // Few large images have larger weights than many small ones: neither says anything of the other.
  assert.equal(peaks.needOf(ask(sized(100), 32)), null);
  assert.equal(peaks.needOf(ask(sized(32), 1000)), null);
  assert.equal(peaks.needOf(ask(sized(64), 31)), null);
  // Two parts of 32 images are 32 at once.
  assert.equal(peaks.needOf(ask(sized(64), 64, 2)), 500);
  assert.equal(peaks.needOf(ask({ ...sized(64), optimizer: { name: 'sgd' } }, 32)), null, 'another optimizer keeps other state');
  assert.equal(peaks.needOf(ask({ ...sized(64), numerics: 'graph' }, 32)), null, 'another executor');
  assert.equal(peaks.needOf(ask({ ...sized(64), salt: 7, initSeed: 9 }, 32)), 500, 'seeds take no memory');
  assert.equal(peaks.learn({ ...ask(sized(64), 32), bytes: 400 }), true);
  assert.equal(peaks.needOf(ask(sized(64), 32)), 400, 'a later measurement takes its place');
});

test('work known not to fit into a slot goes to a box whose slots are larger', () => {
  const box = (id: string, slotMemoryBytes: number) => ({ id, pool: null, labels: {}, slots: 2, busy: 0, numerics: new Set(['wasm']), memoryBytes: 9e9, slotMemoryBytes, exclusive: false, reservedFor: null });
  const need = { key: 'k', numerics: 'wasm', memoryBytes: 3e9, alone: false, near: 'small', avoid: new Set<string>(), workers: null };
  assert.deepEqual(place(need, [box('small', 2e9), box('large', 4e9)]), { kind: 'place', box: 'large' });
  assert.deepEqual(place({ ...need, memoryBytes: null }, [box('small', 2e9), box('large', 4e9)]), { kind: 'place', box: 'small' });
});
