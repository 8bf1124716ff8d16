import assert from 'node:assert/strict';
import test from 'node:test';
import { waitingFor } from '../../../coordinator/api/waiting-for.js';

const GRAPH = 'graph:2.21.0:cpu:d:decode1';

test('a sweep whose engine no connected worker has says so, and nothing where one has it', () => {
  const wasm = { numerics: ['wasm:0123456789ab:plain:decode1'] };
  assert.equal(waitingFor(GRAPH, []), 'waiting for a worker to connect');
  assert.match(waitingFor(GRAPH, [wasm]) ?? '', /^waiting for a worker with the engine of this sweep, graph 2\.21\.0 on cpu: none that is connected has it; .+--engine wasm$/);
  assert.equal(waitingFor(GRAPH, [wasm, { numerics: [GRAPH] }]), null);
  assert.equal(waitingFor('none', [wasm]), null, 'work without a model runs anywhere');
});
