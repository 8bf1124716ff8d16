import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { LoginCodeUnknown, SignOutNotKept, TokensUnavailable, TooManyRequests } from '../../../coordinator/access/errors.js';
import { RateLimit } from '../../../coordinator/access/rate-limit.js';
import { LOGIN_CODE_MS, SESSION_MS, Sessions, type Granted } from '../../../coordinator/access/sessions.js';
import type { BrowserSession } from '../../../coordinator/store/records.js';
import { KeptSessions } from '../../support/access.js';

const from = '192.0.2.1';

/** `now`: the time of the day; `monotonic` goes on by itself. */
function sessionsAt(store = new KeptSessions()): { sessions: Sessions; clock: { now: number; monotonic: number } } {
  const clock = { now: 1_000_000, monotonic: 0 };
  return { sessions: new Sessions({ store, logger: { warn: () => undefined }, now: () => clock.now, monotonic: () => clock.monotonic }), clock };
}

const granted = (token: string | null): Granted => ({ token, until: null });
/** Undefined where the cookie opens nothing. */
const tokenOf = async (sessions: Sessions, cookie: string, peer = from): Promise<string | null | undefined> => (await sessions.sessionOf(cookie, peer))?.token;

describe('sessions of browsers', () => {
  it('are those of the token that they were opened with, or of a home, until they are over', async () => {
    const { sessions, clock } = sessionsAt();
    const cookies = [await sessions.open(granted('tok_a')), await sessions.open(granted(null))];
    const tokens = () => Promise.all(cookies.map((cookie) => tokenOf(sessions, cookie)));
    assert.deepEqual(await tokens(), ['tok_a', null]);
    clock.now += SESSION_MS - 1;
    assert.deepEqual(await tokens(), ['tok_a', null]);
    clock.now += 1;
    assert.deepEqual(await tokens(), [undefined, undefined]);
  });

  it('hold wherever the same store is, and open nothing at another', async () => {
    const store = new KeptSessions();
    const cookie = await sessionsAt(store).sessions.open(granted('tok_a'));
    assert.equal(await tokenOf(sessionsAt(store).sessions, cookie), 'tok_a');
    assert.equal(await tokenOf(sessionsAt().sessions, cookie), undefined);
  });

  it('leave nothing in the store that a cookie can be made of', async () => {
    const store = new KeptSessions();
    const { sessions } = sessionsAt(store);
    const cookie = await sessions.open(granted('tok_a'));
    const hash = (await sessions.sessionOf(cookie, from))?.hash ?? '';
    assert.equal(hash, createHash('sha256').update(cookie).digest('hex'));
    for (const guess of [hash, Buffer.from(hash, 'hex').toString('base64url')]) assert.equal(await tokenOf(sessions, guess), undefined);
  });

  it('open nothing once they were ended, whoever kept the cookie, after a restart too, and seconds later at another coordinator; others go on', async () => {
    const store = new KeptSessions();
    const { sessions } = sessionsAt(store);
    const elsewhere = sessionsAt(store);
    const [one, other] = [await sessions.open(granted('a')), await sessions.open(granted('a'))];
    const opened = await sessions.sessionOf(one, from);
    await tokenOf(elsewhere.sessions, one);
    await sessions.end(one, from);
    await sessions.end(one, from);
    assert.deepEqual([await tokenOf(sessions, one), await tokenOf(sessions, other), opened !== null && sessions.isOver(opened)], [undefined, 'a', true]);
    assert.deepEqual([await tokenOf(sessionsAt(store).sessions, one), await tokenOf(sessionsAt(store).sessions, other)], [undefined, 'a']);
    const watched = await elsewhere.sessions.sessionOf(one, from);
    elsewhere.clock.monotonic += 2_001;
    // A stream asks before everything that it tells.
    assert.equal(watched !== null && elsewhere.sessions.isOver(watched), false);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(watched !== null && elsewhere.sessions.isOver(watched), true);
    assert.deepEqual([await tokenOf(elsewhere.sessions, one), await tokenOf(elsewhere.sessions, other)], [undefined, 'a']);
  });

  it('are ended here, and whoever ends one is told, where the store does not note it; again, once it does', async () => {
    const store = new KeptSessions();
    const { sessions } = sessionsAt(store);
    const cookie = await sessions.open(granted('a'));
    const { endBrowserSession, findBrowserSession } = store;
    store.endBrowserSession = () => Promise.reject(new Error('the database is away'));
    store.findBrowserSession = () => Promise.reject(new Error('the database is away'));
    await assert.rejects(sessions.end(cookie, from), SignOutNotKept);
    store.findBrowserSession = findBrowserSession;
    assert.equal(await tokenOf(sessions, cookie), undefined);
    store.endBrowserSession = endBrowserSession;
    await sessions.end(cookie, from);
    assert.equal(await tokenOf(sessionsAt(store).sessions, cookie), undefined);
  });

  it('are remembered to be ended, so many of them: first those give way whose time is over, then the oldest', async () => {
    const { sessions, clock } = sessionsAt();
    let made = 0;
    const over = async (lastMs: number, count: number): Promise<BrowserSession[]> => {
      const ended = Array.from({ length: count }, () => ({ hash: String((made += 1)), token: null, endsAt: new Date(clock.now + lastMs) }));
      // The store has none of them: the first question finds out.
      for (const session of ended) sessions.isOver(session);
      await new Promise((resolve) => setImmediate(resolve));
      return ended;
    };
    const isOver = (session: BrowserSession | undefined): boolean => sessions.isOver(session ?? assert.fail());
    const [oldest] = await over(10_000, 1);
    const [next] = await over(10_000, 1);
    await over(1_000, 9_998);
    clock.now += 1_000;
    await over(5_000, 1);
    assert.deepEqual([isOver(oldest), isOver(next)], [true, true]);
    await over(5_000, 9_998);
    assert.deepEqual([isOver(oldest), isOver(next)], [false, true]);
  });

  it('are looked up once for all requests that come at once, which count as one', async () => {
    const store = new KeptSessions();
    const cookie = await sessionsAt(store).sessions.open(granted('a'));
    const { findBrowserSession } = store;
    let looks = 0;
    store.findBrowserSession = (hash) => {
      looks += 1;
      return findBrowserSession(hash);
    };
    const { sessions } = sessionsAt(store);
    assert.deepEqual(new Set(await Promise.all(Array.from({ length: 60 }, () => tokenOf(sessions, cookie)))), new Set(['a']));
    assert.equal(looks, 1);
  });

  it('are told to be unknown now, not over, where the store is away', async () => {
    const store = new KeptSessions();
    const cookie = await sessionsAt(store).sessions.open(granted('a'));
    store.findBrowserSession = () => Promise.reject(new Error('the database is away'));
    await assert.rejects(sessionsAt(store).sessions.sessionOf(cookie, from), TokensUnavailable);
  });

  it('that nobody opened are looked up so often from one address, then refused for a while; those that are known go on', async () => {
    const store = new KeptSessions();
    const { sessions, clock } = sessionsAt(store);
    const cookie = await sessions.open(granted('a'));
    for (const text of ['', 'x', '%', 'A'.repeat(5_000)]) assert.equal(await tokenOf(sessions, text), undefined);
    for (let time = 0; time < 40; time += 1) assert.equal(await tokenOf(sessions, cookie), 'a');
    const guess = (index: number): string => String(index).padStart(43, 'A');
    for (let index = 0; index < 30; index += 1) assert.equal(await tokenOf(sessions, guess(index)), undefined);
    await assert.rejects(tokenOf(sessions, guess(30)), TooManyRequests);
    assert.equal(await tokenOf(sessions, guess(30), '192.0.2.2'), undefined);
    assert.equal(await tokenOf(sessions, cookie), 'a');
    // The limit goes by a clock that nobody sets.
    clock.now -= 3_600_000;
    clock.monotonic += 1_000;
    assert.equal(await tokenOf(sessions, guess(31)), undefined);
  });
});

