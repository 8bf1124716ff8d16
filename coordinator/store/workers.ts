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
    text: `insert into worker (id, name, slots, memory_bytes, numerics, connected, draining)
      select g.id, g.name, g.slots, g.memory_bytes, array(select jsonb_array_elements_text(g.numerics::jsonb)), g.connected, g.draining
      from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::boolean[], $7::boolean[]) as g(id, name, slots, memory_bytes, numerics, connected, draining)
      on conflict (id) do update set name = excluded.name, slots = excluded.slots, memory_bytes = excluded.memory_bytes,
        numerics = excluded.numerics, connected = excluded.connected, draining = excluded.draining, last_seen = now()`,
    values: [
      last.map((worker) => worker.id),
      last.map((worker) => plainText(worker.name)),
      last.map((worker) => worker.slots),
      last.map((worker) => worker.memoryBytes),
      last.map((worker) => jsonText(worker.numerics)),
      last.map((worker) => worker.connected),
      last.map((worker) => worker.draining),
    ],
    expected: last.length,
  };
}

export async function readWorkers(client: ClientBase): Promise<StoredWorker[]> {
  const { rows } = await client.query<Omit<StoredWorker, 'memoryBytes'> & { memoryBytes: string }>({
    name: 'workers-known',
    text: 'select id, name, slots, memory_bytes as "memoryBytes", numerics, last_seen as "lastSeen", draining from worker order by id',
  });
  return rows.map((row) => ({ ...row, memoryBytes: Number(row.memoryBytes) }));
}
