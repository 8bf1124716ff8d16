/** Tokens on NATS: what is refused on gRPC is refused here, and no secret crosses the server. */
import assert from 'node:assert/strict';
import { after, it, type TestContext } from 'node:test';
import { connect, Empty } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Access } from '../../coordinator/access/access.js';
import type { Role } from '../../coordinator/access/roles.js';
import { newSecret, type NewSecret } from '../../coordinator/access/secret.js';
import { natsCarrier } from '../../coordinator/dispatch/nats.js';
import type { TokenRecord } from '../../coordinator/store/records.js';
import { parseNatsUrl } from '../../proto/nats/address.js';
import { HEADERS, Subjects } from '../../proto/nats/subjects.js';
import { natsLink } from '../../worker/link/nats.js';
import { NatsServer } from '../support/nats.js';
import { ScriptedCoordinator, startWorker } from './carrier.js';
import { grantedSession, proofHeaders } from './nats-session.js';

const LIMIT = { timeout: 30_000 };
const FLEET = 'tokens';
const WORKER = 'wrk_1';
const subjects = new Subjects(FLEET);
const server = new NatsServer();
await server.start();
after(() => server.stop());
const address = parseNatsUrl(`nats://${server.address}`)!;

interface Token extends NewSecret {
  record: TokenRecord;
}

function token(role: Role, change: Partial<TokenRecord> = {}): Token {
  const secret = newSecret();
  return { ...secret, record: { id: secret.id, name: 'box', role, hash: secret.hash, createdAt: new Date(0), createdBy: 'test', expiresAt: null, revokedAt: null, lastUsed: null, state: 'valid', ...change } };
}

/** A coordinator that leads, knows these tokens, and looks at them when it is told to. */
async function coordinate(context: TestContext, tokens: readonly Token[]): Promise<{ readonly handler: ScriptedCoordinator; readonly access: Access }> {
  const store = { findTokens: async (ids: readonly string[]) => tokens.filter(({ id }) => ids.includes(id)).map(({ record }) => record), noteTokens: async () => undefined };
  let now = 0;
  // What is known of a token is never fresh.
  const access = new Access({ store, homeToken: 'home', homeActor: 'local', logger: { warn: () => undefined }, now: () => (now += 10_000) });
  const handler = new ScriptedCoordinator();
  const carrier = natsCarrier({ address, credentialsFile: null, fleet: FLEET, doorkeeper: access });
  context.after(() => carrier.stop());
  await carrier.start(handler);
  carrier.lead((epoch += 1));
  return { handler, access };
}
let epoch = 0;

const linkWith = ({ secret }: NewSecret): ReturnType<typeof natsLink> => natsLink({ address, credentialsFile: null, fleet: FLEET, worker: WORKER, token: secret });

async function client(context: TestContext): Promise<NatsConnection> {
  const connection = await connect({ servers: server.address, inboxPrefix: subjects.inbox(WORKER) });
  context.after(() => connection.close());
  return connection;
}

it("a viewer's token, an expired, a revoked and an unknown one are refused for good, in one line", LIMIT, async (context) => {
  const at = new Date('2026-01-02T03:04:05Z');
  const tokens = [token('viewer'), token('worker', { state: 'expired', expiresAt: at }), token('worker', { state: 'revoked', revokedAt: at })];
  const { handler } = await coordinate(context, tokens);
  const said = [/needs a token of role worker or admin; that of box \(tok_\w+\) has the role viewer$/, /token tok_\w+ \("box"\) expired at 2026-01-02T03:04:05\.000Z; an admin makes a new one/, /was revoked at 2026-01-02/, /the token is missing or not this coordinator's/];
  for (const [index, each] of [...tokens, token('worker')].entries()) {
    const worker = startWorker(context, linkWith(each));
    await worker.refusals.count(1);
    const [refused] = worker.refusals.items;
    assert.match(refused?.message ?? '', said[index]!);
    assert.match(refused?.message ?? '', /^the coordinator of fleet tokens at \S+ refused the token: [^\n]+$/);
    assert.equal(refused?.retry, false);
  }
  assert.equal(handler.opened_.items.length, 0);
});

it('a token that expires ends its session at the next look, and the worker is told why', LIMIT, async (context) => {
  const short = token('worker');
  const { handler, access } = await coordinate(context, [short]);
  const worker = startWorker(context, linkWith(short));
  await handler.opened_.count(1);
  assert.equal(handler.opened_.items[0]?.openedBy, short.id);
  await access.runOnce();
  assert.equal(handler.closed_.items.length, 0);
  short.record = { ...short.record, state: 'expired', expiresAt: new Date() };
  await access.runOnce();
  await worker.refusals.count(1);
  const [refused] = worker.refusals.items;
  assert.match(refused?.message ?? '', /refused the token: token tok_\w+ \("box"\) expired at /);
  await handler.closed_.count(1);
});

it('nothing of the secret is said, and what was overheard opens nothing', LIMIT, async (context) => {
  const good = token('worker');
  const { handler } = await coordinate(context, [good]);
  const spy = await client(context);
  const heard: { readonly subject: string; readonly text: string; readonly proof: string; readonly session: string }[] = [];
  spy.subscribe(`trawl.${FLEET}.>`, {
    callback: (_error, { subject, data, headers }) => {
      heard.push({ subject, text: Buffer.from(data).toString('latin1'), proof: headers?.get(HEADERS.proof) ?? '', session: headers?.get(HEADERS.session) ?? '' });
    },
  });
  await spy.flush();
  startWorker(context, linkWith(good));
  await handler.opened_.count(1);
  await spy.flush();
  const proof = heard.find((message) => message.proof !== '') ?? assert.fail('no proof was heard');
  const random = good.secret.split('.')[1]!;
  assert.ok(heard.every(({ text, proof: said }) => !`${text}${said}`.includes(random)));

  // The same proof again, for its own session and for another one.
  const session = (await spy.request(subjects.ask(WORKER))).string();
  const stolen = proofHeaders(good.secret, proof.session, WORKER);
  await assert.rejects(spy.request(subjects.ask(WORKER), Empty, { timeout: 500, headers: stolen }), { name: 'TimeoutError' });
  const moved = proofHeaders(good.secret, proof.session, WORKER);
  moved.set(HEADERS.session, session);
  const answer = await spy.request(subjects.ask(WORKER), Empty, { timeout: 5_000, headers: moved });
  assert.equal(answer.headers?.get(HEADERS.end), 'Unauthorized');
  assert.match(await grantedSession(spy, subjects, WORKER, good.secret), /^\d+-\w+-\d+$/);
});
