import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Access } from '../../../coordinator/access/access.js';
import type { Role } from '../../../coordinator/access/roles.js';
import { newSecret } from '../../../coordinator/access/secret.js';
import { SESSION_MS, Sessions } from '../../../coordinator/access/sessions.js';
import { httpServer, type HttpOptions } from '../../../coordinator/api/http.js';
import type { SweepService } from '../../../coordinator/api/sweep-service.js';
import type { TokenRecord } from '../../../coordinator/store/records.js';
import { KeptSessions, pageParts } from '../../support/access.js';
import { quietParts } from './lone-server.js';

const home = 'the-token-of-the-home';
const roles = ['worker', 'viewer', 'operator'] as const;
const secrets = { worker: newSecret(), viewer: newSecret(), operator: newSecret() };
const states: { [role in Role]?: TokenRecord['state'] } = {};
const ours = { 'x-trawl-request': '1' };

function record(role: (typeof roles)[number]): TokenRecord {
  const state = states[role] ?? 'valid';
  const at = (is: string): Date | null => (state === is ? new Date(0) : null);
  return { id: secrets[role].id, name: role, role, hash: secrets[role].hash, createdAt: new Date(0), createdBy: 'test', expiresAt: at('expired'), revokedAt: at('revoked'), lastUsed: null, state };
}

