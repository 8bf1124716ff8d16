import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { chooseEvictions, totalBytes, type CachedFile } from '../../../worker/data/eviction.js';

const file = (path: string, bytes: number, usedAtMs: number, held = false): CachedFile => ({ path, bytes, usedAtMs, held });

const files = fc
  .array(fc.record({ bytes: fc.nat(1_000), usedAtMs: fc.nat(20), held: fc.boolean() }), { maxLength: 30 })
  .map((facts) => facts.map(({ bytes, usedAtMs, held }, index) => file(`file-${index}`, bytes, usedAtMs, held)));

it('the least recently used go first, and no more than it takes', () => {
  // 30 + 20 + 10 + 40 = 100; down to 60, the two oldest that nobody holds are 20 + 30.
  const all = [file('new', 30, 9), file('old', 20, 1), file('held', 10, 0, true), file('middle', 30, 5), file('newest', 10, 10)];
  assert.deepEqual(chooseEvictions(all, 60).map(({ path }) => path), ['old', 'middle']);
  assert.deepEqual(chooseEvictions(all, 100), []);
});

it('nothing that is held goes; what is left is within the limit, or held; and one less would be too few', () => {
  fc.assert(
    fc.property(files, fc.nat(12_000), (all, limit) => {
      const evicted = chooseEvictions(all, limit);
      const left = all.filter((each) => !evicted.includes(each));
      assert.ok(evicted.every(({ held }) => !held));
      assert.ok(totalBytes(left) <= limit || left.every(({ held, bytes }) => held || bytes === 0), `${totalBytes(left)} bytes are left of ${limit}`);
      const last = evicted.at(-1);
      if (last !== undefined) assert.ok(totalBytes(left) + last.bytes > limit);
      const youngest = Math.max(-1, ...evicted.map(({ usedAtMs }) => usedAtMs));
      assert.ok(left.every(({ held, bytes, usedAtMs }) => held || bytes === 0 || usedAtMs >= youngest), 'one that was used earlier stayed');
    }),
  );
});
