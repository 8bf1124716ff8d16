import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LogFollower, MOST_TOLD_BYTES, TELL_EVERY_MS } from '../../../worker/agent/log-follower.js';
import { LogRing } from '../../../worker/agent/log-ring.js';

interface Timer {
  readonly at: number;
  readonly act: () => void;
}

/** A child's output on a clock of the test's. */
function setStage(capacity = 64 * 1024) {
  const ring = new LogRing(capacity);
  const told: { readonly from: number; readonly text: Buffer }[] = [];
  const timers = new Set<Timer>();
  let now = 0;
  const follower = new LogFollower({
    printed: (from, most) => ring.since(from, most),
    tell: (from, text) => told.push({ from, text: Buffer.from(text) }),
    clock: {
      after(ms, act) {
        const timer = { at: now + ms, act };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
  });
  return {
    ...{ follower, told, timers },
    print: (text: string | Uint8Array) => ring.write(Buffer.from(text as string)),
    words: () => told.map(({ from, text }) => `${from}: ${text.toString()}`),
    pass(ms: number) {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        now = next.at;
        timers.delete(next);
        next.act();
      }
      now = until;
    },
  };
}

describe('what a child prints', () => {
  it('is told to nobody while nobody follows it', () => {
    const stage = setStage();
    stage.print('a line\n');
    stage.pass(60_000);
    stage.follower.end();
    assert.deepEqual([stage.told, stage.timers.size], [[], 0]);
  });

  it('is told from where the follower stands, then as it comes, and to the last byte at the end', () => {
    const stage = setStage();
    stage.print('one\ntwo\n');
    stage.follower.follow({ from: 4, forMs: 10_000 });
    assert.deepEqual(stage.words(), ['4: two\n']);
    stage.print('three\n');
    assert.equal(stage.told.length, 1, 'not before its time');
    stage.pass(TELL_EVERY_MS);
    stage.print('fo');
    stage.follower.end();
    assert.deepEqual(stage.words(), ['4: two\n', '8: three\n', '14: fo']);
    assert.equal(stage.timers.size, 0);
  });

  it('is told no longer than it was asked for, and goes on where it was when it is asked again in time', () => {
    const stage = setStage();
    stage.follower.follow({ from: 0, forMs: 1_000 });
    stage.print('a');
    stage.pass(900);
    // A second request of one who follows already: what is under way is not told twice.
    stage.follower.follow({ from: 0, forMs: 1_000 });
    stage.print('b');
    stage.pass(900);
    assert.deepEqual(stage.words(), ['0: a', '1: b']);
    stage.pass(200);
    stage.print('c');
    stage.pass(60_000);
    assert.deepEqual([stage.told.length, stage.timers.size], [2, 0]);
    stage.follower.follow({ from: 2, forMs: 1_000 });
    assert.deepEqual(stage.words().at(-1), '2: c');
    stage.follower.follow({ from: 3, forMs: 0 });
    assert.equal(stage.timers.size, 0);
  });

  it('is told at a bounded rate: of a flood the newest, and where it begins', () => {
    const stage = setStage();
    stage.follower.follow({ from: 0, forMs: 60_000 });
    const flood = 'x'.repeat(MOST_TOLD_BYTES * 3);
    stage.print(`${flood}\n`);
    stage.pass(TELL_EVERY_MS);
    const total = flood.length + 1;
    assert.deepEqual(stage.told.map(({ from, text }) => [from, text.length]), [[total - MOST_TOLD_BYTES, MOST_TOLD_BYTES]]);
    for (let second = 0; second < 10; second++) {
      stage.print(flood);
      stage.pass(1_000);
    }
    const sum = stage.told.reduce((bytes, { text }) => bytes + text.length, 0);
    assert.ok(sum <= 22 * MOST_TOLD_BYTES, `${sum} bytes in 10 s`);
  });

  it('is the same text however it was cut, where nothing is left out: no character is torn', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.nat(3))), (parts) => {
        const stage = setStage();
        stage.follower.follow({ from: 0, forMs: 1e9 });
        const whole = Buffer.from(parts.map(([text]) => text).join('\n'));
        let at = 0;
        for (const [, step] of parts) {
          stage.print(whole.subarray(at, at + step));
          at += step;
          stage.pass(TELL_EVERY_MS);
        }
        stage.print(whole.subarray(at));
        stage.follower.end();
        assert.equal(stage.told.map(({ text }) => text.toString()).join(''), whole.toString());
        for (const [index, { from }] of stage.told.entries()) assert.equal(from, stage.told.slice(0, index).reduce((sum, { text }) => sum + text.length, 0));
      }),
    );
  });

  it('begins with a whole character after a gap', () => {
    const stage = setStage(10);
    stage.print('€'.repeat(5));
    stage.follower.follow({ from: 0, forMs: 1_000 });
    // Of 15 bytes the ring keeps 10, and the first of them is the last of a character of three.
    assert.deepEqual(stage.words(), ['6: €€€']);
  });

  it('of bytes that are no UTF-8 loses none', () => {
    const stage = setStage();
    stage.follower.follow({ from: 0, forMs: 1_000 });
    stage.print(Uint8Array.of(255, 128, 128, 128, 128, 226));
    stage.pass(TELL_EVERY_MS);
    stage.follower.end();
    assert.deepEqual([...Buffer.concat(stage.told.map(({ text }) => text))], [255, 128, 128, 128, 128, 226]);
  });
});
