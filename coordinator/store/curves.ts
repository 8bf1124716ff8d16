/** Epochs of many trials at once, as curves are drawn. A recorded epoch's parent is recorded, so those of a path are a prefix. */
import type { ClientBase } from 'pg';
import { readEpochResult, type StoredEpochResult } from './metrics-json.js';
import type { RecordedCurve, RecordedEpoch } from './records.js';

/** One after the other, so that none is sorted among those of other trials. */
const perTrial = (sums: string): string => `select t.id, each.* from trial t cross join lateral (
    select ${sums} from unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) with ordinality as u(key, n) join epoch e on e.key = u.key having count(*) > 0
  ) each where t.id = any($1::text[])`;

export async function readCurves(client: ClientBase, trials: readonly string[], metric: string): Promise<Map<string, RecordedCurve>> {
  const { rows } = await client.query<{ id: string; values: readonly (number | string | null)[]; seconds: readonly number[] }>({
    name: 'curves',
    text: perTrial("json_agg(e.result #> array['metrics', $2] order by u.n) as values, json_agg(e.seconds order by u.n) as seconds"),
    values: [trials, metric],
  });
  // What is not finite is kept as a text.
  return new Map(rows.map(({ id, values, seconds }) => [id, { values: values.map((value) => (typeof value === 'number' ? value : value === '-0' ? 0 : null)), seconds }]));
}

export async function readResults(client: ClientBase, trials: readonly string[]): Promise<Map<string, Pick<RecordedEpoch, 'result' | 'seconds'>[]>> {
  const { rows } = await client.query<{ id: string; results: readonly StoredEpochResult[]; seconds: readonly number[] }>({
    name: 'results',
    text: perTrial('json_agg(e.result order by u.n) as results, json_agg(e.seconds order by u.n) as seconds'),
    values: [trials],
  });
  return new Map(rows.map(({ id, results, seconds }) => [id, results.map((result, index) => ({ result: readEpochResult(result), seconds: seconds[index] ?? 0 }))]));
}
