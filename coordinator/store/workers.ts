import type { ClientBase } from 'pg';
import { jsonText, lastById, plainText } from './batch.js';
import type { Batch } from './batch.js';
import type { StoredWorker } from './records.js';
import type { WorkerWrite } from './turn-writes.js';

export function workerBatch(workers: readonly WorkerWrite[]): Batch | null {
  if (workers.length === 0) return null;
  const last = lastById(workers);
  return {
    what: 'workers',
    name: 'workers',
    text: `insert into worker (id, name, slots, memory_bytes, numerics, connected, draining, drained_by, drained_at)
      select g.id, g.name, g.slots, g.memory_bytes, array(select jsonb_array_elements_text(g.numerics::jsonb)), g.connected, g.draining,
        g.drained_by, case when g.drained_by is not null then now() end
      from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::boolean[], $7::boolean[], $8::text[]) as g(id, name, slots, memory_bytes, numerics, connected, draining, drained_by)
      on conflict (id) do update set name = excluded.name, slots = excluded.slots, memory_bytes = excluded.memory_bytes,
        numerics = excluded.numerics, connected = excluded.connected, draining = excluded.draining, last_seen = now(),
        drained_by = excluded.drained_by, drained_at = case when excluded.drained_by is not null then coalesce(worker.drained_at, now()) end`,
    values: [
      last.map((worker) => worker.id),
      last.map((worker) => plainText(worker.name)),
      last.map((worker) => worker.slots),
      last.map((worker) => worker.memoryBytes),
      last.map((worker) => jsonText(worker.numerics)),
      last.map((worker) => worker.connected),
      last.map((worker) => worker.draining),
      last.map(({ drainedBy }) => (drainedBy === null ? null : plainText(drainedBy))),
    ],
    expected: last.length,
  };
}

export async function readWorkers(client: ClientBase): Promise<StoredWorker[]> {
  const { rows } = await client.query<Omit<StoredWorker, 'memoryBytes' | 'drain'> & { memoryBytes: string; drainedBy: string | null; drainedAt: Date | null }>({
    name: 'workers-known',
    text: 'select id, name, slots, memory_bytes as "memoryBytes", numerics, last_seen as "lastSeen", draining, drained_by as "drainedBy", drained_at as "drainedAt" from worker order by id',
  });
  return rows.map(({ drainedBy, drainedAt, ...row }) => ({ ...row, memoryBytes: Number(row.memoryBytes), drain: drainedBy === null || drainedAt === null ? null : { by: drainedBy, at: drainedAt } }));
}
