import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { FolderBlobStore } from '../../../blob/folder.js';
import { SweepNotFound } from '../../../coordinator/api/errors.js';
import { Access } from '../../../coordinator/access/access.js';
import { ROLES, type Role } from '../../../coordinator/access/roles.js';
import { newSecret, type NewSecret } from '../../../coordinator/access/secret.js';
import type { TokenRecord } from '../../../coordinator/store/records.js';
import { httpServer, listen } from '../../../coordinator/api/http.js';
import { NotLeading } from '../../../coordinator/leader/candidacy.js';
import { DatabaseUnavailable } from '../../../coordinator/store/errors.js';
import type { RequestedState, SweepService } from '../../../coordinator/api/sweep-service.js';
import type { SubmitRequest } from '../../../coordinator/api/views.js';
import { ALL_BLOBS, NO_PICTURES, pageParts } from '../../support/access.js';

const token = 'a-token-of-the-test';
const authorised = { authorization: `Bearer ${token}` };

/** Remembers what it was asked; answers nothing of interest. */
class RecordingService implements Partial<SweepService> {
  readonly submitted: SubmitRequest[] = [];
  readonly states: [string, RequestedState][] = [];
  /** Who asked last. */
  actor = '';
  health = async () => ({ status: 'ok' as const, version: '0', pid: 1, leading: true });
  submit = async (request: SubmitRequest) => {
    this.submitted.push(request);
    return { id: 'swp_1', revision: 1, change: 'created' as const };
  };
  sweep = async (name: string): Promise<never> => {
    throw new SweepNotFound(name);
  };
  sweeps = async (): Promise<never> => {
    throw new TypeError('a defect');
  };
  setState = async (name: string, state: RequestedState) => {
    this.states.push([name, state]);
  };
}

/** The home's token, and one of each role; `good`: whether they still are. */
const secrets = Object.fromEntries(ROLES.map((role) => [role, newSecret()])) as { readonly [role in Role]: NewSecret };
let state: TokenRecord['state'] = 'valid';
/** What the store says in place of an answer. */
let outage: Error | null = null;
const warnings: object[] = [];
const access = new Access({
  store: {
    findTokens: async (ids) => {
      if (outage !== null) throw outage;
      return ROLES.filter((role) => ids.includes(secrets[role].id)).map((role) => ({ id: secrets[role].id, name: `a ${role}`, role, hash: secrets[role].hash, createdAt: new Date(0), createdBy: 'test', expiresAt: state === 'expired' ? new Date(0) : null, revokedAt: state === 'revoked' ? new Date(0) : null, lastUsed: null, state }));
    },
    noteTokens: async () => undefined,
  },
  homeToken: token,
  homeActor: 'local',
  logger: { warn: (detail) => void warnings.push(detail) },
  // What is known of a token is never fresh.
  now: (() => {
    let now = 0;
    return () => (now += 10_000);
  })(),
});

