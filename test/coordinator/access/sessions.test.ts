import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoginCodeUnknown, TooManyRequests } from '../../../coordinator/access/errors.js';
import { RateLimit } from '../../../coordinator/access/rate-limit.js';
import { LOGIN_CODE_MS, SESSION_MS, Sessions } from '../../../coordinator/access/sessions.js';

function sessionsAt(homeToken = 'home'): { sessions: Sessions; clock: { now: number } } {
  const clock = { now: 1_000_000 };
  return { sessions: new Sessions({ homeToken, now: () => clock.now }), clock };
}

describe('sessions of browsers', () => {
  it('give back the token that they were opened with, which the cookie does not show, until they are over', () => {
    const { sessions, clock } = sessionsAt();
    const cookie = sessions.open('tok_secret');
    assert.ok(!Buffer.from(cookie, 'base64url').includes('tok_secret'));
    assert.notEqual(cookie, sessions.open('tok_secret'));
    assert.equal(sessions.tokenOf(cookie), 'tok_secret');
    clock.now += SESSION_MS - 1;
    assert.equal(sessions.tokenOf(cookie), 'tok_secret');
    clock.now += 1;
    assert.equal(sessions.tokenOf(cookie), null);
  });

  it('live through a restart on the same home, and open nothing on another', () => {
    const cookie = sessionsAt().sessions.open('tok_secret');
    assert.equal(sessionsAt().sessions.tokenOf(cookie), 'tok_secret');
    assert.equal(sessionsAt('another').sessions.tokenOf(cookie), null);
  });

  it('open nothing once they were ended, whoever kept the cookie; others go on', () => {
    const { sessions } = sessionsAt();
    const [one, other] = [sessions.open('a'), sessions.open('a')];
    sessions.end(one);
    sessions.end(one);
    assert.deepEqual([sessions.tokenOf(one), sessions.tokenOf(other)], [null, 'a']);
  });

  it('take no cookie in which a bit was changed, and no other bytes', () => {
    const { sessions } = sessionsAt();
    const good = Buffer.from(sessions.open('a'), 'base64url');
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      assert.equal(sessions.tokenOf(bad.toString('base64url')), null, `byte ${at}`);
    }
    for (const text of ['', 'x', '%', 'A'.repeat(5_000)]) assert.equal(sessions.tokenOf(text), null);
  });
});

describe('login codes', () => {
  it('stand for their token once', () => {
    const { sessions } = sessionsAt();
    const code = sessions.code('a');
    assert.equal(sessions.redeem(code), 'a');
    assert.throws(() => sessions.redeem(code), LoginCodeUnknown);
    assert.throws(() => sessions.redeem('guessed'), LoginCodeUnknown);
  });

  it('stand for nothing after their time', () => {
    const { sessions, clock } = sessionsAt();
    const [early, late] = [sessions.code('a'), sessions.code('a')];
    clock.now += LOGIN_CODE_MS - 1;
    assert.equal(sessions.redeem(early), 'a');
    clock.now += 1;
    assert.throws(() => sessions.redeem(late), LoginCodeUnknown);
  });
});

it('a rate limit lets a burst through, then as many as come back with time, each by themselves', () => {
  let now = 0;
  const limit = new RateLimit({ burst: 3, perSecond: 0.5, now: () => now });
  const take = (who: string): void => {
    limit.check(who);
    limit.count(who);
  };
  for (let time = 0; time < 3; time += 1) take('a');
  assert.throws(() => take('a'), (error: unknown) => error instanceof TooManyRequests && error.retryAfterSeconds === 2);
  take('b');
  now = 1_999;
  assert.throws(() => take('a'), TooManyRequests);
  now = 2_000;
  take('a');
  assert.throws(() => take('a'), TooManyRequests);
});
