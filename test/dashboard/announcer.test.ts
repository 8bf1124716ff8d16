import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../../dashboard/state/announcer.js';
import { ManualClock } from './manual-clock.js';

function announced(): { readonly clock: ManualClock; readonly said: string[]; readonly announcer: Announcer } {
  const clock = new ManualClock();
  const said: string[] = [];
  return { clock, said, announcer: new Announcer((text) => said.push(text), clock) };
}

test('few lines are said at once, as they are', () => {
  const { said, announcer } = announced();
  announcer.came([]);
  announcer.came(['step 1', 'step 2']);
  assert.deepEqual(said, ['step 1\nstep 2']);
});

test('of a flood, how many lines came is said every five seconds, and no line of it', () => {
  const { clock, said, announcer } = announced();
  announcer.came(['first']);
  for (let tenth = 0; tenth < 100; tenth += 1) {
    announcer.came(Array.from({ length: 100 }, (_, line) => `line ${line}`));
    clock.pass(100);
  }
  assert.deepEqual(said, ['first', '5,000 lines came', '5,000 lines came\u200b']);
  clock.pass(60_000);
  assert.equal(said.length, 3);
  announcer.came(['at last']);
  assert.deepEqual(said.slice(3), ['at last']);
});

test('what is said again is another text each time, or nobody would hear it', () => {
  const { clock, said, announcer } = announced();
  for (let time = 0; time < 4; time += 1) {
    announcer.came(['waiting']);
    clock.pass(5_000);
  }
  assert.deepEqual(said, ['waiting', 'waiting\u200b', 'waiting', 'waiting\u200b']);
});

test('lines are said as they are shown', () => {
  const { said, announcer } = announced();
  announcer.came(['1 of 3\r2 of 3', '\u001b[31mred']);
  assert.deepEqual(said, ['2 of 3\n␛[31mred']);
});

test('what waits is forgotten when it is stopped', () => {
  const { clock, said, announcer } = announced();
  announcer.came(['one']);
  announcer.came(['two']);
  announcer.stop();
  clock.pass(60_000);
  assert.deepEqual(said, ['one']);
});
