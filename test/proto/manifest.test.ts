import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeManifest, encodeManifest, makeManifest } from '../../proto/manifest.js';
import type { DataFile, Part } from '../../proto/work.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function file(content: string, label: number, part: Part, change: Partial<DataFile> = {}): DataFile {
  return { name: `${label}/${content}`, digest: sha256(content), label, part, pack: 0, offset: 0, bytes: 1, ...change };
}

const FILES = [file('x', 1, 'test'), file('y', 0, 'train'), file('z', 1, 'val'), file('w', 1, 'train'), file('y', 1, 'train')];
const PACKS = [sha256('pack')];

test('files are in order of part, digest and label, whatever order they come in', () => {
  const sorted = makeManifest(['a', 'b'], PACKS, FILES);
  const keys = sorted.files.map(({ part, digest, label }) => `${['train', 'val', 'test'].indexOf(part)} ${digest} ${label}`);
  assert.deepEqual(keys, keys.toSorted());
  fc.assert(
    fc.property(fc.shuffledSubarray(FILES, { minLength: FILES.length }), (files) => {
      assert.deepEqual(makeManifest(['a', 'b'], PACKS, files), sorted);
    }),
    { numRuns: 30 },
  );
});

test('the digest is over content, labels, parts and the number of classes', () => {
  const { digest } = makeManifest(['a', 'b'], PACKS, FILES);
  const canonical = ['trawl data 1', 'classes 2', ...makeManifest(['a', 'b'], PACKS, FILES).files.map((one) => `${one.digest} ${one.label} ${one.part}`), ''];
  assert.equal(digest, sha256(canonical.join('\n')));
  const digestOf = (files: readonly DataFile[], classes = ['a', 'b']): string => makeManifest(classes, PACKS, files).digest;
  const changed = (change: Partial<DataFile>): DataFile[] => FILES.map((one, index) => (index === 3 ? { ...one, ...change } : one));
  // Not by names or places.
  assert.equal(digestOf(FILES, ['A', 'B']), digest);
  assert.equal(digestOf(changed({ name: 'other', offset: 7 })), digest);
  for (const other of [changed({ label: 0 }), changed({ part: 'val' }), changed({ digest: sha256('v') }), FILES.slice(1)]) {
    assert.notEqual(digestOf(other), digest);
  }
  assert.notEqual(digestOf(FILES, ['a', 'b', 'c']), digest);
  assert.equal(new Set([digest, ...([[0, 0, 1, 1], [0, 0, 1, 0.5]] as const).map((box) => digestOf(changed({ box })))]).size, 3, 'boxes are content');
});

test('a manifest reads back as it was written', () => {
  const manifest = makeManifest(['a', 'Viral Pneumonia é'], PACKS, [...FILES, file('cut', 0, 'val', { box: [1 / 3, 0, 2 / 3, 0.1] })]);
  assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest);
});

test('what is no manifest of this version is refused with what is wrong', () => {
  const good = makeManifest(['a', 'b'], PACKS, FILES);
  const refused = (value: unknown, message: RegExp): void => {
    const bytes = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
    assert.throws(() => decodeManifest(bytes), { code: 'BadManifest', message });
  };
  refused('{', /not JSON/);
  refused([], /not an object/);
  refused({ ...good, format: 2 }, /format is 2, expected 1/);
  refused({ ...good, classes: 2 }, /classes/);
  refused({ ...good, packs: ['../../etc/passwd'] }, /packs/);
  refused({ ...good, files: {} }, /no list of files/);
  refused({ ...good, files: good.files.toReversed() }, /out of order/);
  refused({ ...good, digest: sha256('other') }, /its digest is/);
  const wrong: readonly object[] = [{ label: 2 }, { label: -1 }, { part: 'dev' }, { pack: 1 }, { offset: 0.5 }, { bytes: -1 }, { digest: 'x' }, { name: 1 }, { box: [0, 0, 1] }, { box: [0, 0, 1, 2] }];
  for (const change of wrong) refused({ ...good, files: good.files.map((one, index) => (index === 0 ? { ...one, ...change } : one)) }, /file 0/);
});
