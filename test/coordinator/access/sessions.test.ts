import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoginCodeUnknown, SignOutNotKept, TooManyRequests } from '../../../coordinator/access/errors.js';
import { RateLimit } from '../../../coordinator/access/rate-limit.js';
import { LOGIN_CODE_MS, SESSION_MS, Sessions, type Granted } from '../../../coordinator/access/sessions.js';
import { EndedSessions } from '../../support/access.js';

function sessionsAt({ homeToken = 'home', store = new EndedSessions() } = {}): { sessions: Sessions; clock: { now: number } } {
  const clock = { now: 1_000_000 };
  return { sessions: new Sessions({ store, homeToken, now: () => clock.now }), clock };
}

const granted = (token: string): Granted => ({ token, until: null });
const tokenOf = (sessions: Sessions, cookie: string): string | null => sessions.sessionOf(cookie)?.token ?? null;

describe('sessions of browsers', () => {
  it('give back the token that they were opened with, which the cookie does not show, until they are over', () => {
    const { sessions, clock } = sessionsAt();
    const cookie = sessions.open(granted('tok_secret'));
    assert.ok(!Buffer.from(cookie, 'base64url').includes('tok_secret'));
    assert.notEqual(cookie, sessions.open(granted('tok_secret')));
    assert.equal(tokenOf(sessions, cookie), 'tok_secret');
    clock.now += SESSION_MS - 1;
    assert.equal(tokenOf(sessions, cookie), 'tok_secret');
    clock.now += 1;
    assert.equal(tokenOf(sessions, cookie), null);
  });

  it('live through a restart on the same home, and open nothing on another', () => {
    const cookie = sessionsAt().sessions.open(granted('tok_secret'));
    assert.equal(tokenOf(sessionsAt().sessions, cookie), 'tok_secret');
    assert.equal(tokenOf(sessionsAt({ homeToken: 'another' }).sessions, cookie), null);
  });

  it('open nothing once they were ended, whoever kept the cookie, after a restart too; others go on', async () => {
    const store = new EndedSessions();
    const { sessions } = sessionsAt({ store });
    const [one, other] = [sessions.open(granted('a')), sessions.open(granted('a'))];
    const opened = sessions.sessionOf(one);
    await sessions.end(one);
    await sessions.end(one);
    assert.deepEqual([tokenOf(sessions, one), tokenOf(sessions, other), opened !== null && sessions.isOver(opened)], [null, 'a', true]);
    const again = sessionsAt({ store }).sessions;
    await again.start();
    assert.deepEqual([tokenOf(again, one), tokenOf(again, other)], [null, 'a']);
  });

  it('are ended here, and whoever ends one is told, where the store does not note it', async () => {
    const store = new EndedSessions();
    const { sessions } = sessionsAt({ store });
    const cookie = sessions.open(granted('a'));
    store.endSession = () => Promise.reject(new Error('the disk is full'));
    await assert.rejects(sessions.end(cookie), SignOutNotKept);
    assert.equal(tokenOf(sessions, cookie), null);
  });

  it('take no cookie in which a bit was changed, and no other bytes', () => {
    const { sessions } = sessionsAt();
    const good = Buffer.from(sessions.open(granted('a')), 'base64url');
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      assert.equal(tokenOf(sessions, bad.toString('base64url')), null, `byte ${at}`);
    }
    for (const text of ['', 'x', '%', 'A'.repeat(5_000)]) assert.equal(tokenOf(sessions, text), null);
  });
});

describe('login codes', () => {
  it('stand for their token once', () => {
    const { sessions } = sessionsAt();
    const code = sessions.code(granted('a'));
    assert.deepEqual([sessions.behind(code).token, sessions.behind(code).token], ['a', 'a']);
    assert.equal(sessions.redeem(code).token, 'a');
    assert.throws(() => sessions.behind(code), LoginCodeUnknown);
    assert.throws(() => sessions.redeem(code), LoginCodeUnknown);
    assert.throws(() => sessions.redeem('guessed'), LoginCodeUnknown);
  });

  it('open no session that lasts longer than the one they were made in', () => {
    const { sessions, clock } = sessionsAt();
    const first = sessions.sessionOf(sessions.open(granted('a')));
    clock.now += SESSION_MS - 1_000;
    const second = sessions.sessionOf(sessions.open(sessions.redeem(sessions.code({ token: 'a', until: first?.endsAt ?? null }))));
    assert.equal(second?.endsAt, first?.endsAt);
  });

  it('stand for nothing after their time', () => {
    const { sessions, clock } = sessionsAt();
    const [early, late] = [sessions.code(granted('a')), sessions.code(granted('a'))];
    clock.now += LOGIN_CODE_MS - 1;
    assert.equal(sessions.redeem(early).token, 'a');
    clock.now += 1;
    assert.throws(() => sessions.redeem(late), LoginCodeUnknown);
  });
});

it('a rate limit lets a burst through, then as many as come back with time, each by themselves', () => {
  let now = 0;
  const limit = new RateLimit({ burst: 3, perSecond: 0.5, now: () => now });
  for (let time = 0; time < 3; time += 1) limit.take('a');
  assert.throws(() => limit.take('a'), (error: unknown) => error instanceof TooManyRequests && error.retryAfterSeconds === 2);
  limit.take('b');
  now = 1_999;
  assert.throws(() => limit.take('a'), TooManyRequests);
  now = 2_000;
  limit.take('a');
  assert.throws(() => limit.take('a'), TooManyRequests);
  limit.giveBack('a');
  limit.giveBack('never seen');
  limit.take('a');
  assert.throws(() => limit.take('a'), TooManyRequests);
  for (let time = 0; time < 2; time += 1) limit.take('never seen');
});
