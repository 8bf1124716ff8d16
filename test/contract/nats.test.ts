import { after } from 'node:test';
import { connect, headers as natsHeaders } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { natsCarrier } from '../../coordinator/dispatch/nats.js';
import { parseNatsUrl } from '../../proto/nats/address.js';
import { HEADERS, Subjects } from '../../proto/nats/subjects.js';
import { natsLink } from '../../worker/link/nats.js';
import { NatsServer } from '../support/nats.js';
import { accessBy } from '../support/access.js';
import { carrierContract } from './carrier.js';
import { grantedSession } from './nats-session.js';

const FLEET = 'contract';
/** The server asks for it; the contract's is the coordinator's. */
const LOGIN = 'the-login';

const server = new NatsServer({ config: ['authorization {', `  token: ${LOGIN}`, '}'] });
await server.start();
after(() => server.stop());

/** Each coordinator of a fleet leads under an epoch of its own. */
let epoch = 0;

const accessTo = (address: string): { address: NonNullable<ReturnType<typeof parseNatsUrl>>; credentialsFile: null } => ({ address: parseNatsUrl(`nats://${LOGIN}@${address}`)!, credentialsFile: null });

carrierContract({
  name: 'NATS',
  async startCoordinatorSide({ token, handler }) {
    const carrier = natsCarrier({ ...accessTo(server.address), fleet: FLEET, doorkeeper: accessBy(token) });
    await carrier.start(handler);
    epoch += 1;
    carrier.lead(epoch);
    return { address: server.address, stop: () => carrier.stop() };
  },
  makeLink: ({ address, token }) => natsLink({ ...accessTo(address), fleet: FLEET, worker: 'wrk_1', token }),
  async sendGarbage(address, token) {
    const subjects = new Subjects(FLEET);
    const connection = await connect({ servers: address, token: LOGIN, inboxPrefix: subjects.inbox('wrk_2') });
    const session = await grantedSession(connection, subjects, 'wrk_2', token);
    const told = connection.subscribe(subjects.to('wrk_2', session), { max: 1 });
    const headers = natsHeaders();
    headers.set(HEADERS.session, session);
    headers.set(HEADERS.piece, '0');
    await jetstream(connection).publish(subjects.from('wrk_2'), 'this is no protobuf, and no frame either', { headers });
    let complaint = '';
    for await (const message of told) complaint = message.string();
    await connection.close();
    return complaint;
  },
});
