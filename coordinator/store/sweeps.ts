import type { ClientBase } from 'pg';
import type { BlobId } from '../../proto/work.js';
import type { BudgetEnd, DataSummary, SweepSpec } from '../sweep/spec.js';
import { revisionDigest } from '../sweep/revision-digest.js';
import { moveSweep, sweepTransitions } from '../trial/states.js';
import type { SweepState } from '../trial/states.js';
import type { WarmStart } from '../sweep/warm-start.js';
import { jsonText, lastById } from './batch.js';
import type { Batch } from './batch.js';
import { NotFound } from './errors.js';
import { firstStates, legalMoves } from './state-moves.js';
import type { RevisionOrigin, SweepRecord, SweepSource } from './records.js';
import type { NewSweep, SpentWrite, SweepUpdate } from './turn-writes.js';

/** A sweep whose stored state does not lead to the new one, or that a person changed meanwhile, is not matched. */
export function sweepBatch(updates: readonly SweepUpdate[]): Batch | null {
  if (updates.length === 0) return null;
  const last = lastById(updates);
  const first = firstStates(updates, moveSweep);
  return {
    what: 'sweeps in a state that leads to the new one',
    name: 'sweeps',
    text: `update sweep s set state = g.state, finished_at = case when g.state in ('running', 'paused') then null else now() end
      from unnest($1::text[], $2::text[], $3::text[], $5::integer[]) as g(id, first, state, changes)
      where s.id = g.id and s.changes = g.changes and (s.state = g.first or s.state || '>' || g.first = any($4::text[]))`,
    values: [
      last.map((update) => update.id),
      last.map((update) => first.get(update.id)),
      last.map((update) => update.state),
      legalMoves(sweepTransitions),
      last.map((update) => update.changes),
    ],
    expected: last.length,
  };
}

/** A revision that is no longer there is not matched: what it used up counts for nothing any more. */
export function spentBatch(spent: readonly SpentWrite[]): Batch | null {
  if (spent.length === 0) return null;
  const last = lastById(spent);
  return {
    what: 'what sweeps have used up',
    name: 'spent',
    text: `update sweep_revision r set ran_ms = greatest(r.ran_ms, g.ran_ms), slot_ms = greatest(r.slot_ms, g.slot_ms),
        trained_epochs = greatest(r.trained_epochs, g.trained_epochs), since_best = g.since_best, ended_by = g.ended_by
      from unnest($1::text[], $2::integer[], $3::double precision[], $4::double precision[], $5::integer[], $6::integer[], $7::text[])
        as g(sweep, revision, ran_ms, slot_ms, trained_epochs, since_best, ended_by)
      where r.sweep = g.sweep and r.revision = g.revision`,
    values: [
      last.map(({ id }) => id),
      last.map(({ revision }) => revision),
      last.map(({ ranMs }) => ranMs),
      last.map(({ slotMs }) => slotMs),
      last.map(({ epochs }) => epochs),
      last.map(({ sinceBest }) => sinceBest),
      last.map(({ endedBy }) => endedBy),
    ],
    expected: null,
  };
}

export interface StoredSweep {
  readonly id: string;
  readonly state: SweepState;
  readonly revision: number;
  readonly changes: number;
  readonly digest: string;
}

/** Locked against every other submit and change of state. */
export async function lockSweep(client: ClientBase, project: string, name: string): Promise<StoredSweep | null> {
  // Two submits of a new name at once: the second waits here, and then finds the row.
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [JSON.stringify(['sweep', project, name])]);
  const { rows } = await client.query<StoredSweep>(
    `select s.id, s.state, s.revision, s.changes, encode(r.digest, 'hex') as digest from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision
     where s.project = $1 and s.name = $2 for update of s`,
    [project, name],
  );
  return rows[0] ?? null;
}

export async function lockSweepState(client: ClientBase, id: string): Promise<(Omit<StoredSweep, 'digest' | 'id'> & { readonly onlyAsked: boolean }) | null> {
  const { rows } = await client.query<Omit<StoredSweep, 'digest' | 'id'> & { readonly onlyAsked: boolean }>('select state, revision, changes, only_asked as "onlyAsked" from sweep where id = $1 for update', [id]);
  return rows[0] ?? null;
}

/** A leader that has the sweep in memory reads it anew. */
export async function noteChange(client: ClientBase, id: string, { retried = false, onlyAsked }: { readonly retried?: boolean; readonly onlyAsked: boolean }): Promise<void> {
  await client.query('update sweep set changes = changes + 1, only_asked = $3, retried_at = case when $2 then clock_timestamp() else retried_at end where id = $1', [id, retried, onlyAsked]);
}

