import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseEngine, choiceText, offeredEngines, surveyEngines, wasmEngine, type EngineFact } from '../../../../worker/engine/choose.js';
import { temporaryFolder } from '../../../support/images.js';

function fact(device: 'cpu' | 'gpu', problem: string | null): EngineFact {
  const name = `tensorflow-2.21.0-${device}`;
  const label = `graph on ${device.toUpperCase()}`;
  const native = { name, device, addon: '/a.node', folder: '/a' };
  const found = { ...native, tensorflow: '2.21.0', from: 'home', bytes: 1, stamp: '/s', fingerprint: 'f' } as const;
  const usable = problem === null ? ({ kind: 'graph', device, numerics: `graph:2.21.0:${device}:d`, label, native, gpus: [] } as const) : null;
  return { name, label, found, stamp: null, usable, problem: problem === null ? null : { found: problem, remedy: 'mend it' } };
}
const wasm: EngineFact = { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null };

test('the first usable engine in order is taken, and the ones before it are named with their remedies', () => {
  assert.equal(choiceText(chooseEngine([fact('gpu', null), fact('cpu', null), wasm], null)), 'graph on GPU: the first in order of what can be used here');
  assert.equal(choiceText(chooseEngine([fact('gpu', 'it is taken'), fact('cpu', null), wasm], null)), 'graph on CPU: graph on GPU cannot be used: it is taken; mend it');
  assert.equal(choiceText(chooseEngine([fact('gpu', 'it is taken'), wasm], null)), 'wasm: graph on GPU cannot be used: it is taken; mend it');
  assert.equal(choiceText(chooseEngine([wasm], null)), 'wasm: no native engine is installed; a faster one: trawl engine install');
});

test('the line says what the engine is chosen for, and where wasm was faster', () => {
  const timed = (...ms: (readonly [string, number, number])[]): string => {
    const steps = ms.map(([name, msPerStep, wasmMsPerStep]) => ({ name, msPerStep, wasmMsPerStep }));
    const stamp = { ...{ check: 1, fingerprint: 'f', problem: null, numerics: null, tensorflow: null, checks: [] }, steps, versions: { trawl: '0', node: 'v20', driver: null }, testedAt: '' };
    return choiceText(chooseEngine([{ ...fact('cpu', null), stamp }, wasm], null));
  };
  assert.equal(timed(['garth-cnn-28', 10, 15], ['garth-cnn-64', 70, 80]), 'graph on CPU: the fastest that was tested here');
  assert.equal(
    timed(['garth-cnn-28', 19.09, 14.56], ['garth-cnn-64', 70, 80]),
    'graph on CPU: the first in order, though wasm was faster with small images in its test (garth-cnn-28: wasm 14.6 ms per step, this 19.1): --engine wasm takes it',
  );
  assert.match(timed(['garth-cnn-28', 20, 15], ['garth-cnn-64', 90, 80]), /though wasm was faster in its test \(garth-cnn-28: .*; garth-cnn-64: wasm 80\.0 ms per step, this 90\.0\): --engine wasm takes it$/);
});

test('a forced engine is taken or refused, and never replaced', () => {
  assert.equal(chooseEngine([fact('cpu', null), wasm], 'wasm').engine.kind, 'wasm');
  assert.equal(chooseEngine([fact('gpu', 'it is taken'), fact('cpu', null), wasm], 'graph').engine.device, 'cpu');
  assert.throws(() => chooseEngine([fact('cpu', 'it is broken'), wasm], 'graph'), { code: 'EngineUnusable', message: 'graph on CPU: it is broken; mend it' });
  assert.throws(() => chooseEngine([wasm], 'graph'), { code: 'EngineUnusable', message: /no native engine is installed; install one: trawl engine install/ });
});

test('a worker offers all that it can use, or the forced kind alone', () => {
  const facts = [fact('gpu', null), fact('cpu', null), wasm];
  assert.deepEqual(offeredEngines(facts, null).map(({ numerics }) => numerics), ['graph:2.21.0:gpu:d', 'graph:2.21.0:cpu:d', wasmEngine().numerics]);
  assert.deepEqual(offeredEngines(facts, 'wasm').map(({ kind }) => kind), ['wasm']);
  assert.deepEqual(offeredEngines([fact('cpu', 'it is broken'), wasm], null).map(({ kind }) => kind), ['wasm']);
});

test('where nothing is installed there is wasm', async (t) => {
  const facts = await surveyEngines({ places: { folders: [temporaryFolder(t)], cwd: temporaryFolder(t) } });
  assert.deepEqual(facts.filter(({ found }) => found?.from !== 'package').map(({ name }) => name), ['wasm']);
});
