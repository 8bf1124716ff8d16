import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { chooseEngine, choiceText, offeredEngines, surveyEngines, wasmEngine, type EngineFact } from '../../../../worker/engine/choose.js';
import { CHECK_VERSION } from '../../../../worker/engine/native/conformance.js';
import { findNatives } from '../../../../worker/engine/native/found.js';
import { writeStamp } from '../../../../worker/engine/native/stamp.js';
import { temporaryFolder } from '../../../support/images.js';

function fact(device: 'cpu' | 'gpu', problem: string | null): EngineFact {
  const name = `tensorflow-2.21.0-${device}`;
  const label = `graph on ${device.toUpperCase()}`;
  const native = { name, device, addon: '/a.node', javascript: null, folder: '/a' };
  const found = { ...native, tensorflow: '2.21.0', from: 'home', bytes: 1, stamp: '/s', fingerprint: 'f', trusted: true, writable: null } as const;
  const usable = problem === null ? ({ kind: 'graph', device, numerics: `graph:2.21.0:${device}:d`, label, native, gpus: [] } as const) : null;
  return { name, label, found, stamp: null, usable, problem: problem === null ? null : { found: problem, remedy: 'mend it' }, eager: null };
}
const wasm: EngineFact = { name: 'wasm', label: 'wasm', found: null, stamp: null, usable: wasmEngine(), problem: null, eager: null };

test('the first usable engine in order is taken, and the ones before it are named with their remedies', () => {
  assert.equal(choiceText(chooseEngine([fact('gpu', null), fact('cpu', null), wasm], null)), 'graph on GPU: the first in order of what can be used here');
  assert.equal(choiceText(chooseEngine([fact('gpu', 'it is taken'), fact('cpu', null), wasm], null)), 'graph on CPU: graph on GPU cannot be used: it is taken; mend it');
  assert.equal(choiceText(chooseEngine([fact('gpu', 'it is taken'), wasm], null)), 'wasm: graph on GPU cannot be used: it is taken; mend it');
  assert.equal(choiceText(chooseEngine([wasm], null)), 'wasm: no native engine is installed; a faster one: trawl engine install');
});

test('the line says what the engine is chosen for, and where wasm was faster', () => {
  const timed = (...ms: (readonly [string, number, number])[]): string => {
    const steps = ms.map(([name, msPerStep, wasmMsPerStep]) => ({ name, msPerStep, wasmMsPerStep }));
    const stamp = { ...{ check: 1, fingerprint: 'f', problem: null, wrong: false, numerics: null, tensorflow: null, checks: [] }, eager: null, steps, versions: { trawl: '0', node: 'v20', driver: null }, testedAt: '' };
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

/** The native engine of `fact` with an eager executor on it. */
function withEager(device: 'cpu' | 'gpu', problem: string | null): EngineFact {
  const native = fact(device, null);
  const label = `eager on ${device.toUpperCase()}`;
  const usable = { ...native.usable!, kind: 'eager', numerics: `eager:2.21.0:${device}:d`, label } as const;
  return { ...native, eager: { label, usable: problem === null ? usable : null, problem: problem === null ? null : { found: problem, remedy: 'mend it' } } };
}

test('eager is taken where it is asked for, whatever became of graph, and never by itself', () => {
  const broken = { ...withEager('cpu', null), usable: null, problem: { found: 'wrong numbers', remedy: 'mend it' } };
  assert.equal(choiceText(chooseEngine([broken, wasm], 'eager')), 'eager on CPU: as --engine says');
  assert.equal(chooseEngine([broken, wasm], null).engine.kind, 'wasm');
  assert.equal(chooseEngine([withEager('gpu', 'it is taken'), withEager('cpu', null), wasm], 'eager').engine.device, 'cpu');
  assert.throws(() => chooseEngine([withEager('cpu', 'it is old'), wasm], 'eager'), { code: 'EngineUnusable', message: 'eager on CPU: it is old; mend it' });
  assert.throws(() => chooseEngine([wasm], 'eager'), { code: 'EngineUnusable', message: /^eager: no native engine is installed; install one: trawl engine install/ });
});

test('a worker offers eager after all others, for those who ask', () => {
  const facts = [withEager('cpu', null), wasm];
  assert.deepEqual(offeredEngines(facts, null).map(({ kind }) => kind), ['graph', 'wasm', 'eager']);
  assert.deepEqual(offeredEngines(facts, 'eager').map(({ kind }) => kind), ['eager']);
  assert.deepEqual(offeredEngines(facts, 'graph').map(({ kind }) => kind), ['graph']);
});

test('where nothing is installed there is wasm', async (t) => {
  const facts = await surveyEngines({ places: { folders: [temporaryFolder(t)], cwd: temporaryFolder(t) } });
  assert.deepEqual(facts.filter(({ found }) => found?.from !== 'package').map(({ name }) => name), ['wasm']);
});

/** A folder with a package of the user's own in it, whose addon is no library. */
function withPackage(folder: string): string {
  const at = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(join(at, 'lib', 'napi-v8'), { recursive: true });
  writeFileSync(join(at, 'package.json'), '{"name": "@tensorflow/tfjs-node", "version": "4.22.0"}');
  writeFileSync(join(at, 'lib', 'napi-v8', 'tfjs_binding.node'), 'no library');
  return at;
}

test('a package in the folder where the user stands is not loaded before he has asked for its test', async (t) => {
  const [home, cwd] = [temporaryFolder(t), temporaryFolder(t)];
  const places = { folders: [home], cwd } as const;
  const at = withPackage(cwd);
  const look = async (): Promise<EngineFact | undefined> => (await surveyEngines({ places, onTest: (label) => tested.push(label) })).find(({ name }) => name === 'tfjs-node');
  const tested: string[] = [];
  assert.match((await look())?.problem?.found ?? '', /^it lies in .+, found from the folder you stand in, and is code that nobody has asked for yet$/);
  assert.deepEqual(tested, []);
  const found = findNatives(places).find(({ name }) => name === 'tfjs-node');
  assert.ok(found !== undefined && found.folder.endsWith('tfjs-node') && !found.trusted);
  const stamp = { check: CHECK_VERSION, fingerprint: found.fingerprint, problem: { found: 'it was busy', remedy: 'r' }, wrong: false, numerics: null, tensorflow: null, checks: [], steps: [], eager: null, versions: { trawl: '0', node: '0', driver: null }, testedAt: '' };
  writeStamp(found.stamp, stamp);
  assert.match((await look())?.problem?.found ?? '', /damaged, or made for another system/, 'asked for once, it is tried again after a failure that may pass');
  assert.equal(tested.length, 1);
  writeStamp(found.stamp, { ...stamp, problem: { found: 'wrong numbers', remedy: 'r' }, wrong: true });
  assert.equal((await look())?.problem?.found, 'wrong numbers');
  assert.equal(tested.length, 1, 'wrong numbers stay wrong');
  chmodSync(at, 0o777);
  assert.match((await look())?.problem?.found ?? '', /^others can write to .+tfjs-node, and what lies there would be run as code$/);
});
