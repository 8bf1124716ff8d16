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
  // 10 at once, and one each 400 ms of the 6 s of dragging; Safari allows 100 changes in 30 s.
  assert.ok(history.writtenAtMs.length <= 26, `${history.writtenAtMs.length} changes`);
});

test('what is ticked or typed stands in the address at once: who loads the page again then sees it', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  for (const href of ['/?ticked=a', '/?ticked=a,b', '/?ticked=a,b,c']) {
    address.replace(href);
    assert.equal(history.entries.at(-1), href);
    clock.pass(50);
  }
});

test('no thirty seconds have more changes than Safari takes, however long a slider is dragged', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  for (let step = 0; step < 10_000; step += 1) {
    address.replace(`/?threshold=${step}`);
    clock.pass(step % 2_000 < 500 ? 8 : 16);
  }
  const most = Math.max(...history.writtenAtMs.map((from) => history.writtenAtMs.filter((at) => at >= from && at < from + 30_000).length));
  assert.ok(most <= 100, `${most} changes`);
});

/** Further than is written at once. */
function drag(address: Address): void {
  for (let step = 1; step <= 20; step += 1) address.replace(`/?a=${step}`);
}

test('a link that is followed while a change waits leaves that change behind it', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  drag(address);
  address.push('/fleet');
  clock.pass(10_000);
  assert.deepEqual(history.entries, ['/?a=20', '/fleet']);
});

test('what waits is forgotten when the viewer goes back', () => {
  const clock = new ManualClock();
  const history = new History(clock);
  const address = new Address(history, clock);
  drag(address);
  const [written] = history.entries;
  assert.notEqual(written, '/?a=20');
  address.drop();
  clock.pass(10_000);
  assert.deepEqual(history.entries, [written]);
});

test('whatever is done, the entries are in the end those that were asked for, written at once or a little later', () => {
  const step = fc.record({ isPush: fc.boolean(), passMs: fc.integer({ min: 0, max: 500 }) });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
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
    clock.pass(400);
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
