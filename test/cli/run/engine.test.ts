import assert from 'node:assert/strict';
import test from 'node:test';
import type { Preview, SubmitRequest } from '../../../coordinator/api/views.js';
import { settleEngine } from '../../../cli/run/engine.js';
import { wasmEngine, type EngineFact } from '../../../worker/engine/choose.js';
import { imageNumerics } from '../../../worker/train/numerics.js';

const GRAPH = 'graph:2.21.0:cpu:d';
const request: SubmitRequest = { source: { name: 's.yaml', text: '' }, sharing: true, data: null, numerics: 'undecided' };

function graph(numerics: string): EngineFact {
  const native = { name: 'n', device: 'cpu', addon: '/a.node', javascript: null, folder: '/a' } as const;
  const found = { ...native, tensorflow: null, from: 'home', bytes: 1, stamp: '/s', fingerprint: 'f', trusted: true, writable: null } as const;
  return { name: 'n', label: 'graph on CPU', found, stamp: null, problem: null, usable: { kind: 'graph', device: 'cpu', numerics, label: 'graph on CPU', native, gpus: [] }, eager: null };
}
const wasm: EngineFact = { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null, eager: null };

/** A coordinator with a sweep that was trained with these numerics; what else they are asked with is still to be trained. */
function service(began: string | null): { preview: (asked: SubmitRequest) => Promise<Preview> } {
  return {
    preview: async ({ numerics }) => ({
      ...{ name: 's', trials: 1, proposed: null, epochs: { requested: 1, distinct: 1, stored: 0, again: 0, budget: null }, standing: 'same', differences: [], commands: [], carried: null, warmStart: null },
      existing: began === null ? null : { id: 'swp_1', revision: 1, state: 'completed', numerics: began },
      work: numerics === began ? [] : ([{ epochs: 1 }] as unknown as Preview['work']),
    }),
  };
}

test('a new sweep takes the best engine', async () => {
  const { request: settled, line } = await settleEngine({ service: service(null), request, facts: [graph(GRAPH), wasm], forced: null, offered: null });
  assert.deepEqual([settled.numerics, line], [imageNumerics(GRAPH), 'graph on CPU: the first in order of what can be used here']);
});

test('a sweep whose latest revision is that of wasm keeps wasm beside a native engine, whichever it began with, and says so', async () => {
  const began = imageNumerics(wasmEngine().numerics);
  const { request: settled, line } = await settleEngine({ service: service(began), request, facts: [graph(GRAPH), wasm], forced: null, offered: null });
  assert.deepEqual([settled.numerics, line], [began, 'wasm: the sweep was last submitted with it; --engine graph trains it anew with graph on CPU']);
});

test('a forced engine trains such a sweep anew, and says so', async () => {
  const { request: settled, line } = await settleEngine({ service: service(imageNumerics(wasmEngine().numerics)), request, facts: [graph(GRAPH), wasm], forced: 'graph', offered: null });
  assert.equal(settled.numerics, imageNumerics(GRAPH));
  assert.match(line ?? '', /^graph on CPU, as --engine says; the sweep was last submitted with wasm [0-9a-f]{8}, whose epochs do not count here$/);
});

test('a sweep whose engine is gone answers from the store, and is not silently trained by another', async () => {
  const began = imageNumerics(GRAPH);
  const done = await settleEngine({ service: service(began), request, facts: [wasm], forced: null, offered: null });
  assert.deepEqual([done.request.numerics, done.engine], [began, null]);
  const more = { preview: async (asked: SubmitRequest): Promise<Preview> => ({ ...(await service(began).preview(asked)), work: [{ epochs: 1 }] as unknown as Preview['work'] }) };
  await assert.rejects(settleEngine({ service: more, request, facts: [wasm], forced: null, offered: null }), {
    code: 'EngineUnusable',
    message: 'sweep s was last submitted with graph 2.21.0 on cpu: no native engine is installed here; install it again: trawl engine install; or train the sweep anew with --engine wasm',
  });
  const newer = await settleEngine({ service: more, request, facts: [graph('graph:2.22.0:cpu:d'), wasm], forced: null, offered: null });
  assert.equal(newer.line, 'graph on CPU: the sweep was last submitted with graph 2.21.0 on cpu, which is not here any more; it is trained anew');
});

