import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { afterCoolDown, afterStage, HEALTHY, type BoxHealth } from '../../../coordinator/placement/quarantine.js';
import type { OutcomeClass } from '../../../proto/work.js';

const MINUTE = 60_000;

function fails(health: BoxHealth, keys: readonly string[], { outcome = 'WorkerLost', spare = true, now = 0 }: { readonly outcome?: OutcomeClass; readonly spare?: boolean; readonly now?: number } = {}): BoxHealth {
  return keys.reduce((before, key) => afterStage(before, outcome, key, spare, now), health);
}

describe('a box that fails what it is given', () => {
  it('is given no more after three stages of different trials in a row, for five minutes', () => {
    assert.equal(fails(HEALTHY, ['a', 'b']).until, null);
    assert.equal(fails(HEALTHY, ['a', 'b', 'c'], { now: 1_000 }).until, 1_000 + 5 * MINUTE);
  });

  it('is not blamed for one stage that fails again and again', () => {
    assert.equal(fails(HEALTHY, ['a', 'a', 'a', 'a', 'b', 'b']).until, null);
  });

  it('is forgiven by one success', () => {
    const after = afterStage(fails(HEALTHY, ['a', 'b']), 'done', 'c', true, 0);
    assert.equal(fails(after, ['d', 'e']).until, null);
  });

  for (const outcome of ['OutOfMemory', 'released', 'Preempted', 'DiskFull'] as const) {
    it(`is not blamed for ${outcome}`, () => assert.deepEqual(fails(HEALTHY, ['a', 'b', 'c', 'd'], { outcome }), HEALTHY));
  }

  it('is kept where no other box could do its work, and leaves with the first failure once one can', () => {
    const kept = fails(HEALTHY, ['a', 'b', 'c', 'd'], { spare: false });
    assert.equal(kept.until, null);
    assert.notEqual(fails(kept, ['e']).until, null);
  });

  it('is tried again after its cool-down; a single failure then brings it back for twice as long, up to four hours', () => {
    let health = fails(HEALTHY, ['a', 'b', 'c']);
    let now = 0;
    const terms: number[] = [];
    for (let time = 0; time < 9; time += 1) {
      assert.ok(health.until !== null);
      terms.push((health.until - now) / MINUTE);
      assert.equal(afterCoolDown(health, health.until - 1), health);
      now = health.until;
      health = afterStage(afterCoolDown(health, now), 'Timeout', `again${time}`, true, now);
    }
    assert.deepEqual(terms, [5, 10, 20, 40, 80, 160, 240, 240, 240]);
  });

  it('in whatever order things happen: is never quarantined without three failures since its last success', () => {
    const step = fc.record({ outcome: fc.constantFrom<OutcomeClass>('done', 'WorkerLost', 'OutOfMemory', 'released'), key: fc.constantFrom('a', 'b', 'c', 'd') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let health = HEALTHY;
        const failed = new Set<string>();
        for (const { outcome, key } of steps) {
          health = afterStage(health, outcome, key, true, 0);
          if (outcome === 'done') failed.clear();
          if (outcome === 'WorkerLost') failed.add(key);
          assert.equal(health.until !== null, failed.size >= 3);
          if (health.until !== null) return;
        }
      }),
    );
  });
});
