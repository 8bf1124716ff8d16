/** TLS between coordinator and workers, on real sockets: who is trusted, and what is said where somebody is not. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { after, before, describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { FolderBlobStore } from '../../blob/folder.js';
import { HttpBlobStore } from '../../blob/http.js';
import { fetchTrusting, type Trust } from '../../blob/trusting-fetch.js';
import { issue, newAuthority, type IssueOptions, type KeyPair } from '../../cli/certs/authority.js';
import { HttpSweepService } from '../../cli/client.js';
import { Access } from '../../coordinator/access/access.js';
import { newSecret } from '../../coordinator/access/secret.js';
import type { ServerTls } from '../../coordinator/access/tls.js';
import { httpServer } from '../../coordinator/api/http.js';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import { Door } from '../../coordinator/main/door.js';
import type { CoordinatorMessage } from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import { grpcLink } from '../../worker/link/grpc.js';
import type { LinkClosed } from '../../worker/link/link.js';
import { accessBy, ALL_BLOBS, NO_PICTURES, pageParts } from '../support/access.js';

const TOKEN = 'the-token';
const LIMIT = { timeout: 30_000 };
const DAY_MS = 86_400_000;
const logger = pino({ level: 'silent' });
const welcome = { kind: 'welcome', leaseTermMs: 60_000, heartbeatMs: 10_000, lost: [] } as const;

let authority: KeyPair;
let stranger: KeyPair;
let folder: string;

before(async () => {
  [authority, stranger] = [await newAuthority('ours', new Date()), await newAuthority('another', new Date())];
  folder = await mkdtemp(join(tmpdir(), 'trawl-tls-'));
});
after(() => rm(folder, { recursive: true }));

async function pairOf(more: Partial<IssueOptions> = {}, by = authority): Promise<{ cert: string; key: string }> {
  const made = await issue(by, { name: 'box', hosts: ['127.0.0.1'], client: false, days: 30, now: new Date(), ...more });
  return { cert: made.certificate, key: made.key };
}

it('an address that is not this machine\'s cannot be listened on, and is told', LIMIT, async () => {
  // TEST-NET-3 of RFC 5737: nobody has it.
  const door = new Door({ host: '203.0.113.1', grpcPort: 0, httpPort: 8080 }, null, (tls) => httpServer({ serviceFor: () => ({}) as unknown as SweepService, access: accessBy(TOKEN), tls, logger, blobs: new FolderBlobStore(folder), blobRights: ALL_BLOBS, ...pageParts(), usingBlob: async () => undefined, blobUsed: async () => undefined, picture: NO_PICTURES, leading: async () => undefined, metrics: async () => ({ contentType: 'text/plain', text: '' }), page: new Map() }));
  await assert.rejects(door.open({ opened: () => undefined, closed: () => undefined, received: () => undefined }, accessBy(TOKEN), logger), { code: 'ListenFailed', message: /^cannot listen on 203\.0\.113\.1:8080: .*EADDRNOTAVAIL/ });
  await door.closeHttp();
});

async function serve(context: TestContext, tls: ServerTls | null, access: Access = accessBy(TOKEN)): Promise<{ readonly grpc: string; readonly http: string }> {
  const service = { workers: async () => [] } as unknown as SweepService;
  const door = new Door({ host: '127.0.0.1', grpcPort: 0, httpPort: 0 }, tls, (with_) => httpServer({ serviceFor: () => service, access, tls: with_, logger, blobs: new FolderBlobStore(folder), blobRights: ALL_BLOBS, ...pageParts(), usingBlob: async () => undefined, blobUsed: async () => undefined, picture: NO_PICTURES, leading: async () => undefined, metrics: async () => ({ contentType: 'text/plain', text: '' }), page: new Map() }));
  const addresses = await door.open({ opened: () => undefined, closed: () => undefined, received: (peer, message) => message.kind === 'hello' && peer.send(welcome) }, access, logger);
  context.after(async () => {
    await door.closeHttp();
    await door.closeSessions();
  });
  return addresses;
}

/** Says hello; what comes of it, and where blobs are said to be. */
async function knock(address: string, trust: Trust | null): Promise<{ readonly outcome: CoordinatorMessage | LinkClosed; readonly http: string | null }> {
  let http: string | null = null;
  const outcome = await new Promise<CoordinatorMessage | LinkClosed>((resolve) => {
    const link = grpcLink({ address, token: TOKEN, trust, onHttp: (url) => (http = url) });
    const connection = link.connect({
      received: (message) => {
        connection.close();
        resolve(message);
      },
      closed: resolve,
    });
    connection.send({ kind: 'hello', protocol: PROTOCOL_VERSION, features: [], worker: 'wrk_1', name: 'box', slots: 1, memoryBytes: 1, slotMemoryBytes: 1, numerics: [], node: '20', leases: [], waiting: [] });
  });
  return { outcome, http };
}

