import { Empty, headers as natsHeaders } from '@nats-io/transport-node';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { proofText, proveSession } from '../../proto/nats/session-proof.js';
import { HEADERS, type Subjects } from '../../proto/nats/subjects.js';

/** What shows that a worker has a token, for a session that it was granted. */
export function proofHeaders(token: string, session: string, worker: string): MsgHdrs {
  const headers = natsHeaders();
  headers.set(HEADERS.session, session);
  headers.set(HEADERS.proof, proofText(proveSession(token, session, worker)));
  return headers;
}

/** A session that is granted and proven, as a link gets it. */
export async function grantedSession(connection: NatsConnection, subjects: Subjects, worker: string, token: string): Promise<string> {
  const session = (await connection.request(subjects.ask(worker))).string();
  return (await connection.request(subjects.ask(worker), Empty, { timeout: 5_000, headers: proofHeaders(token, session, worker) })).string();
}
