import type { ClientBase } from 'pg';
import type { EndedSession } from './records.js';

/** A second time changes nothing. Those whose time is over are forgotten. */
export async function writeEndedSession(client: ClientBase, id: string, endsAt: Date): Promise<void> {
  await client.query({
    name: 'end-session',
    text: `with over as (delete from ended_session where ends_at <= now() and id <> $1)
      insert into ended_session (id, ends_at) values ($1, $2) on conflict (id) do nothing`,
    values: [id, endsAt],
  });
}

export async function readEndedSessions(client: ClientBase): Promise<EndedSession[]> {
  const { rows } = await client.query<EndedSession>({ name: 'ended-sessions', text: 'select id, ends_at as "endsAt" from ended_session where ends_at > now()' });
  return rows;
}
