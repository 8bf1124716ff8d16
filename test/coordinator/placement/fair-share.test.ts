import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { joinsAt, leasesLeft, nextInLine, type Contender } from '../../../coordinator/placement/fair-share.js';

function sweep(id: string, changes: Partial<Contender> = {}): Contender {
  return { id, priority: 0, concurrency: null, leased: 0, usedMs: 0, ...changes };
}
const first = (...contenders: Contender[]): string | undefined => nextInLine(contenders)?.id;

test('priority goes first, then the fewest slots, then the least time, then the id', () => {
  assert.equal(first(sweep('a'), sweep('b', { priority: 1, leased: 9, usedMs: 9 })), 'b');
  assert.equal(first(sweep('a', { leased: 2 }), sweep('b', { leased: 1, usedMs: 9 })), 'b');
  assert.equal(first(sweep('a', { leased: 1, usedMs: 3 }), sweep('b', { leased: 1, usedMs: 2 })), 'b');
  assert.equal(first(sweep('b'), sweep('a')), 'a');
  assert.equal(first(), undefined);
});

test('a sweep at its concurrency is passed over, also where its priority is higher', () => {
  const full = sweep('a', { priority: 1, concurrency: 2, leased: 2 });
  assert.equal(first(full, sweep('b')), 'b');
  assert.equal(first(full), undefined);
  assert.deepEqual([leasesLeft(full), leasesLeft({ concurrency: 2, leased: 3 }), leasesLeft({ concurrency: 3, leased: 1 }), leasesLeft(sweep('b'))], [0, 0, 2, Number.POSITIVE_INFINITY]);
});

test('who joins begins at the least of the others, and nobody gets time back', () => {
  assert.deepEqual([joinsAt(0, [70, 50]), joinsAt(60, [70, 50]), joinsAt(5, [])], [50, 60, 5]);
});

test('the order of the contenders does not matter, and the chosen one may always take a stage', () => {
  const contender = fc.record({ priority: fc.integer({ min: -1, max: 1 }), concurrency: fc.option(fc.integer({ min: 1, max: 3 })), leased: fc.nat(3), usedMs: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(contender, { maxLength: 6 }), (some) => {
      const contenders = some.map((each, index) => ({ id: String(index), ...each }));
      const chosen = nextInLine(contenders);
      assert.equal(nextInLine([...contenders].reverse())?.id, chosen?.id);
      const able = contenders.filter((each) => leasesLeft(each) > 0);
      assert.equal(chosen === null, able.length === 0);
      for (const other of able) assert.ok(chosen !== null && chosen.priority >= other.priority && (chosen.priority > other.priority || chosen.leased <= other.leased));
    }),
  );
});

test('on one slot, sweeps with stages of any lengths use the same time but for one stage of each', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 5 }), (lengths) => {
      const used = lengths.map(() => 0);
      for (let turn = 0; turn < 500; turn += 1) {
        const chosen = Number(nextInLine(lengths.map((_, index) => sweep(String(index), { usedMs: used[index] ?? 0 })))?.id);
        used[chosen] = (used[chosen] ?? 0) + (lengths[chosen] ?? 0);
        assert.ok(Math.max(...used) - Math.min(...used) <= Math.max(...lengths), used.join(' '));
      }
    }),
  );
});