function cookieIn({ headers }: { readonly headers: { readonly 'set-cookie'?: unknown } }): string {
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

let now = 0;
/** What the store says in place of an answer. */
let outage: Error | null = null;
const accessWith = (homeToken: string): Access => new Access({
  store: {
    findTokens: async (ids) => {
      if (outage !== null) throw outage;
      return roles.filter((role) => ids.includes(secrets[role].id)).map(record);
    },
    noteTokens: async () => undefined,
  },
  homeToken,
  homeActor: 'local',
  logger: { warn: () => undefined },
  // What is known of a token is never fresh.
  now: () => (now += 10_000),
});
const access = accessWith(home);

describe('a browser', () => {
  let folder: string;
  let app: FastifyInstance;
  const asked: string[] = [];
  const options = (more: Partial<HttpOptions> = {}): HttpOptions => ({
    serviceFor: (actor) => ({ health: async () => ({}), sweeps: async () => [], setState: async () => void asked.push(actor) }) as unknown as SweepService,
    access,
    ...quietParts(folder),
    ...pageParts(),
    ...more,
  });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trawl-login-'));
  });
  after(() => rm(folder, { recursive: true }));
  // The limit of failed logins is a server's own.
  beforeEach(async () => {
    for (const role of roles) states[role] = 'valid';
    app = await httpServer(options());
  });

  afterEach(() => app.close());

  const logIn = (payload: object, server = app, { headers = {}, ...more }: { readonly remoteAddress?: string; readonly headers?: { readonly [name: string]: string } } = {}) => server.inject({ method: 'POST', url: '/api/v1/login', headers: { ...ours, ...headers }, payload, ...more });
  async function cookieOf(payload: object): Promise<string> {
    const answer = await logIn(payload);
    assert.equal(answer.statusCode, 200, answer.body);
    return cookieIn(answer);
  }
  const pause = (headers: { [name: string]: string }) => app.inject({ method: 'POST', url: '/api/v1/sweeps/s/state', headers, payload: { state: 'paused' } });

  it('logs in with a token, is told who it is and what it may, and asks with the cookie alone', async () => {
    const answer = await logIn({ token: secrets.viewer.secret });
    assert.deepEqual(answer.json(), { actor: `viewer (${secrets.viewer.id})`, role: 'viewer', rights: ['read', 'getBlobs'] });
    const set = String(answer.headers['set-cookie']);
    assert.match(set, /^trawl_session_80=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.ok(!set.includes(secrets.viewer.secret));
    const cookie = set.split(';')[0] ?? '';
    assert.equal((await app.inject({ url: '/api/v1/sweeps', headers: { cookie: `other=1; ${cookie}; more=2` } })).statusCode, 200);
    assert.deepEqual((await app.inject({ url: '/api/v1/me', headers: { cookie } })).json<object>(), answer.json<object>());
    assert.equal((await app.inject({ url: '/api/v1/me' })).statusCode, 401);
  });

  it('does not log in with a wrong token, a worker\'s, or one that is revoked or expired', async () => {
    for (const [payload, status, code] of [
      [{ token: 'guessed' }, 401, 'Unauthorized'],
      [{ token: secrets.worker.secret }, 403, 'Forbidden'],
      [{ token: '' }, 400, 'BadRequest'],
      [{ token: 'a', code: 'b' }, 400, 'BadRequest'],
    ] as const) {
      const answer = await logIn(payload);
      assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code, answer.headers['set-cookie']], [status, code, undefined]);
    }
    // In words for whoever has a page before them, and no command line.
    assert.match((await logIn({ token: 'guessed' })).json<{ message: string }>().message, /^that is no token of this coordinator; .*trawl token create.*trawl dashboard$/);
    states.viewer = 'revoked';
    assert.equal((await logIn({ token: secrets.viewer.secret })).json<{ code: string }>().code, 'TokenRevoked');
  });

  it('is out once its token is revoked or has expired, and once it logs out, whoever kept the cookie', async () => {
    const cookie = await cookieOf({ token: secrets.viewer.secret });
    for (const [state, code] of [['revoked', 'TokenRevoked'], ['expired', 'TokenExpired']] as const) {
      states.viewer = state;
      const answer = await app.inject({ url: '/api/v1/sweeps', headers: { cookie } });
      assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [401, code]);
    }
    states.viewer = 'valid';
    const out = await app.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie, ...ours } });
    assert.deepEqual([out.statusCode, String(out.headers['set-cookie'])], [200, 'trawl_session_80=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0']);
    assert.equal((await app.inject({ url: '/api/v1/sweeps', headers: { cookie } })).statusCode, 401);
  });

  it('stays in when the coordinator starts again, with another token of its home, and at another over the same store; who has left stays out', async (t) => {
    const store = new KeptSessions();
    const start = async (homeToken: string): Promise<FastifyInstance> => {
      const again = await httpServer(options({ access: accessWith(homeToken), sessions: new Sessions({ store, logger: { warn: () => undefined } }) }));
      t.after(() => again.close());
      return again;
    };
    const first = await start(home);
    const cookies = await Promise.all([home, secrets.viewer.secret, home].map(async (token) => cookieIn(await logIn({ token }, first))));
    const left = cookies.at(-1) ?? '';
    await first.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie: left, ...ours } });
    const second = await start('made anew');
    const actors = await Promise.all(cookies.map(async (cookie) => (await second.inject({ url: '/api/v1/me', headers: { cookie } })).json<{ actor?: string }>().actor));
    assert.deepEqual(actors, ['local', `viewer (${secrets.viewer.id})`, undefined]);
    states.viewer = 'revoked';
    assert.equal((await second.inject({ url: '/api/v1/me', headers: { cookie: cookies[1] ?? '' } })).json<{ code: string }>().code, 'TokenRevoked');
    assert.equal((await second.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${home}` } })).statusCode, 401);
  });

  it('keeps its cookie until it is logged out for good, and logs out with it once more where the store was away or others had guessed', async (t) => {
    const store = new KeptSessions();
    const clock = { monotonic: 0 };
    const start = async (): Promise<FastifyInstance> => {
      const own = await httpServer(options({ sessions: new Sessions({ store, logger: { warn: () => undefined }, monotonic: () => clock.monotonic }) }));
      t.after(() => own.close());
      return own;
    };
    const first = await start();
    const logOut = async (cookie: string, server: FastifyInstance): Promise<unknown[]> => {
      const { statusCode, headers } = await server.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie, ...ours } });
      return [statusCode, headers['set-cookie'] === undefined ? 'kept' : 'cleared'];
    };
    const opens = async (cookie: string): Promise<number> => (await (await start()).inject({ url: '/api/v1/me', headers: { cookie } })).statusCode;
    const [one, other] = [cookieIn(await logIn({ token: home }, first)), cookieIn(await logIn({ token: home }, first))];

    const { endBrowserSession } = store;
    store.endBrowserSession = () => Promise.reject(new Error('the database is away'));
    assert.deepEqual(await logOut(one, first), [503, 'kept']);
    assert.equal((await first.inject({ url: '/api/v1/me', headers: { cookie: one } })).statusCode, 401);
    store.endBrowserSession = endBrowserSession;
    assert.equal(await opens(one), 200);
    assert.deepEqual(await logOut(one, first), [200, 'cleared']);
    assert.equal(await opens(one), 401);

    const second = await start();
    for (let guess = 0; guess < 30; guess += 1) await logOut(`trawl_session_80=${String(guess).padStart(43, 'A')}`, second);
    assert.deepEqual(await logOut(other, second), [429, 'kept']);
    assert.equal(await opens(other), 200);
    clock.monotonic += 1_000;
    assert.deepEqual(await logOut(other, second), [200, 'cleared']);
    assert.equal(await opens(other), 401);
  });

  it('steers with the header that other sites cannot send, and is refused without; a token needs none', async () => {
    const cookie = await cookieOf({ token: secrets.operator.secret });
    const refused = await pause({ cookie });
    assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code, asked], [403, 'RequestHeaderMissing', []]);
    assert.equal((await pause({ cookie, ...ours })).statusCode, 200);
    assert.equal((await pause({ authorization: `Bearer ${secrets.operator.secret}` })).statusCode, 200);
    assert.deepEqual(asked.splice(0), Array.from({ length: 2 }, () => `operator (${secrets.operator.id})`));
    for (const url of ['/api/v1/login', '/api/v1/logout']) assert.equal((await app.inject({ method: 'POST', url, headers: { cookie }, payload: { token: home } })).statusCode, 403, url);
  });

  it('does not steer as a viewer, and is told which role it takes', async () => {
    const answer = await pause({ cookie: await cookieOf({ token: secrets.viewer.secret }), ...ours });
    assert.deepEqual([answer.statusCode, answer.json<object>()], [403, { code: 'Forbidden', message: `this needs a token of role operator or admin; that of viewer (${secrets.viewer.id}) has the role viewer` }]);
    assert.deepEqual(asked, []);
  });

  it('logs in once with a code that somebody with a token made, as them', async () => {
    const made = await app.inject({ method: 'POST', url: '/api/v1/login-codes', headers: { authorization: `Bearer ${home}` } });
    const { code, expiresInMs } = made.json<{ code: string; expiresInMs: number }>();
    assert.equal(expiresInMs, 600_000);
    const cookie = await cookieOf({ code });
    assert.equal((await app.inject({ url: '/api/v1/me', headers: { cookie } })).json<{ actor: string }>().actor, 'local');
    const again = await logIn({ code });
    assert.deepEqual([again.statusCode, again.json<{ code: string }>().code], [401, 'LoginCodeUnknown']);
    assert.equal((await app.inject({ method: 'POST', url: '/api/v1/login-codes' })).statusCode, 401);
  });

  it('is not kept out by others\' guesses, and guesses that come at once count as others do', async () => {
    for (let address = 0; address < 200; address += 1) await logIn({ token: 'guessed' }, app, { remoteAddress: `10.0.0.${address}` });
    assert.equal((await logIn({ token: home })).statusCode, 200);
    const answers = await Promise.all(Array.from({ length: 20 }, () => logIn({ token: secrets.viewer.secret.replace(/.$/, '-') })));
    assert.deepEqual([401, 429].map((status) => answers.filter(({ statusCode }) => statusCode === status).length), [10, 10]);
  });

  it('is known behind a reverse proxy that the coordinator was told of by its own address, and over TLS; another\'s word counts for nothing', async (t) => {
    const own = await httpServer(options({ proxies: ['10.0.0.0/8'] }));
    t.after(() => own.close());
    const from = (remoteAddress: string, client: string, token: string) => logIn({ token }, own, { remoteAddress, headers: { 'x-forwarded-for': client, 'x-forwarded-proto': 'https' } });
    for (let time = 0; time < 10; time += 1) await from('10.1.2.3', '192.0.2.1', 'guessed');
    assert.equal((await from('10.1.2.3', '192.0.2.1', home)).statusCode, 429);
    const let_ = await from('10.1.2.3', '192.0.2.2', home);
    assert.match(String(let_.headers['set-cookie']), /; Secure$/);
    assert.match(String((await from('192.0.2.9', '192.0.2.3', home)).headers['set-cookie']), /; SameSite=Strict$/);
    for (let time = 0; time < 10; time += 1) await from('192.0.2.9', `192.0.2.${100 + time}`, 'guessed');
    assert.equal((await from('192.0.2.9', '192.0.2.200', home)).statusCode, 429);
  });

  it('keeps its link where the store was away when it was opened', async () => {
    const made = await app.inject({ method: 'POST', url: '/api/v1/login-codes', headers: { authorization: `Bearer ${secrets.viewer.secret}` } });
    const { code } = made.json<{ code: string }>();
    outage = new Error('the database is away');
    assert.deepEqual((await logIn({ code })).json<{ code: string }>().code, 'TokensUnavailable');
    outage = null;
    assert.equal((await logIn({ code })).statusCode, 200);
    assert.equal((await logIn({ code })).json<{ code: string }>().code, 'LoginCodeUnknown');
  });

  it('gets from a session a link that opens none that lasts longer', async (t) => {
    const clock = { now: Date.now() };
    const sessions = new Sessions({ store: new KeptSessions(), logger: { warn: () => undefined }, now: () => clock.now });
    const own = await httpServer(options({ sessions }));
    t.after(() => own.close());
    const cookie = cookieIn(await logIn({ token: home }, own));
    clock.now += SESSION_MS - 1_000;
    const { code } = (await own.inject({ method: 'POST', url: '/api/v1/login-codes', headers: { cookie, ...ours } })).json<{ code: string }>();
    const second = cookieIn(await logIn({ code }, own));
    const status = async (): Promise<number> => (await own.inject({ url: '/api/v1/me', headers: { cookie: second } })).statusCode;
    assert.equal(await status(), 200);
    clock.now += 1_000;
    assert.equal(await status(), 401);
  });

  it('may guess ten times, then waits; one whose token is right is let in as often as it likes', async () => {
    for (let time = 0; time < 20; time += 1) assert.equal((await logIn({ token: home })).statusCode, 200);
    for (let time = 0; time < 10; time += 1) assert.equal((await logIn({ token: 'guessed' })).statusCode, 401);
    const answer = await logIn({ token: home });
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [429, 'TooManyRequests']);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  });

  it('gets a policy that lets no other site\'s scripts, frames or styles in, with every answer', async () => {
    for (const url of ['/api/v1/health', '/api/v1/sweeps', '/nowhere']) {
      const { headers } = await app.inject({ url });
      assert.match(String(headers['content-security-policy']), /^default-src 'self';.*frame-ancestors 'none'/);
      assert.ok(!/unsafe-inline|unsafe-eval/.test(String(headers['content-security-policy'])));
      assert.deepEqual([headers['x-content-type-options'], headers['referrer-policy'], headers['x-frame-options']], ['nosniff', 'no-referrer', 'DENY']);
    }
    assert.equal((await app.inject({ url: '/api/v1/health' })).headers['cache-control'], 'no-store');
  });

  it('is answered at the machine\'s own door under its own names alone', async (t) => {
    const own = await httpServer(options({ ownNamesOnly: true }));
    t.after(() => own.close());
    const status = async (host: string): Promise<number> => (await own.inject({ url: '/api/v1/health', headers: { host } })).statusCode;
    for (const host of ['localhost', 'localhost:8080', 'LOCALHOST:1', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080']) assert.equal(await status(host), 200, host);
    for (const host of ['evil.example', '127.0.0.1.evil.example:8080', 'localhost.evil.example', '[::2]:80', '10.0.0.1', 'localhost:80:80']) assert.equal(await status(host), 421, host);
    assert.equal((await app.inject({ url: '/api/v1/health', headers: { host: 'trawl.example' } })).statusCode, 200);
  });
});
