import type { ClientBase } from 'pg';
import type { EpochKey, EvaluatedPart } from '../../proto/work.js';
import { byteaArray } from './batch.js';
import type { Batch } from './batch.js';
import { readEvaluationResult, writeResult } from './metrics-json.js';
import type { StoredEvaluationResult } from './metrics-json.js';
import type { RecordedEvaluation } from './records.js';
import type { EvaluationWrite } from './turn-writes.js';

/** One that is recorded already is not matched. */
export function evaluationBatch(evaluations: readonly EvaluationWrite[]): Batch | null {
  if (evaluations.length === 0) return null;
  return {
    what: 'evaluations not recorded before',
    name: 'evaluations',
    text: `with g as (select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[]) as g(key, part, result, probabilities, attempt)),
      noted as (
        insert into blob (id, kind) select distinct probabilities, 'probabilities' from g
        on conflict (id) do update set kind = excluded.kind, last_used = now()
      )
      insert into evaluation (key, part, result, probabilities, attempt)
      select key, part, result::jsonb, probabilities, attempt from g
      on conflict (key, part) do nothing`,
    values: [
      byteaArray(evaluations.map((write) => write.key)),
      evaluations.map((write) => write.part),
      evaluations.map((write) => writeResult(write.result)),
      evaluations.map((write) => write.result.probabilities),
      evaluations.map((write) => write.attempt),
    ],
    expected: evaluations.length,
  };
}

export async function readEvaluations(client: ClientBase, keys: readonly EpochKey[]): Promise<RecordedEvaluation[]> {
  const { rows } = await client.query<{ key: EpochKey; part: EvaluatedPart; result: StoredEvaluationResult }>({
    name: 'evaluations-by-key',
    text: `select encode(key, 'hex') as key, part, result from evaluation where key = any($1::bytea[]) order by key, part`,
    values: [byteaArray(keys)],
  });
  return rows.map((row) => ({ ...row, result: readEvaluationResult(row.result) }));
}