test('a trainable without a model has no engine', async () => {
  const { line } = await settleEngine({ service: service('none'), request: { ...request, numerics: 'none' }, facts: [wasm], forced: null, offered: null });
  assert.equal(line, null);
});

const WASM = imageNumerics(wasmEngine().numerics);

test('an attached run chooses among what the connected workers have, whatever this machine has', async () => {
  const attached = { service: service(null), request, facts: [graph(GRAPH), wasm], forced: null };
  const onWasm = await settleEngine({ ...attached, offered: [[WASM]] });
  assert.deepEqual([onWasm.request.numerics, onWasm.engine], [WASM, null]);
  assert.match(onWasm.line ?? '', /^wasm [0-9a-f]{8}, of the workers of the run on this home$/);
  const onGraph = await settleEngine({ ...attached, facts: [wasm], offered: [[WASM], [imageNumerics(GRAPH), WASM]] });
  assert.equal(onGraph.request.numerics, imageNumerics(GRAPH));
  const none = await settleEngine({ ...attached, offered: [] });
  assert.equal(none.request.numerics, imageNumerics(GRAPH), 'before a worker is connected this machine decides');
});

test('an attached run whose engine no connected worker has is refused at once, with what they have', async () => {
  const forced = { service: service(null), request, facts: [graph(GRAPH), wasm], forced: 'graph', offered: [[WASM]] } as const;
  await assert.rejects(settleEngine(forced), { code: 'EngineUnusable', message: /^--engine graph: the workers of the run on this home have wasm [0-9a-f]{8}; leave --engine out/ });
  const begun = service(imageNumerics(GRAPH));
  assert.equal((await settleEngine({ ...forced, forced: null, service: begun })).request.numerics, imageNumerics(GRAPH), 'nothing is left to train');
  const more = { preview: async (asked: SubmitRequest): Promise<Preview> => ({ ...(await begun.preview(asked)), work: [{ epochs: 1 }] as unknown as Preview['work'] }) };
  await assert.rejects(settleEngine({ ...forced, forced: null, service: more }), { message: /^sweep s has begun with graph 2\.21\.0 on cpu: the workers .+ have wasm \w+; end that run .+--engine wasm$/ });
});

const EAGER = 'eager:2.21.0:cpu:d';

/** The native engine of `graph` with an eager executor on it. */
function withEager(numerics: string): EngineFact {
  const fact = graph(numerics);
  const usable = { ...fact.usable!, kind: 'eager', numerics: EAGER, label: 'eager on CPU' } as const;
  return { ...fact, eager: { label: 'eager on CPU', usable, problem: null } };
}

test('eager trains what was asked of it, goes on with what it has begun, and is not taken by a new sweep', async () => {
  const facts = [withEager(GRAPH), wasm];
  assert.equal((await settleEngine({ service: service(null), request, facts, forced: null, offered: null })).request.numerics, imageNumerics(GRAPH));
  assert.deepEqual((await settleEngine({ service: service(null), request, facts, forced: 'eager', offered: null })).request.numerics, imageNumerics(EAGER));
  const kept = await settleEngine({ service: service(imageNumerics(EAGER)), request, facts, forced: null, offered: null });
  assert.deepEqual([kept.request.numerics, kept.engine?.kind], [imageNumerics(EAGER), 'eager']);
});

test('an attached run takes eager from workers that have nothing else only where it is asked for', async () => {
  const attached = { service: service(null), request, facts: [wasm], forced: null, offered: [[imageNumerics(EAGER)]] } as const;
  await assert.rejects(settleEngine(attached), { code: 'EngineUnusable', message: /^eager is only taken where it is asked for: the workers of the run on this home have eager 2\.21\.0 on cpu; take it with --engine eager/ });
  assert.equal((await settleEngine({ ...attached, forced: 'eager' })).request.numerics, imageNumerics(EAGER));
  assert.equal((await settleEngine({ ...attached, service: service(imageNumerics(EAGER)) })).request.numerics, imageNumerics(EAGER));
  assert.equal((await settleEngine({ ...attached, offered: [[imageNumerics(EAGER), WASM]] })).request.numerics, WASM);
});