describe('login codes', () => {
  it('stand for whoever asked once, also of two at once', async () => {
    const { sessions } = sessionsAt();
    const code = sessions.code(granted('a'));
    assert.deepEqual([sessions.behind(code).token, sessions.behind(code).token], ['a', 'a']);
    const [first, second] = await Promise.allSettled([sessions.redeem(code), sessions.redeem(code)]);
    assert.deepEqual([first.status === 'fulfilled' && (await tokenOf(sessions, first.value)), second.status === 'rejected' && second.reason instanceof LoginCodeUnknown], ['a', true]);
    assert.throws(() => sessions.behind(code), LoginCodeUnknown);
    await assert.rejects(sessions.redeem('guessed'), LoginCodeUnknown);
  });

  it('go on where no session could be opened', async () => {
    const store = new KeptSessions();
    const { sessions } = sessionsAt(store);
    const { openBrowserSession } = store;
    const code = sessions.code(granted(null));
    store.openBrowserSession = () => Promise.reject(new Error('the database is away'));
    await assert.rejects(sessions.redeem(code), TokensUnavailable);
    store.openBrowserSession = openBrowserSession;
    assert.equal(await tokenOf(sessions, await sessions.redeem(code)), null);
  });

  it('open no session that lasts longer than the one they were made in', async () => {
    const { sessions, clock } = sessionsAt();
    const first = await sessions.sessionOf(await sessions.open(granted('a')), from);
    clock.now += SESSION_MS - 1_000;
    const second = await sessions.sessionOf(await sessions.redeem(sessions.code({ token: 'a', until: first?.endsAt ?? null })), from);
    assert.deepEqual(second?.endsAt, first?.endsAt);
  });

  it('stand for nothing after their time', async () => {
    const { sessions, clock } = sessionsAt();
    const [early, late] = [sessions.code(granted('a')), sessions.code(granted('a'))];
    clock.now += LOGIN_CODE_MS - 1;
    await sessions.redeem(early);
    clock.now += 1;
    await assert.rejects(sessions.redeem(late), LoginCodeUnknown);
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