describe('the HTTP API', () => {
  let folder: string;
  let app: FastifyInstance;
  const service = new RecordingService();
  let standsBy: string | null = null;
  const options = (): Parameters<typeof httpServer>[0] => ({
    serviceFor: (actor) => Object.assign(service, { actor }) as unknown as SweepService,
    access,
    blobRights: ALL_BLOBS,
    ...pageParts(),
    logger: pino({ level: 'silent' }),
    blobs: new FolderBlobStore(folder),
    usingBlob: async () => undefined,
    blobUsed: async () => undefined,
    picture: NO_PICTURES,
    leading: async () => {
      if (standsBy !== null) throw new NotLeading(standsBy);
    },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'trawl_leader 1\n' }),
    page: new Map(),
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trawl-http-'));
    app = await httpServer(options());
  });
  after(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  it('answers a path whose percent-encoding is no text as one that is not there', async () => {
    const answer = await app.inject({ url: '/api/v1/sweeps/%E0%A4%A', headers: authorised });
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [404, 'SweepNotFound']);
  });

  it('compresses long answers in JSON for those who take it, and nothing that answers a change', async () => {
    const description = (headers: object) => app.inject({ url: '/api/openapi.json', headers: { ...headers } });
    const plain = await description({});
    const packed = await description({ 'accept-encoding': 'br;q=1, gzip;q=0.5' });
    assert.deepEqual([plain.headers['content-encoding'], plain.headers.vary, packed.headers['content-encoding'], packed.headers.vary], [undefined, 'accept-encoding', 'gzip', 'accept-encoding']);
    assert.equal(gunzipSync(packed.rawPayload).toString(), plain.payload);
    assert.equal(Number(packed.headers['content-length']), packed.rawPayload.length);
    assert.ok(packed.rawPayload.length < plain.rawPayload.length / 4, `${packed.rawPayload.length} of ${plain.rawPayload.length} bytes`);
    assert.equal((await description({ 'accept-encoding': 'identity, gzip;q=0' })).headers['content-encoding'], undefined);
    const headers = { ...authorised, 'accept-encoding': 'gzip' };
    for (const url of ['/api/v1/health', '/metrics']) assert.equal((await app.inject({ url, headers })).headers['content-encoding'], undefined, url);
    // Told back in full.
    const url = `/api/v1/nowhere?${'x'.repeat(2_000)}`;
    for (const [method, encoding] of [['GET', 'gzip'], ['POST', undefined]] as const) assert.equal((await app.inject({ method, url, headers })).headers['content-encoding'], encoding, method);
  });

  it('answers as a standby with who leads, to those who have the token, and its health as always', async (t) => {
    t.after(() => (standsBy = null));
    standsBy = 'http://leader:8080';
    const headers = { authorization: `Bearer ${token}` };
    for (const [method, url] of [['GET', '/api/v1/sweeps'], ['POST', '/api/v1/sweeps'], ['GET', `/api/v1/blobs/${'0'.repeat(64)}`], ['PUT', `/api/v1/blobs/${'0'.repeat(64)}`]] as const) {
      const answer = await app.inject({ method, url, headers });
      assert.deepEqual([answer.statusCode, answer.json<object>()], [503, { code: 'NotLeader', message: 'this coordinator is a standby; the one that leads is at http://leader:8080', leader: standsBy }], url);
    }
    assert.equal((await app.inject({ url: '/api/v1/sweeps' })).statusCode, 401);
    assert.equal((await app.inject({ url: '/api/v1/health' })).statusCode, 200);
  });

  it('answers health without a token and nothing else', async () => {
    assert.equal((await app.inject({ url: '/api/v1/health' })).statusCode, 200);
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }]) {
      const answer = await app.inject({ url: '/api/v1/sweeps', headers });
      assert.equal(answer.statusCode, 401);
      assert.equal(answer.json<{ code: string }>().code, 'Unauthorized');
    }
    assert.equal((await app.inject({ url: `/api/v1/blobs/${'0'.repeat(64)}` })).statusCode, 401);
  });

  it('tells a stranger nothing of a database that is away; its log does', async (t) => {
    t.after(() => (outage = null));
    outage = new DatabaseUnavailable('postgres://db:5432/trawl', 'password authentication failed for user "ada"');
    for (const url of ['/api/v1/sweeps', `/api/v1/blobs/${'0'.repeat(64)}`, '/metrics']) {
      const answer = await app.inject({ url, headers: { authorization: `Bearer ${newSecret().secret}` } });
      assert.deepEqual([answer.statusCode, answer.json<object>()], [503, { code: 'TokensUnavailable', message: 'tokens cannot be looked at now; try again' }], url);
    }
    assert.match(JSON.stringify(warnings), /ada/);
    assert.equal((await app.inject({ url: '/metrics', headers: authorised })).statusCode, 200);
  });

  it('tells Prometheus nothing without the token but at the door for this machine alone, wherever the connection comes from', async (t) => {
    assert.equal((await app.inject({ url: '/metrics' })).statusCode, 401);
    const answer = await app.inject({ url: '/metrics', headers: authorised });
    assert.deepEqual([answer.statusCode, answer.headers['content-type'], answer.body], [200, 'text/plain; version=0.0.4', 'trawl_leader 1\n']);
    for (const [openMetrics, status] of [[false, 401], [true, 200]] as const) {
      const own = await httpServer({ ...options(), openMetrics });
      t.after(() => own.close());
      const port = await listen(own, '127.0.0.1', 0);
      assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, status);
    }
  });

  it('reads of strangers, and where no body is expected, no more than the longest token takes', async () => {
    const nested = `[${'[],'.repeat(3_000)}[]]`;
    const json = { 'content-type': 'application/json', 'x-trawl-request': '1' };
    for (const [url, headers] of [['/api/v1/login', json], ['/api/v1/logout', json], ['/api/v1/nowhere', json], ['/nowhere', json], ['/api/v1/login-codes', { ...json, ...authorised }]] as const) {
      assert.equal((await app.inject({ method: 'POST', url, headers, payload: nested })).statusCode, 413, url);
    }
    const longest = await app.inject({ method: 'POST', url: '/api/v1/login', headers: json, payload: JSON.stringify({ token: 'é'.repeat(500) }) });
    assert.equal(longest.statusCode, 401);
    const large = await app.inject({ method: 'POST', url: '/api/v1/sweeps', headers: { ...json, ...authorised }, payload: nested });
    assert.deepEqual([large.statusCode, large.json<{ code: string }>().code], [400, 'BadRequest']);
  });

  it('refuses a login without its header, and one too many, before it looks at the body', async (t) => {
    const own = await httpServer(options());
    t.after(() => own.close());
    const logIn = (headers: object) => own.inject({ method: 'POST', url: '/api/v1/login', headers: { 'content-type': 'application/json', ...headers }, payload: '{' });
    assert.equal((await logIn({})).json<{ code: string }>().code, 'RequestHeaderMissing');
    for (let time = 0; time < 10; time += 1) assert.equal((await logIn({ 'x-trawl-request': '1' })).statusCode, 400);
    assert.equal((await logIn({ 'x-trawl-request': '1' })).json<{ code: string }>().code, 'TooManyRequests');
  });

  it('counts pages, pictures and numbers for Prometheus as requests of whoever asks', async (t) => {
    const own = await httpServer({ ...options(), requests: { burst: 3, perSecond: 0.001 } });
    t.after(() => own.close());
    const ask = async (url: string, token: string) => own.inject({ url, headers: { authorization: `Bearer ${token}` } });
    await ask('/api/v1/sweeps/none', secrets.viewer.secret);
    await ask('/metrics', secrets.viewer.secret);
    await ask(`/api/v1/datasets/${'0'.repeat(64)}/images/0`, secrets.viewer.secret);
    for (const url of ['/api/v1/sweeps/none', '/metrics', `/api/v1/datasets/${'0'.repeat(64)}/images/0`]) {
      const answer = await ask(url, secrets.viewer.secret);
      assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code, Number(answer.headers['retry-after']) > 0], [429, 'TooManyRequests', true], url);
    }
    assert.equal((await ask('/metrics', secrets.operator.secret)).statusCode, 200);
  });

  it('refuses a submission that is not whole, and says which field', async () => {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/sweeps', headers: authorised, payload: { source: { name: 'a.yaml' }, sharing: true, data: null, numerics: 'none' } });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ message: string }>().message, /source\.text/);
    assert.equal(service.submitted.length, 0);
  });

  it('passes a whole submission on as it is', async () => {
    const payload = { source: { name: 'a.yaml', text: 'name: a' }, sharing: true, data: null, numerics: 'none' };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/sweeps', headers: authorised, payload });
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(service.submitted, [payload]);
  });

  it('gives an error of ours its code and status, and a defect none of its inside, which its log has', async (t) => {
    const missing = await app.inject({ url: '/api/v1/sweeps/none', headers: authorised });
    assert.deepEqual([missing.statusCode, missing.json<{ code: string }>().code], [404, 'SweepNotFound']);
    const lines: string[] = [];
    const blobRights = { require: () => Promise.reject(new TypeError('another defect')) };
    const own = await httpServer({ ...options(), blobRights, logger: pino({}, { write: (line: string) => void lines.push(line) }) });
    t.after(() => own.close());
    for (const [url, token] of [['/api/v1/sweeps', secrets.viewer.secret], [`/api/v1/blobs/${'0'.repeat(64)}`, secrets.worker.secret]] as const) {
      const defect = await own.inject({ url, headers: { authorization: `Bearer ${token}` } });
      assert.deepEqual([defect.statusCode, defect.json<object>()], [500, { code: 'InternalError', message: "the coordinator failed at this, which is a defect; its log says more: logs/coordinator.log in the coordinator's home" }], url);
    }
    assert.match(lines.join(''), /a defect.*another defect/s);
  });

  it('lets each role do what is its own and nothing else, in the name of the token', async () => {
    state = 'valid';
    const blob = '0'.repeat(64);
    const asked = { read: ['GET', '/api/v1/sweeps/none'], steer: ['POST', '/api/v1/sweeps/s/state'], getBlobs: ['HEAD', `/api/v1/blobs/${blob}`], putBlobs: ['PUT', `/api/v1/blobs/${blob}`], administer: ['DELETE', '/api/v1/tokens/tok_1'] } as const;
    const may: { [role in Role]: string[] } = { worker: ['getBlobs', 'putBlobs'], viewer: ['read', 'getBlobs'], operator: ['read', 'steer', 'getBlobs', 'putBlobs'], admin: Object.keys(asked) };
    for (const role of ROLES) {
      const headers = { authorization: `Bearer ${secrets[role].secret}` };
      for (const [right, [method, url]] of Object.entries(asked)) {
        const answer = await app.inject({ method, url, headers, ...(method === 'POST' ? { payload: { state: 'paused' } } : {}) });
        assert.equal(answer.statusCode !== 403, may[role].includes(right), `${role}: ${method} ${url}: ${answer.statusCode}`);
        if (right === 'steer' && role === 'viewer') assert.deepEqual(answer.json(), { code: 'Forbidden', message: `this needs a token of role operator or admin; that of a viewer (${secrets.viewer.id}) has the role viewer` });
        if (right === 'steer' && role === 'operator') assert.equal(service.actor, `a operator (${secrets.operator.id})`);
      }
    }
    service.states.length = 0;
  });

  it('says of a token that it has expired or was revoked, and never shows one', async () => {
    const headers = { authorization: `Bearer ${secrets.viewer.secret}` };
    for (const [now, code, words] of [['expired', 'TokenExpired', 'expired at 1970'], ['revoked', 'TokenRevoked', 'was revoked at 1970']] as const) {
      state = now;
      for (const url of ['/api/v1/sweeps/none', `/api/v1/blobs/${'0'.repeat(64)}`]) {
        const answer = await app.inject({ url, headers });
        const said = answer.json<{ code: string; message: string }>();
        assert.deepEqual([answer.statusCode, said.code], [401, code]);
        assert.ok(said.message.startsWith(`token ${secrets.viewer.id} ("a viewer") ${words}`), said.message);
        assert.ok(!answer.body.includes(secrets.viewer.secret.split('.')[1] ?? ''));
      }
    }
    state = 'valid';
    const forged = await app.inject({ url: '/api/v1/sweeps/none', headers: { authorization: `Bearer ${secrets.admin.id}.${'A'.repeat(43)}` } });
    assert.equal(forged.json<{ code: string }>().code, 'Unauthorized');
  });

  it('takes only the states that a person may ask for', async () => {
    const ask = async (state: string) => (await app.inject({ method: 'POST', url: '/api/v1/sweeps/s%2F1/state', headers: authorised, payload: { state } })).statusCode;
    assert.equal(await ask('completed'), 400);
    assert.equal(await ask('paused'), 200);
    assert.deepEqual(service.states, [['s/1', 'paused']]);
  });

  it('waits for a port that its former process still holds', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    assert.ok(address !== null && typeof address === 'object');
    let refusals = 0;
    const listening = listen(app, '127.0.0.1', address.port, 10_000, () => {
      refusals += 1;
      holder.close();
    });
    assert.equal(await listening, address.port);
    assert.ok(refusals >= 1);
    assert.equal((await fetch(`http://127.0.0.1:${address.port}/api/v1/health`)).status, 200);
  });
});
