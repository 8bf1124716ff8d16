/** Epochs of many trials at once, as curves are drawn. A recorded epoch's parent is recorded, so those of a path are a prefix. */
import type { ClientBase } from 'pg';
import { readEpochResult, type StoredEpochResult } from './metrics-json.js';
import type { RecordedCurve, RecordedEpoch } from './records.js';

const epochs = `from trial t cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) with ordinality as u(key, n)
  join epoch e on e.key = u.key where t.id = any($1::text[]) group by t.id`;

export async function readCurves(client: ClientBase, trials: readonly string[], metric: string): Promise<Map<string, RecordedCurve>> {
  const { rows } = await client.query<{ id: string; values: readonly (number | string | null)[]; seconds: readonly number[] }>({
    name: 'curves',
    text: `select t.id, json_agg(e.result #> array['metrics', $2] order by u.n) as values, json_agg(e.seconds order by u.n) as seconds ${epochs}`,
    values: [trials, metric],
  });
  // What is not finite is kept as a text.
  return new Map(rows.map(({ id, values, seconds }) => [id, { values: values.map((value) => (typeof value === 'number' ? value : value === '-0' ? 0 : null)), seconds }]));
}

export async function readResults(client: ClientBase, trials: readonly string[]): Promise<Map<string, Pick<RecordedEpoch, 'result' | 'seconds'>[]>> {
  const { rows } = await client.query<{ id: string; results: readonly StoredEpochResult[]; seconds: readonly number[] }>({
    name: 'results',
    text: `select t.id, json_agg(e.result order by u.n) as results, json_agg(e.seconds order by u.n) as seconds ${epochs}`,
    values: [trials],
  });
  return new Map(rows.map(({ id, results, seconds }) => [id, results.map((result, index) => ({ result: readEpochResult(result), seconds: seconds[index] ?? 0 }))]));
}
