import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NotCanonical, canonicalJson } from '../../proto/canonical.js';
import { nextKey, rootKey } from '../../proto/keys.js';
import type { EpochSettings, ImageEpochSettings, ImageTrajectory, Json, Trajectory } from '../../proto/work.js';

const trajectory: ImageTrajectory = {
  format: 1,
  trainable: 'image-classifier',
  version: 1,
  numerics: 'wasm:0123456789abcdef:plain',
  data: 'd'.repeat(64),
  classes: 2,
  input: { height: 100, width: 100, channels: 1, resize: 'stretch', normalisation: 'zerocenter' },
  model: { name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } },
  optimizer: { name: 'sgdm', momentum: 0.9 },
  loss: 'softmaxCrossEntropy',
  initSeed: 0,
  replicate: 0,
  salt: null,
};
const settings: ImageEpochSettings = {
  lr: 0.009999999776482582, lrFrom: 0.009999999776482582, batch: 30, accumulate: 1, dropout: 0.5, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null,
  trainFraction: 1, augment: null, dataSeed: 0,
};

type Tree = { [field: string]: Json };

/** Paths of all maps inside a value, the value itself first. */
function mapsIn(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return [path, ...Object.entries(value).flatMap(([field, inner]) => mapsIn(inner, [...path, field]))];
}

function withField(value: Tree, path: readonly string[], field: string, added: Json): Tree {
  const [head, ...rest] = path;
  if (head === undefined) return { ...value, [field]: added };
  return { ...value, [head]: withField(value[head] as Tree, rest, field, added) };
}

/** The same value with the fields of every map in reverse order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([field, inner]) => [field, reversed(inner)]));
}

test('the keys of a known trajectory and epoch are pinned', () => {
  // From Python: sha256 of the domain line and json.dumps(value, sort_keys=True, separators=(',', ':')).
  assert.equal(rootKey(trajectory), '59e9a33affe4bd3cca1e8a74ef40664e69979ade319d16efc4b382e09c0f3da8');
  assert.equal(nextKey(rootKey(trajectory), settings), '49dc9094d6e4d203af10a66a3265103f4c72dd77ace9b51cd0f339a14b2a3735');
});

test('adding any field anywhere in a trajectory or in settings moves the key', () => {
  const field = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__');
  fc.assert(
    fc.property(fc.constantFrom(...mapsIn({ ...trajectory } as unknown as Json)), field, fc.jsonValue(), (path, name, added) => {
      const changed = withField(trajectory as unknown as Tree, path, name, added as Json);
      fc.pre(canonicalJson(changed) !== canonicalJson(trajectory));
      assert.notEqual(rootKey(changed as unknown as Trajectory), rootKey(trajectory));
    }),
  );
  fc.assert(
    fc.property(field, fc.jsonValue(), (name, added) => {
      const changed = { ...settings, [name]: added };
      fc.pre(canonicalJson(changed) !== canonicalJson(settings));
      assert.notEqual(nextKey('', changed), nextKey('', settings));
    }),
  );
});

test('changing any single value in a trajectory moves the key', () => {
  for (const field of Object.keys(trajectory)) {
    assert.notEqual(rootKey({ ...trajectory, [field]: 'changed' }), rootKey(trajectory), field);
  }
});

test('the order in which fields were written does not move a key', () => {
  assert.equal(rootKey(reversed(trajectory as unknown as Json) as unknown as Trajectory), rootKey(trajectory));
});

test('a root key and an epoch key of the same text differ', () => {
  assert.notEqual(nextKey('', trajectory as unknown as EpochSettings), rootKey(trajectory));
});

test('canonical JSON reads back as the same value, and does not depend on the order of fields', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as Json;
      assert.deepEqual(JSON.parse(canonicalJson(plain)), plain);
      assert.equal(canonicalJson(reversed(plain)), canonicalJson(plain));
    }),
  );
});

test('canonical JSON has no two spellings of zero', () => {
  assert.equal(canonicalJson({ a: -0 }), '{"a":0}');
});

test('canonical JSON refuses what JSON would drop, and names the place', () => {
  for (const [value, place] of [
    [{ a: { b: undefined } }, 'a.b'],
    [{ a: [1, Number.NaN] }, 'a[1]'],
    [{ a: Infinity }, 'a'],
    [{ a: () => 1 }, 'a'],
    [{ a: new Date(0) }, 'a'],
    [{ a: 1n }, 'a'],
  ] as const) {
    assert.throws(
      () => canonicalJson(value),
      (error: unknown) => error instanceof NotCanonical && error.message.startsWith(`${place} is `),
    );
  }
});
