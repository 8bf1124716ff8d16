/** Wrong tokens of workers, on both carriers: the store is spared them, and a good token gets in afterwards. */
import assert from 'node:assert/strict';
import { after, it, type TestContext } from 'node:test';
import { Access } from '../../coordinator/access/access.js';
import { newSecret } from '../../coordinator/access/secret.js';
import type { Carrier } from '../../coordinator/dispatch/carrier.js';
import { grpcCarrier } from '../../coordinator/dispatch/grpc.js';
import { natsCarrier } from '../../coordinator/dispatch/nats.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import { parseNatsUrl } from '../../proto/nats/address.js';
import type { Link, LinkClosed } from '../../worker/link/link.js';
import { grpcLink } from '../../worker/link/grpc.js';
import { natsLink } from '../../worker/link/nats.js';
import { NatsServer } from '../support/nats.js';
import { helloOf, ScriptedCoordinator } from './carrier.js';

const LIMIT = { timeout: 60_000 };
const FLEET = 'guesses';
const server = new NatsServer();
await server.start();
after(() => server.stop());
const nats = { address: parseNatsUrl(`nats://${server.address}`)!, credentialsFile: null, fleet: FLEET };

/** A door with one good token, and what its store was asked for. */
class Doors {
  readonly good = newSecret();
  readonly looked: string[] = [];
  nowMs = 0;
  readonly access = new Access({
    store: {
      findTokens: async (ids) => {
        this.looked.push(...ids);
        const { id, hash } = this.good;
        return ids.includes(id) ? [{ id, name: 'box', role: 'worker', hash, createdAt: new Date(0), createdBy: 'test', expiresAt: null, revokedAt: null, lastUsed: null, state: 'valid' }] : [];
      },
      noteTokens: async () => undefined,
    },
    homeToken: 'home',
    homeActor: 'local',
    logger: { warn: () => undefined },
    now: () => this.nowMs,
  });
}

/** How a try of one session ended; null where it began. */
function tried(link: Link, handler: ScriptedCoordinator, context: TestContext): Promise<LinkClosed | null> {
  const opened = handler.opened_.count(handler.opened_.items.length + 1);
  return new Promise<LinkClosed | null>((resolve) => {
    const connection = link.connect({ received: () => undefined, closed: resolve });
    context.after(() => connection.close());
    connection.send({ kind: 'hello', protocol: PROTOCOL_VERSION, ...helloOf() });
    void opened.then(() => resolve(null));
  });
}

interface Side {
  readonly carrier: Carrier;
  readonly lead: () => void;
  readonly link: (address: string, token: string) => Link;
}

const sides: { readonly [name: string]: (doors: Doors) => Side } = {
  gRPC: (doors) => ({ carrier: grpcCarrier({ host: '127.0.0.1', port: 0, doorkeeper: doors.access }), lead: () => undefined, link: (address, token) => grpcLink({ address, token }) }),
  NATS: (doors) => {
    const carrier = natsCarrier({ ...nats, doorkeeper: doors.access });
    return { carrier, lead: () => carrier.lead(1), link: (_, token) => natsLink({ ...nats, worker: 'wrk_1', token }) };
  },
};

for (const [name, side] of Object.entries(sides)) {
  it(`on ${name}, guesses of one peer are refused without a look at the store once there are thirty; whoever comes with a good token then is let in as soon as it says`, LIMIT, async (context) => {
    const doors = new Doors();
    const { carrier, lead, link } = side(doors);
    const handler = new ScriptedCoordinator();
    context.after(() => carrier.stop());
    const { address } = await carrier.start(handler);
    lead();
    for (let guess = 0; guess < 31; guess += 1) {
      const closed = await tried(link(address, newSecret().secret), handler, context);
      assert.ok(closed !== null, 'a guess got in');
      assert.equal(closed.retry, guess === 30, closed.message);
      assert.match(closed.message, guess === 30 ? /too many requests; try again in 1 s/ : /the token is missing or not this coordinator's/);
    }
    assert.equal(doors.looked.length, 30);
    doors.nowMs = 1_000;
    assert.equal(await tried(link(address, doors.good.secret), handler, context), null);
    assert.equal(doors.looked.at(-1), doors.good.id);
  });
}
