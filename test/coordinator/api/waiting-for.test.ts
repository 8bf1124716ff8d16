import assert from 'node:assert/strict';
import test from 'node:test';
import { waitingFor } from '../../../coordinator/api/waiting-for.js';

const GRAPH = 'graph:2.21.0:cpu:d:decode1';

test('a sweep whose engine no connected worker has says so, and nothing where one has it', () => {
  const wasm = { numerics: ['wasm:0123456789ab:plain:decode1'], box: { pool: 'day', labels: {} } };
  assert.equal(waitingFor(GRAPH, null, []), 'waiting for a worker to connect');
  assert.match(waitingFor(GRAPH, null, [wasm]) ?? '', /^waiting for a worker with the engine of this sweep, graph 2\.21\.0 on cpu: none that is connected has it; .+--engine wasm$/);
  assert.equal(waitingFor(GRAPH, null, [wasm, { ...wasm, numerics: [GRAPH] }]), null);
  assert.equal(waitingFor('none', null, [wasm]), null, 'work without a model runs anywhere');
  const PLAIN = 'js:float64:decodeX';
  assert.equal(waitingFor(PLAIN, null, [{ ...wasm, numerics: [...wasm.numerics, PLAIN] }]), null);
  assert.match(waitingFor(PLAIN, null, [wasm]) ?? '', /^waiting for a worker of this version of trawl: none that is connected fits classical models/);
});

test('a sweep that may use none of the connected workers says which it may', () => {
  const day = { numerics: [GRAPH], box: { pool: 'day', labels: { zone: 'a' } } };
  assert.equal(waitingFor('none', { pool: 'day', labels: { zone: 'a' } }, [day]), null);
  assert.equal(waitingFor('none', { pool: 'night', labels: { zone: 'a' } }, [day]), 'waiting for a worker that the sweep may use (pool night, zone=a): none that is connected is one');
});
