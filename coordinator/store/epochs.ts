import type { ClientBase } from 'pg';
import type { BlobId, EpochKey } from '../../proto/work.js';
import { byteaArray } from './batch.js';
import type { Batch } from './batch.js';
import { readEpochResult, writeResult } from './metrics-json.js';
import type { StoredEpochResult } from './metrics-json.js';
import type { RecordedEpoch, Recordings } from './records.js';
import type { CheckpointWrite, EpochWrite, RetrainedWrite } from './turn-writes.js';

/** Epoch e only after e-1: whatever parent is not of this turn was recorded before it. */
export function parentBatch(epochs: readonly EpochWrite[]): Batch | null {
  const written = new Set<EpochKey>();
  const parents = new Set<EpochKey>();
  for (const { key, parent } of epochs) {
    if (parent !== null && !written.has(parent)) parents.add(parent);
    written.add(key);
  }
  if (parents.size === 0) return null;
  return { what: 'parents of epochs', name: 'parents', text: 'select count(*)::int as matched from epoch where key = any($1::bytea[])', values: [byteaArray([...parents])], expected: parents.size, counts: true };
}

/** A key that is recorded already breaks the primary key. */
export function epochBatch(epochs: readonly EpochWrite[]): Batch | null {
  if (epochs.length === 0) return null;
  return {
    what: 'epochs not recorded before',
    name: 'epochs',
    text: `insert into epoch (key, parent, epoch, result, seconds, params, ms_per_image, attempt)
      select g.key, g.parent, g.epoch, g.result::jsonb, g.seconds, g.params, g.ms_per_image, g.attempt
      from unnest($1::bytea[], $2::bytea[], $3::int[], $4::text[], $5::float8[], $6::bigint[], $7::float8[], $8::text[])
        as g(key, parent, epoch, result, seconds, params, ms_per_image, attempt)`,
    values: [
      byteaArray(epochs.map((write) => write.key)),
      byteaArray(epochs.map((write) => write.parent)),
      epochs.map((write) => write.epoch),
      epochs.map((write) => writeResult(write.result)),
      epochs.map((write) => write.seconds),
      epochs.map((write) => write.params),
      epochs.map((write) => write.msPerImage),
      epochs.map((write) => write.attempt),
    ],
    expected: epochs.length,
  };
}

export function retrainedBatch(retrained: readonly RetrainedWrite[]): Batch | null {
  if (retrained.length === 0) return null;
  return {
    what: 'retrained epochs',
    name: 'retrained',
    text: 'insert into epoch_retrained (key, attempt) select * from unnest($1::bytea[], $2::text[]) on conflict (key, attempt) do nothing',
    values: [byteaArray(retrained.map((write) => write.key)), retrained.map((write) => write.attempt)],
    // An attempt that says it again, to a new leader, is counted once.
    expected: null,
  };
}

export function checkpointBatch(checkpoints: readonly CheckpointWrite[]): Batch | null {
  // An update matches a row once, whatever the number of rows it is joined with.
  const last = [...new Map(checkpoints.map((write) => [write.key, write])).values()];
  if (last.length === 0) return null;
  return {
    what: 'epochs of saved checkpoints',
    name: 'checkpoints',
    text: `with g as (select * from unnest($1::bytea[], $2::text[], $3::bigint[]) as g(key, blob, bytes)),
      noted as (
        insert into blob (id, bytes, kind) select distinct on (blob) blob, bytes, 'checkpoint' from g
        on conflict (id) do update set bytes = excluded.bytes, kind = excluded.kind, last_used = now()
      )
      update epoch e set checkpoint = g.blob from g where e.key = g.key`,
    values: [byteaArray(last.map((write) => write.key)), last.map((write) => write.blob), last.map((write) => write.bytes)],
    expected: last.length,
  };
}

/**
 * The blob of a dropped checkpoint was in use until now. What a completed trial has chosen, and its last epoch, stay: its sweep may
 * have ended long ago, so that the leader does not hold it any more, and an ensemble still wants it.
 */
export function droppedBatch(keys: readonly EpochKey[]): Batch | null {
  if (keys.length === 0) return null;
  return {
    what: 'dropped checkpoints',
    name: 'dropped',
    text: `with dropped as (select key, checkpoint from epoch e where key = any($1::bytea[]) and checkpoint is not null
        and not exists (select from trial t where t.state = 'completed' and (t.path[t.best_epoch + 1] = e.key or t.path[t.epochs] = e.key))),
      used as (update blob set last_used = now() where id in (select checkpoint from dropped))
      update epoch set checkpoint = null where key in (select key from dropped)`,
    values: [byteaArray(keys)],
    expected: null,
  };
}

