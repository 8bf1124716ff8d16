import type { ClientBase } from 'pg';
import type { MemoryPeak } from '../placement/memory.js';
import type { Batch } from './batch.js';

/** One row per family and load: the most that was ever measured. */
export function peakBatch(peaks: readonly MemoryPeak[]): Batch | null {
  if (peaks.length === 0) return null;
  return {
    what: 'peaks of memory',
    name: 'memory-peaks',
    text: `insert into memory_peak (family, load, bytes)
      select g.family, g.load, max(g.bytes) from unnest($1::text[], $2::bigint[], $3::bigint[]) as g(family, load, bytes) group by g.family, g.load
      on conflict (family, load) do update set bytes = greatest(memory_peak.bytes, excluded.bytes), measured_at = now()`,
    values: [peaks.map(({ family }) => family), peaks.map(({ load }) => load), peaks.map(({ bytes }) => bytes)],
    expected: null,
  };
}

export async function readPeaks(client: ClientBase): Promise<MemoryPeak[]> {
  const { rows } = await client.query<{ family: string; load: string; bytes: string }>({ name: 'read-memory-peaks', text: 'select family, load, bytes from memory_peak' });
  return rows.map(({ family, load, bytes }) => ({ family, load: Number(load), bytes: Number(bytes) }));
}
