import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Box, Need } from '../../../coordinator/placement/place.js';
import { whyNowhere } from '../../../coordinator/placement/waiting.js';

const box: Box = { id: 'b', pool: null, labels: {}, slots: 2, busy: 2, numerics: new Set(['wasm']), memoryBytes: 8e9, slotMemoryBytes: 4e9, exclusive: false, reservedFor: null };
const need: Need = { key: 'k', numerics: 'wasm', memoryBytes: null, alone: false, near: null, avoid: new Set<string>(), workers: null };

it('what waits is told what it waits for: a worker, its engine, memory, a box to itself, or a slot', () => {
  assert.equal(whyNowhere(need, []), 'worker');
  assert.equal(whyNowhere({ ...need, numerics: 'graph' }, [box]), 'engine');
  assert.equal(whyNowhere({ ...need, workers: { pool: 'night' } }, [box]), 'pool');
  assert.equal(whyNowhere({ ...need, memoryBytes: 5e9 }, [box]), 'memory');
  assert.equal(whyNowhere({ ...need, alone: true }, [box]), 'alone');
  assert.equal(whyNowhere(need, [box]), 'slot');
});
