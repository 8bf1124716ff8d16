import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Address } from '../../dashboard/state/address.js';
import { matched } from '../../dashboard/state/path.js';
import { ManualClock } from './manual-clock.js';

/** A history as a browser has it, and when each entry was written. */
class History {
  readonly entries = ['/'];
  readonly writtenAtMs: number[] = [];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  push(href: string): void {
    this.entries.push(href);
  }

  replace(href: string): void {
    this.writtenAtMs.push(this.#clock.nowMs());
    this.entries[this.entries.length - 1] = href;
  }
}

test('a slider that is dragged writes its address a few times a second, and at last where it was left', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  for (let step = 0; step < 600; step += 1) {
    address.replace(`/?threshold=${step}`);
    clock.pass(10);
  }
  clock.pass(1_000);
  assert.equal(history.entries.at(-1), '/?threshold=599');
  // 6 s of dragging; Safari allows 100 changes in 30 s.
  assert.ok(history.writtenAtMs.length <= 17, `${history.writtenAtMs.length} changes`);
});

test('a link that is followed while a change waits leaves that change behind it', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  for (const href of ['/?a=1', '/?a=2', '/?a=3']) address.replace(href);
  address.push('/fleet');
  clock.pass(10_000);
  assert.deepEqual(history.entries, ['/?a=3', '/fleet']);
});

test('what waits is forgotten when the viewer goes back', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  address.replace('/?a=1');
  address.replace('/?a=2');
  address.drop();
  clock.pass(10_000);
  assert.deepEqual(history.entries, ['/?a=1']);
});

test('whatever is done, the entries are in the end those that were asked for, written no more often than is allowed', () => {
  const step = fc.record({ isPush: fc.boolean(), passMs: fc.integer({ min: 0, max: 500 }) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const clock = new ManualClock();
    const history = new History(clock);
    const address = new Address(history, clock);
    const wanted = ['/'];
    for (const [index, { isPush, passMs }] of steps.entries()) {
      const href = `/${index}`;
      if (isPush) wanted.push(href);
      else wanted[wanted.length - 1] = href;
      if (isPush) address.push(href);
      else address.replace(href);
      clock.pass(passMs);
    }
    clock.pass(1_000);
    assert.deepEqual(history.entries, wanted);
  }));
});

test('a pattern names the parts of a path, whatever they hold', () => {
  assert.deepEqual(matched('/sweeps/:sweep/ensemble', '/sweeps/a%2Fb/ensemble/'), { sweep: 'a/b' });
  assert.equal(matched('/sweeps/:sweep', '/sweeps/a/b'), null);
  assert.deepEqual(matched('/trials/:trial', '/trials/%E0%A4%A'), { trial: '%E0%A4%A' });
  fc.assert(fc.property(fc.string({ minLength: 1 }), (name) => {
    assert.deepEqual(matched('/sweeps/:sweep', `/sweeps/${encodeURIComponent(name)}`), { sweep: name });
  }));
});