/** The sweep with its new current revision, in the given state. */
export async function writeRevision(client: ClientBase, id: string, revision: number, state: SweepState, sweep: NewSweep): Promise<void> {
  await client.query(
    `insert into sweep (id, project, name, state, revision, created_by) values ($1, $2, $3, $6, $4, $5)
     on conflict (id) do update set state = excluded.state, revision = excluded.revision, changes = sweep.changes + 1, only_asked = sweep.only_asked and not $7,
       finished_at = case when excluded.state in ('running', 'paused') then null else sweep.finished_at end`,
    [id, sweep.project, sweep.spec.name, revision, sweep.actor, state, sweep.carried?.revives === true],
  );
  await client.query(
    `insert into sweep_revision (sweep, revision, spec, data, numerics, digest, created_by, origin, source, warm_start, ran_ms, slot_ms, trained_epochs, since_best)
     select $1::text, $2::integer, $3::json, $4::json, $5::text, $6::bytea, $7::text, $8::text, $9::json, $11::json,
       coalesce(b.ran_ms, 0), coalesce(b.slot_ms, 0), coalesce(b.trained_epochs, 0), coalesce(b.since_best, 0)
     from (select) as one left join sweep_revision b on b.sweep = $1 and b.revision = $2 - 1 and $10`,
    [
      id,
      revision,
      JSON.stringify(sweep.spec),
      sweep.data === null ? null : JSON.stringify(sweep.data),
      sweep.numerics,
      Buffer.from(revisionDigest(sweep), 'hex'),
      sweep.actor,
      sweep.origin,
      sweep.source === null ? null : jsonText(sweep.source),
      sweep.carried?.clockGoesOn === true,
      sweep.warmStart === null ? null : jsonText(sweep.warmStart),
    ],
  );
}

interface SweepRow {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly revision: number;
  readonly state: SweepState;
  /** One of before there were pruners names none. */
  readonly spec: Omit<SweepSpec, 'pruner'> & Partial<Pick<SweepSpec, 'pruner'>>;
  readonly data: DataSummary | null;
  readonly numerics: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly ranMs: number;
  readonly slotMs: number;
  readonly trainedEpochs: number;
  readonly sinceBest: number;
  readonly endedBy: BudgetEnd | null;
  readonly changes: number;
  readonly origin: RevisionOrigin;
  readonly digest: string;
  readonly warmStart: WarmStart | null;
  readonly onlyAsked: boolean;
  readonly tags: readonly string[];
}

const selection = `select s.id, s.project, s.name, s.revision, s.state, r.spec, r.data, r.numerics, s.created_at as "createdAt", s.finished_at as "finishedAt",
    r.ran_ms as "ranMs", r.slot_ms as "slotMs", r.trained_epochs as "trainedEpochs", r.since_best as "sinceBest", r.ended_by as "endedBy",
    s.changes, r.origin, encode(r.digest, 'hex') as digest, r.warm_start as "warmStart", s.only_asked as "onlyAsked", s.tags
  from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision`;

/** An id goes before a name that reads like it. */
export async function readSweep(client: ClientBase, project: string, idOrName: string): Promise<SweepRecord | null> {
  const { rows } = await client.query<SweepRow>({
    name: 'sweep',
    text: `${selection} where s.project = $1 and (s.id = $2 or s.name = $2) order by s.id = $2 desc limit 1`,
    values: [project, idOrName],
  });
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

/** The first that was made of those for which a condition on `s` holds. */
export async function readSweepWhere(client: ClientBase, name: string, condition: string): Promise<SweepRecord | null> {
  const { rows } = await client.query<SweepRow>({ name, text: `${selection} where ${condition} order by s.created_at, s.id limit 1` });
  return rows[0] === undefined ? null : recordOf(rows[0]);
}

function recordOf({ ranMs, slotMs, trainedEpochs: epochs, sinceBest, ...row }: SweepRow): SweepRecord {
  return { ...row, spec: wholeSpec(row.spec), spent: { ranMs, slotMs, epochs, sinceBest } };
}

function wholeSpec(spec: SweepRow['spec']): SweepSpec {
  return { ...spec, pruner: spec.pruner ?? null };
}

export async function readSweeps(client: ClientBase, project: string): Promise<SweepRecord[]> {
  const { rows } = await client.query<SweepRow>({ name: 'sweeps', text: `${selection} where s.project = $1 order by s.created_at, s.id`, values: [project] });
  return rows.map(recordOf);
}

export async function readOpenSweeps(client: ClientBase): Promise<SweepRecord[]> {
  const { rows } = await client.query<SweepRow>({ name: 'open-sweeps', text: `${selection} where s.state in ('running', 'paused') order by s.created_at, s.id` });
  return rows.map(recordOf);
}

export async function readSource(client: ClientBase, sweep: string): Promise<SweepSource | null> {
  const { rows } = await client.query<{ source: SweepSource | null }>({
    name: 'source-of',
    text: 'select r.source from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where s.id = $1',
    values: [sweep],
  });
  return rows[0]?.source ?? null;
}

/** The last revision that a sweep file made; a sweep that a command made has none, so that its first stands for it. */
export async function readFileRevision(client: ClientBase, sweep: string): Promise<Pick<SweepRecord, 'revision' | 'spec' | 'data' | 'numerics'>> {
  const { rows } = await client.query<Pick<SweepRow, 'revision' | 'spec' | 'data' | 'numerics'>>({
    name: 'file-of',
    text: `select revision, spec, data, numerics from sweep_revision where sweep = $1 and (origin = 'file' or revision = 1) order by revision desc limit 1`,
    values: [sweep],
  });
  const row = rows[0];
  if (row === undefined) throw new NotFound('sweep', sweep);
  return { ...row, spec: wholeSpec(row.spec) };
}

/** Manifests of the data of every sweep's current revision. */
export async function readManifests(client: ClientBase): Promise<BlobId[]> {
  const { rows } = await client.query<{ manifest: BlobId }>({
    name: 'manifests',
    text: `select distinct r.data ->> 'manifest' as manifest
      from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where r.data is not null`,
  });
  return rows.map((row) => row.manifest);
}