interface EpochRow {
  readonly key: EpochKey;
  readonly result: StoredEpochResult;
  readonly seconds: number;
  readonly params: string;
  readonly ms_per_image: number | null;
  readonly checkpoint: BlobId | null;
  readonly recorded_seq: string;
  readonly recorded_at: Date;
  readonly attempt: string;
}

export async function readEpochs(client: ClientBase, keys: readonly EpochKey[]): Promise<RecordedEpoch[]> {
  const { rows } = await client.query<EpochRow>({
    name: 'epochs-by-key',
    text: `select encode(key, 'hex') as key, result, seconds, params, ms_per_image, checkpoint, recorded_seq, recorded_at, attempt
      from epoch where key = any($1::bytea[]) order by recorded_seq`,
    values: [byteaArray(keys)],
  });
  return rows.map((row) => ({
    key: row.key,
    result: readEpochResult(row.result),
    seconds: row.seconds,
    params: Number(row.params),
    msPerImage: row.ms_per_image,
    checkpoint: row.checkpoint,
    attempt: row.attempt,
    recordedSeq: Number(row.recorded_seq),
    recordedAt: row.recorded_at,
  }));
}

/** Of what is committed: the sequence itself runs ahead, in turns that are under way or were rolled back. */
export async function readRecordedSeq(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ seq: string | null }>({
    name: 'recorded-seq',
    text: 'select greatest((select max(recorded_seq) from epoch), (select max(recorded_seq) from epoch_retrained)) as seq',
  });
  return Number(rows[0]?.seq ?? 0);
}

/** One leader records, a turn after the other, so positions are in order of commit. */
export async function readRecordingsAfter(client: ClientBase, seq: number, upTo: number | null): Promise<Recordings> {
  const { rows } = await client.query<{ sweep: string | null; last: string; trained: string; retrained: string }>({
    name: 'recordings-after',
    text: `with r as (
        select recorded_seq, attempt, false as again from epoch where recorded_seq > $1 and ($2::bigint is null or recorded_seq <= $2)
        union all select recorded_seq, attempt, true from epoch_retrained where recorded_seq > $1 and ($2::bigint is null or recorded_seq <= $2)
      )
      select p.sweep, max(r.recorded_seq) as last, count(*) filter (where not again) as trained, count(*) filter (where again) as retrained
      from r left join attempt a on a.id = r.attempt left join lateral unnest(a.payers) as p(sweep) on true group by p.sweep order by p.sweep`,
    values: [seq, upTo],
  });
  return {
    seq: Math.max(seq, ...rows.map(({ last }) => Number(last))),
    sweeps: rows.map(({ sweep, trained, retrained }) => ({ sweep, trained: Number(trained), retrained: Number(retrained) })),
  };
}

/** Counts distinct keys on the paths of the sweep's current trials, as far as those went. */
export async function readRecordedSince(client: ClientBase, seq: number, sweep: string): Promise<{ trained: number; retrained: number }> {
  const { rows } = await client.query<{ trained: string; retrained: string }>({
    name: 'recorded-since',
    text: `with mine as (
        select distinct k.key from sweep s join trial t on t.sweep = s.id and t.revision = s.revision
        cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) as k(key)
        where s.id = $2
      )
      select (select count(*) from epoch e join mine on mine.key = e.key where e.recorded_seq > $1) as trained,
        (select count(*) from epoch_retrained r join mine on mine.key = r.key where r.recorded_seq > $1) as retrained`,
    values: [seq, sweep],
  });
  return { trained: Number(rows[0]?.trained ?? 0), retrained: Number(rows[0]?.retrained ?? 0) };
}

/**
 * Distinct epochs that were recorded on behalf of the sweep, on its current trials' paths as planned but on none
 * as far as it went: past where a trial was ended, as its end was known late or came by another revision.
 */
export async function readBeyond(client: ClientBase, sweep: string): Promise<{ epochs: number; seconds: number }> {
  const { rows } = await client.query<{ epochs: string; seconds: number }>({
    name: 'beyond',
    text: `with t as (
        select t.path, coalesce(t.epochs, cardinality(t.path)) as went from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1
      ),
      past as (
        select k.key from t cross join lateral unnest(t.path[t.went + 1:]) as k(key)
        except select k.key from t cross join lateral unnest(t.path[1:t.went]) as k(key)
      )
      select count(*) as epochs, coalesce(sum(e.seconds), 0) as seconds
      from past join epoch e on e.key = past.key join attempt a on a.id = e.attempt where $1 = any(a.payers)`,
    values: [sweep],
  });
  return { epochs: Number(rows[0]?.epochs ?? 0), seconds: rows[0]?.seconds ?? 0 };
}
