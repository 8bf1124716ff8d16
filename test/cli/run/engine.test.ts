import assert from 'node:assert/strict';
import test from 'node:test';
import type { Preview, SubmitRequest } from '../../../coordinator/api/views.js';
import { settleEngine } from '../../../cli/run/engine.js';
import { wasmEngine, type EngineFact } from '../../../worker/engine/choose.js';
import { imageNumerics } from '../../../worker/train/numerics.js';

const GRAPH = 'graph:2.21.0:cpu:d';
const request: SubmitRequest = { source: { name: 's.yaml', text: '' }, sharing: true, data: null, numerics: 'undecided' };

function graph(numerics: string): EngineFact {
  const native = { name: 'n', device: 'cpu', addon: '/a.node', folder: '/a' } as const;
  const found = { ...native, tensorflow: null, from: 'home', bytes: 1, stamp: '/s', fingerprint: 'f' } as const;
  return { name: 'n', label: 'graph on CPU', found, stamp: null, problem: null, usable: { kind: 'graph', device: 'cpu', numerics, label: 'graph on CPU', native, gpus: [] } };
}
const wasm: EngineFact = { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null };

/** A coordinator with a sweep that was trained with these numerics; what else they are asked with is still to be trained. */
function service(began: string | null): { preview: (asked: SubmitRequest) => Promise<Preview> } {
  return {
    preview: async ({ numerics }) => ({
      ...{ name: 's', trials: 1, epochs: { requested: 1, distinct: 1, stored: 0, again: 0 }, differences: [] },
      existing: began === null ? null : { id: 'swp_1', revision: 1, state: 'completed', numerics: began },
      work: numerics === began ? [] : ([{ epochs: 1 }] as unknown as Preview['work']),
    }),
  };
}

test('a new sweep takes the best engine', async () => {
  const { request: settled, line } = await settleEngine({ service: service(null), request, facts: [graph(GRAPH), wasm], forced: null });
  assert.deepEqual([settled.numerics, line], [imageNumerics(GRAPH), 'graph on CPU: the first in order of what can be used here']);
});

test('a sweep whose latest revision is that of wasm keeps wasm beside a native engine, whichever it began with, and says so', async () => {
  const began = imageNumerics(wasmEngine().numerics);
  const { request: settled, line } = await settleEngine({ service: service(began), request, facts: [graph(GRAPH), wasm], forced: null });
  assert.deepEqual([settled.numerics, line], [began, 'wasm: the sweep was last submitted with it; --engine graph trains it anew with graph on CPU']);
});

test('a forced engine trains such a sweep anew, and says so', async () => {
  const { request: settled, line } = await settleEngine({ service: service(imageNumerics(wasmEngine().numerics)), request, facts: [graph(GRAPH), wasm], forced: 'graph' });
  assert.equal(settled.numerics, imageNumerics(GRAPH));
  assert.match(line ?? '', /^graph on CPU, as --engine says; the sweep was last submitted with wasm [0-9a-f]{8}, whose epochs do not count here$/);
});

test('a sweep whose engine is gone answers from the store, and is not silently trained by another', async () => {
  const began = imageNumerics(GRAPH);
  const done = await settleEngine({ service: service(began), request, facts: [wasm], forced: null });
  assert.deepEqual([done.request.numerics, done.engine], [began, null]);
  const more = { preview: async (asked: SubmitRequest): Promise<Preview> => ({ ...(await service(began).preview(asked)), work: [{ epochs: 1 }] as unknown as Preview['work'] }) };
  await assert.rejects(settleEngine({ service: more, request, facts: [wasm], forced: null }), {
    code: 'EngineUnusable',
    message: 'sweep s was last submitted with graph 2.21.0 on cpu: no native engine is installed here; install it again: trawl engine install; or train the sweep anew with --engine wasm',
  });
  const newer = await settleEngine({ service: more, request, facts: [graph('graph:2.22.0:cpu:d'), wasm], forced: null });
  assert.equal(newer.line, 'graph on CPU: the sweep was last submitted with graph 2.21.0 on cpu, which is not here any more; it is trained anew');
});

test('a trainable without a model has no engine', async () => {
  const { line } = await settleEngine({ service: service('none'), request: { ...request, numerics: 'none' }, facts: [wasm], forced: null });
  assert.equal(line, null);
});
