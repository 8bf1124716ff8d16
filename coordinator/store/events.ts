import type { ClientBase } from 'pg';
import { jsonText } from './batch.js';
import type { Batch } from './batch.js';
import type { EventWrite, StoredEvent } from './records.js';

/**
 * Numbers follow on the last committed one: the counter's row stays locked until the transaction ends,
 * and a rollback takes its numbers back. So this statement stands last in its transaction.
 */
export function eventBatch(events: readonly EventWrite[], actor: string): Batch | null {
  if (events.length === 0) return null;
  return {
    what: 'events',
    name: 'events',
    text: `with counter as (update event_counter set last = last + cardinality($1::text[]) returning last)
      insert into event (id, actor, type, sweep, trial, detail)
      select counter.last - cardinality($1::text[]) + g.n, g.actor, g.type, g.sweep, g.trial, g.detail::jsonb
      from counter, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as g(type, sweep, trial, detail, actor, n)`,
    values: [
      events.map((event) => event.type),
      events.map((event) => event.sweep),
      events.map((event) => event.trial),
      events.map((event) => jsonText(event.detail)),
      events.map((event) => event.actor ?? actor),
    ],
    expected: events.length,
  };
}

export async function readEvents(client: ClientBase, afterId: number, limit: number, sweep: string | null): Promise<StoredEvent[]> {
  const { rows } = await client.query<Omit<StoredEvent, 'id'> & { id: string }>({
    name: 'events-after',
    text: `select id, at, actor, type, sweep, trial, detail from event
      where id > $1 and ($3::text is null or sweep = $3) order by id limit $2`,
    values: [afterId, limit, sweep],
  });
  return rows.map((row) => ({ ...row, id: Number(row.id) }));
}

/** Of what is committed: the counter is locked by whoever counts on. */
export async function readLastEvent(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ last: string }>({ name: 'last-event', text: 'select last from event_counter' });
  return Number(rows[0]?.last ?? 0);
}
