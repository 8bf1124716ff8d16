/**
 * Epochs of many trials at once, as curves are drawn. A recorded epoch's parent is recorded, so those of a path are a
 * prefix. What the epochs of a trial reported is kept by metric from its end on: 50,000 epochs, which lie anywhere in
 * their table, took twenty times as long as what is kept of 5,000 trials. A trial that goes on after its end, or has none
 * yet, is read of its epochs.
 */
import type { ClientBase } from 'pg';
import type { Batch } from './batch.js';
import { readEpochResult, type StoredEpochResult } from './metrics-json.js';
import type { RecordedCurve, RecordedEpoch } from './records.js';
import type { TrialUpdate } from './turn-writes.js';

/** After the trials' ends and the epochs of the same turn. */
export function curvesBatch(updates: readonly Pick<TrialUpdate, 'id' | 'epochs'>[]): Batch | null {
  const ended = [...new Set(updates.filter(({ epochs }) => epochs !== null && epochs > 0).map(({ id }) => id))];
  if (ended.length === 0) return null;
  return {
    what: 'curves of ended trials',
    name: 'curves',
    text: `insert into trial_curves (trial, epochs, metrics)
      select t.id, t.epochs, m.metrics from trial t cross join lateral (
        with e as materialized (select u.n, e.result -> 'metrics' as metrics from unnest(t.path[1:t.epochs]) with ordinality as u(key, n) join epoch e on e.key = u.key)
        select (select count(*) from e) as recorded,
          coalesce((select jsonb_object_agg(k.name, (select jsonb_agg(e.metrics -> k.name order by e.n) from e)) from (select distinct jsonb_object_keys(e.metrics) as name from e) k), '{}') as metrics
      ) m
      where t.id = any($1::text[]) and t.epochs > 0 and m.recorded = t.epochs
      on conflict (trial) do update set epochs = excluded.epochs, metrics = excluded.metrics where trial_curves.epochs <> excluded.epochs`,
    values: [ended],
    // A trial may end before its last epoch is recorded.
    expected: null,
  };
}

/** Of a trial as `t`: one after the other, so that none is sorted among those of other trials. No row where none is recorded, or the condition does not hold. */
const walked = (sums: string, condition = ''): string => `(
    select ${sums} from unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) with ordinality as u(key, n) join epoch e on e.key = u.key ${condition} having count(*) > 0
  )`;

interface CurveRow {
  readonly id: string;
  /** Null where none of its epochs reported it. */
  readonly values: readonly (number | string | null)[] | null;
  readonly seconds: readonly number[];
}

export async function readCurves(client: ClientBase, trials: readonly string[], metric: string): Promise<Map<string, RecordedCurve>> {
  const { rows } = await client.query<CurveRow>({
    name: 'curves',
    text: `select t.id, coalesce(c.metrics -> $2, w.values) as values, coalesce(to_json(case when c.trial is not null then t.spent end), w.seconds) as seconds
      from trial t left join trial_curves c on c.trial = t.id and c.epochs = t.epochs and t.spent is not null
      left join lateral ${walked("jsonb_agg(e.result -> 'metrics' -> $2 order by u.n) as values, json_agg(e.seconds order by u.n) as seconds", 'where c.trial is null')} w on true
      where t.id = any($1::text[]) and (c.trial is not null or w.seconds is not null)`,
    values: [trials, metric],
  });
  return new Map(rows.map(({ id, values, seconds }) => [id, { values: values === null ? seconds.map(() => null) : values.map(readValue), seconds }]));
}

/** What is not finite is kept as a text. */
function readValue(value: number | string | null): number | null {
  return typeof value === 'number' ? value : value === '-0' ? 0 : null;
}

export async function readResults(client: ClientBase, trials: readonly string[]): Promise<Map<string, Pick<RecordedEpoch, 'result' | 'seconds'>[]>> {
  const { rows } = await client.query<{ id: string; results: readonly StoredEpochResult[]; seconds: readonly number[] }>({
    name: 'results',
    text: `select t.id, each.* from trial t cross join lateral ${walked('json_agg(e.result order by u.n) as results, json_agg(e.seconds order by u.n) as seconds')} each where t.id = any($1::text[])`,
    values: [trials],
  });
  return new Map(rows.map(({ id, results, seconds }) => [id, results.map((result, index) => ({ result: readEpochResult(result), seconds: seconds[index] ?? 0 }))]));
}