const trusting = (own: Trust['own'] = null, by = authority): Trust => ({ ca: by.certificate, own });

async function refusalOf(address: string, trust: Trust | null): Promise<LinkClosed> {
  const { outcome } = await knock(address, trust);
  assert.ok('retry' in outcome && !('kind' in outcome), JSON.stringify(outcome));
  assert.doesNotMatch(outcome.message, /\n|the-token/);
  return outcome;
}

describe('TLS', () => {
  it('of a CA that is named: a session, its blobs at the port that the coordinator says, and the API', LIMIT, async (context) => {
    const { grpc, http } = await serve(context, { ...(await pairOf()), clientCa: null });
    const knocked = await knock(grpc, trusting());
    assert.deepEqual(knocked, { outcome: welcome, http });
    assert.match(http, /^https:/);
    const fetch = fetchTrusting(trusting());
    assert.deepEqual(await new HttpSweepService({ url: http, token: TOKEN, fetch }).workers(), []);
    const blobs = new HttpBlobStore({ baseUrls: () => http, token: TOKEN, fetch, retryForMs: 0 });
    const { id } = await blobs.put(Buffer.from('over TLS'));
    await blobs.fetch(id, join(folder, 'copy'));
  });

  it('of an unknown CA, or for another host name, ends: nobody of the name will come', LIMIT, async (context) => {
    const { grpc, http } = await serve(context, { ...(await pairOf()), clientCa: null });
    const unknown = await refusalOf(grpc, trusting(null, stranger));
    assert.deepEqual([unknown.code, unknown.retry], ['CertificateRefused', false]);
    assert.equal(unknown.message, `the coordinator at ${grpc} cannot be trusted: its certificate is of a CA that is not trusted here; name the right one with --ca FILE`);
    const renamed = await refusalOf(grpc.replace('127.0.0.1', 'localhost'), trusting());
    assert.deepEqual([renamed.code, renamed.retry], ['CertificateRefused', false]);
    assert.match(renamed.message, /its certificate is for another host name; issue one for this name/);
    const ask = (url: string, trust: Trust | null): Promise<unknown> => new HttpSweepService({ url, token: TOKEN, fetch: fetchTrusting(trust) }).workers();
    for (const trust of [null, trusting(null, stranger)]) await assert.rejects(ask(http, trust), { code: 'CertificateRefused', message: /its certificate is of a CA that is not trusted here/ });
    await assert.rejects(ask(http.replace('127.0.0.1', 'localhost'), trusting()), { code: 'CertificateRefused', message: /for another host name/ });
  });

  it('that has expired is told, and tried again: it is renewed some day', LIMIT, async (context) => {
    const { grpc, http } = await serve(context, { ...(await pairOf({ now: new Date(Date.now() - 31 * DAY_MS) })), clientCa: null });
    const expired = await refusalOf(grpc, trusting());
    assert.deepEqual([expired.code, expired.retry], ['CertificateRefused', true]);
    assert.match(expired.message, /its certificate has expired; issue a new one there/);
    await assert.rejects(new HttpSweepService({ url: http, token: TOKEN, fetch: fetchTrusting(trusting()) }).workers(), { code: 'CertificateRefused', message: /has expired/ });
    await assert.rejects(new HttpBlobStore({ baseUrls: [http], token: TOKEN, fetch: fetchTrusting(trusting()), retryForMs: 0 }).has('0'.repeat(64)), { code: 'BlobUnavailable', message: /its certificate has expired/ });
  });

  it('with certificates of workers lets in those of the CA alone, and says what is missing', LIMIT, async (context) => {
    const { grpc } = await serve(context, { ...(await pairOf()), clientCa: authority.certificate });
    const good = await pairOf({ client: true, hosts: [] });
    assert.deepEqual((await knock(grpc, trusting(good))).outcome, welcome);
    const none = await refusalOf(grpc, trusting());
    assert.match(none.message, /^no coordinator answers at .*; if it wants a certificate of this worker, give one: --cert FILE --key FILE/);
    // Of another CA, of a server, expired.
    for (const own of [await pairOf({ client: true, hosts: [] }, stranger), await pairOf(), await pairOf({ client: true, hosts: [], now: new Date(Date.now() - 31 * DAY_MS) })]) {
      const refused = await refusalOf(grpc, trusting(own));
      assert.match(refused.message, /^no coordinator answers at .*; it may not take this worker's certificate: has it expired, is it of the right CA and for a client\?$/);
      assert.equal(refused.retry, true);
    }
  });

  it("with certificates of workers gives blobs to a worker's token beside one alone, and asks people for none", LIMIT, async (context) => {
    const { id: token, hash, secret } = newSecret();
    const store = {
      findTokens: async () => [{ id: token, name: 'box', role: 'worker' as const, hash, createdAt: new Date(0), createdBy: 'test', expiresAt: null, revokedAt: null, lastUsed: null, state: 'valid' as const }],
      noteTokens: async () => undefined,
    };
    const access = new Access({ store, homeToken: TOKEN, homeActor: 'test', logger });
    const { http } = await serve(context, { ...(await pairOf()), clientCa: authority.certificate }, access);
    const blobsOf = (own: Trust['own'], as = secret): HttpBlobStore => new HttpBlobStore({ baseUrls: [http], token: as, fetch: fetchTrusting(trusting(own)), retryForMs: 0 });
    const { id } = await blobsOf(await pairOf({ client: true, hosts: [] })).put(Buffer.from('of a worker'));
    assert.equal(await blobsOf(null, TOKEN).has(id), true);
    for (const own of [null, await pairOf({ client: true, hosts: [] }, stranger), await pairOf(), await pairOf({ client: true, hosts: [], now: new Date(Date.now() - 31 * DAY_MS) })]) {
      await assert.rejects(blobsOf(own).fetch(id, join(folder, 'stolen')), /client certificate/);
      await assert.rejects(blobsOf(own).put(Buffer.from('of a thief')), /client certificate/);
    }
    // A session of TLS that is taken up again has no certificate either.
    const sessions: Buffer[] = [];
    const reused: boolean[] = [];
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: Number(new URL(http).port), ca: authority.certificate, session: sessions.at(-1) });
        socket.on('session', (given) => sessions.push(given));
        const asked = request(`${http}/api/v1/blobs/${id}`, { createConnection: () => socket, headers: { authorization: `Bearer ${secret}`, connection: 'close' } }, (answer) => {
          reused.push(socket.isSessionReused());
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
        });
        asked.once('error', reject).end();
      });
    assert.deepEqual([await ask(), await ask()], [403, 403]);
    assert.deepEqual(reused, [false, true]);
  });

  it('that one side alone speaks is told', LIMIT, async (context) => {
    const [plain, secure] = [await serve(context, null), await serve(context, { ...(await pairOf()), clientCa: null })];
    assert.match((await refusalOf(plain.grpc, trusting())).message, /it does not speak TLS/);
    assert.match((await refusalOf(secure.grpc, null)).message, /no coordinator answers at .*; if it speaks TLS, name its CA: --ca FILE/);
    assert.equal((await knock(plain.grpc, null)).http, plain.http);
  });
});
