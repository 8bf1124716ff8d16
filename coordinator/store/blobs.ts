import type { ClientBase } from 'pg';
import type { BlobId } from '../../proto/work.js';
import type { UnreferencedBlob } from './records.js';

/** What is put without saying what it is; a later, better word replaces it. */
const anyKind = 'artifact';

export async function writeBlob(client: ClientBase, id: BlobId, bytes: number, kind: string): Promise<void> {
  await client.query({
    name: 'put-blob',
    text: `insert into blob (id, bytes, kind) values ($1, $2, $3)
      on conflict (id) do update set bytes = excluded.bytes, last_used = now(),
        kind = case when excluded.kind = $4 then blob.kind else excluded.kind end`,
    values: [id, bytes, kind, anyKind],
  });
}

export async function touchBlob(client: ClientBase, id: BlobId): Promise<void> {
  await client.query({ name: 'touch-blob', text: 'update blob set last_used = now() where id = $1', values: [id] });
}

/** References that the store knows: checkpoints, probabilities, and of live sweeps the manifest of their data, their program or weights. */
const unreferenced = `not exists (select from epoch e where e.checkpoint = b.id)
  and not exists (select from evaluation v where v.probabilities = b.id)
  and not exists (
    select from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where r.data ->> 'manifest' = b.id or r.spec -> 'trainable' ->> 'program' = b.id or r.spec -> 'trainable' -> 'weights' ->> 'blob' = b.id
  )`;

export async function readUnreferenced(client: ClientBase, before: Date): Promise<UnreferencedBlob[]> {
  const { rows } = await client.query<{ id: BlobId; kind: string; bytes: string | null; last_used: Date }>({
    name: 'unreferenced-blobs',
    text: `select b.id, b.kind, b.bytes, b.last_used from blob b where b.last_used < $1 and ${unreferenced} order by b.last_used`,
    values: [before],
  });
  return rows.map((row) => ({ id: row.id, kind: row.kind, bytes: row.bytes === null ? null : Number(row.bytes), lastUsed: row.last_used }));
}

/** Whether there was one to forget. Until the transaction ends, whoever notes a use of the blob waits. */
export async function forgetUnreferenced(client: ClientBase, id: BlobId, before: Date): Promise<boolean> {
  const { rowCount } = await client.query({ name: 'forget-unreferenced', text: `delete from blob b where b.id = $1 and b.last_used < $2 and ${unreferenced}`, values: [id, before] });
  return rowCount === 1;
}

/** A few of those that `unreferenced` leaves out: checkpoints and probabilities, of each the latest, manifests, programs and weights. */
export async function readSomeReferred(client: ClientBase): Promise<BlobId[]> {
  const { rows } = await client.query<{ id: BlobId }>({
    name: 'some-referred-blobs',
    text: `(select checkpoint as id from epoch where checkpoint is not null order by recorded_seq desc limit 10)
      union (select probabilities from evaluation limit 10)
      union (select r.data ->> 'manifest' from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where r.data is not null order by s.created_at desc limit 10)
      union (select r.spec -> 'trainable' ->> 'program' from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision
        where r.spec -> 'trainable' ->> 'program' is not null order by s.created_at desc limit 10)
      union (select r.spec -> 'trainable' -> 'weights' ->> 'blob' from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision
        where r.spec -> 'trainable' -> 'weights' ->> 'blob' is not null order by s.created_at desc limit 10)`,
  });
  return rows.map(({ id }) => id);
}

/** Of the blob that tells which store the database's blobs are in; null before there is one. */
export async function readBlobMarker(client: ClientBase): Promise<BlobId | null> {
  const { rows } = await client.query<{ id: BlobId }>(`select value #>> '{}' as id from meta where name = 'blob-marker'`);
  return rows[0]?.id ?? null;
}

/** Of two at once the first stands. */
export async function writeBlobMarker(client: ClientBase, id: BlobId): Promise<BlobId> {
  await client.query(`insert into meta (name, value) values ('blob-marker', to_jsonb($1::text)) on conflict (name) do nothing`, [id]);
  return (await readBlobMarker(client)) ?? id;
}
