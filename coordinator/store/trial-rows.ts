/**
 * Trials as leaderboards read them: without plans and paths, which are nine tenths of what a trial's row
 * holds, and with one epoch each. A recorded epoch's parent is recorded, so those of a path are a prefix.
 */
import type { ClientBase } from 'pg';
import type { EpochKey } from '../../proto/work.js';
import type { Assignment } from '../sweep/spec.js';
import type { TrialState } from '../trial/states.js';
import { FORMER } from './former-results.js';
import { readEpochResult, type StoredEpochResult } from './metrics-json.js';
import type { BoardRow, RecordedSeries, LeaderboardPart, LeadingTrials, PlacedTrial, TrialFailure, TrialMeans, TrialRow } from './records.js';

interface Row {
  readonly id: string;
  readonly number: number;
  readonly assignment: Assignment;
  readonly replicate: number;
  readonly state: TrialState;
  readonly planned: number;
  readonly went: number;
  readonly best_epoch: number | null;
  readonly failure: TrialFailure | null;
  readonly updated_at: Date;
  readonly metrics_epoch: number | null;
  readonly key: EpochKey | null;
  readonly result: StoredEpochResult | null;
  readonly params: string | null;
  readonly ms_per_image: number | null;
}

export function readTrialRows(client: ClientBase, sweep: string): Promise<TrialRow[]> {
  return readRows(client, 'trial-rows', sweep, '', []);
}

/** A part of the trials in the order of a leaderboard of one objective without replicates. */
interface Places {
  readonly total: number;
  readonly completed: number;
  readonly ids: readonly string[];
}

/** What has completed as it stands, then the others by number. Null where it is not known how all stand. */
async function readPlaces(client: ClientBase, sweep: string, offset: number, limit: number): Promise<Places | null> {
  const { rows: [counts] } = await client.query<Places & { readonly unknown: number }>({
    name: 'leaderboard-part',
    // The revision as a value of its own: by the index in its order.
    text: `with c as (
        select count(*)::int as total, (count(*) filter (where state = 'completed'))::int as completed,
          (exists (select from trial where sweep = $1 and revision = (select revision from sweep where id = $1) and state = 'completed' and shortfall is null))::int as unknown
        from trial where sweep = $1 and revision = (select revision from sweep where id = $1)
      )
      select c.*, array(
          select id from trial where sweep = $1 and revision = (select revision from sweep where id = $1) and state = 'completed' order by shortfall, minimised, number offset $2 limit $3
        ) || array(
          select id from trial where sweep = $1 and revision = (select revision from sweep where id = $1) and state <> 'completed' order by number
          offset greatest(0, $2 - c.completed) limit greatest(0, $2::int + $3::int - greatest($2, c.completed))
        ) as ids from c`,
    values: [sweep, offset, limit],
  });
  return counts === undefined || counts.unknown > 0 ? null : counts;
}

/** As readPlaces has them, with what was measured of them. */
export async function readLeaderboardPart(client: ClientBase, sweep: string, offset: number, limit: number): Promise<LeaderboardPart | null> {
  const places = await readPlaces(client, sweep, offset, limit);
  if (places === null) return null;
  const { total, completed, ids } = places;
  const found = new Map((await readRows(client, 'some-trial-rows', sweep, 'and t.id = any($2)', [ids])).map((row) => [row.id, row]));
  return { total, completed, rows: ids.flatMap((id) => found.get(id) ?? []) };
}

/** As readPlaces has the first ones, and nothing else of them. */
export async function readLeadingTrials(client: ClientBase, sweep: string, limit: number): Promise<LeadingTrials | null> {
  const places = await readPlaces(client, sweep, 0, limit);
  if (places === null) return null;
  const { rows } = await client.query<PlacedTrial>({ name: 'leading-trials', text: 'select t.id, t.number, t.state from unnest($1::text[]) with ordinality as u(id, n) join trial t on t.id = u.id order by u.n', values: [places.ids] });
  return { total: places.total, trials: rows };
}

/** Null where it is not known how all completed trials stand. */
export async function readSeries(client: ClientBase, sweep: string, points: number): Promise<RecordedSeries | null> {
  const { rows } = await client.query<{ id: string | null; number: number; at: Date; minimised: number; of: string; unknown: boolean; is_point: boolean; is_best: boolean; after: number | null; planned: number | null }>({
    name: 'series',
    text: `with ${FORMER}, t as materialized (
        select t.id, t.number, date_trunc('milliseconds', t.updated_at) as at, t.shortfall, t.minimised, null::int as after, null::int as planned from s join trial t on t.sweep = s.id and t.revision = s.revision
        where t.state = 'completed'
        union all
        select id, number, date_trunc('milliseconds', updated_at), shortfall, minimised, epochs, planned from former
      ),
      known as (select * from t where minimised <> 'NaN'),
      c as (select (select count(*) from known) as of, exists (select from t where shortfall is null) as unknown),
      w as (
        select id, number, at, minimised, shortfall, after, planned, row_number() over o - 1 as n,
          min(minimised) filter (where shortfall <= 0) over (order by at, number rows between unbounded preceding and 1 preceding) as before
        from known window o as (order by at, number)
      ),
      taken as (select distinct floor(i * (c.of - 1)::float8 / greatest(1, $2 - 1) + 0.5)::bigint as n from c, generate_series(0, $2 - 1) i where c.of > $2),
      p as (
        select w.*, c.of <= $2 or exists (select from taken where taken.n = w.n) as is_point, shortfall <= 0 and (before is null or minimised < before) as is_best from w, c
      )
      select p.id, p.number, p.at, p.minimised, c.of, c.unknown, p.is_point, p.is_best, p.after, p.planned from c left join p on p.is_point or p.is_best order by p.at, p.number`,
    values: [sweep, points],
  });
  const first = rows[0];
  if (first === undefined || first.unknown) return null;
  return { of: Number(first.of), moments: rows.flatMap(({ id, number, at, minimised, is_point, is_best, after, planned }) => (id === null ? [] : [{ id, number, at, minimised, isPoint: is_point, isBest: is_best, goesOn: after === null || planned === null ? null : { after, of: planned } }])) };
}

/** Those that have changed since, and those that run: an epoch changes no trial. */
export async function readBoardRows(client: ClientBase, sweep: string, since: Date | null): Promise<{ asOf: Date; rows: BoardRow[] }> {
  const { rows: [clock] } = await client.query<{ now: Date }>({ name: 'clock', text: 'select clock_timestamp() as now' });
  return { asOf: clock?.now ?? new Date(0), rows: await withMemory(client, () => readRows(client, 'board-rows', sweep, "and ($2::timestamptz is null or t.updated_at >= $2 or t.state = 'running')", [since])) };
}

/** `condition`: more of it, over trials as `t` of the sweep `s`, with its values from $2 on. */
export async function readRows(client: ClientBase, name: string, sweep: string, condition: string, values: readonly unknown[]): Promise<BoardRow[]> {
  const { rows } = await client.query<Row>({
    name,
    // A plan is read where it says more than 0 alone: it is a long text.
    text: `with s as materialized (
        select s.id, s.revision, r.spec ->> 'replicates' is not null as has_replicates from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where s.id = $1
      )
      select t.id, t.number, t.assignment, case when s.has_replicates then coalesce((t.plan #>> '{trajectory,replicate}')::int, 0) else 0 end as replicate, t.state, t.best_epoch, t.failure, t.updated_at,
        cardinality(t.path) as planned, coalesce(t.epochs, f.went)::int as went, (coalesce(t.best_epoch, f.last - 1))::int as metrics_epoch,
        encode(e.key, 'hex') as key, e.result, e.params, e.ms_per_image
      from s join trial t on t.sweep = s.id and t.revision = s.revision
      cross join lateral (
        select count(*) as went, max(u.n) filter (where not (k.result ->> 'diverged')::boolean) as last
        from unnest(case when t.best_epoch is null then t.path[1:coalesce(t.epochs, cardinality(t.path))] else '{}' end) with ordinality as u(key, n)
        join epoch k on k.key = u.key
      ) f
      left join epoch e on e.key = t.path[coalesce(t.best_epoch + 1, f.last)]
      where true ${condition} order by t.number`,
    values: [sweep, ...values],
  });
  return rows.map(rowOf);
}

/** Every field written out: `...` would cost ten times as much, 100,000 times. */
function rowOf(row: Row): BoardRow {
  const { key, result, metrics_epoch: epoch } = row;
  return {
    id: row.id,
    number: row.number,
    assignment: row.assignment,
    replicate: row.replicate,
    state: row.state,
    planned: row.planned,
    went: row.went,
    bestEpoch: row.best_epoch,
    failure: row.failure,
    measured: key === null || result === null || epoch === null ? null : { epoch, key, result: readEpochResult(result), params: Number(row.params), msPerImage: row.ms_per_image },
    updatedAt: row.updated_at,
  };
}

/** Of the given trials of the sweep, or of all where none are given. */
export async function readTrialMeans(client: ClientBase, sweep: string, trials: readonly string[] | null): Promise<Map<string, TrialMeans>> {
  const { rows } = await withMemory(client, () => client.query<{ id: string; params: string; seconds: number }>({
    name: 'trial-means',
    text: `select t.id, max(e.params) as params, avg(e.seconds) as seconds
      from sweep s join trial t on t.sweep = s.id and t.revision = s.revision
      cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) as k(key) join epoch e on e.key = k.key
      where s.id = $1 and ($2::text[] is null or t.id = any($2)) group by t.id`,
    values: [sweep, trials],
  }));
  return new Map(rows.map(({ id, params, seconds }) => [id, { params: Number(params), secondsPerEpoch: seconds }]));
}

/** Trials by state, and distinct epochs on the paths of all that were not cancelled, as far as those go. */
export async function readTotals(client: ClientBase, sweep: string): Promise<{ states: { [state in TrialState]?: number }; total: number; recorded: number }> {
  const states = await client.query<{ state: TrialState; count: string }>({
    name: 'trial-states',
    text: 'select t.state, count(*) from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1 group by t.state',
    values: [sweep],
  });
  const epochs = await withMemory(client, () =>
    client.query<{ total: string; recorded: string }>({
      name: 'epoch-totals',
      // All of an ended path is recorded; and a trial whose first key nobody else has shares nothing, as equal keys have equal keys before them.
      text: `with t as (
          select t.path[1] as root, t.epochs from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1 and t.state <> 'cancelled'
        ),
        roots as materialized (select root, count(*) = 1 and bool_and(epochs is not null) as is_alone, sum(epochs) as epochs from t group by root),
        p as (
          select k.key, bool_or(t.epochs is not null) as recorded from sweep s join trial t on t.sweep = s.id and t.revision = s.revision join roots r on r.root = t.path[1] and not r.is_alone
          cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) as k(key)
          where s.id = $1 and t.state <> 'cancelled' group by k.key
        ),
        alone as (select coalesce(sum(epochs), 0) as epochs from roots where is_alone)
        select alone.epochs + (select count(*) from p) as total,
          alone.epochs + (select count(*) from p where recorded or exists (select from epoch e where e.key = p.key)) as recorded from alone`,
      values: [sweep],
    }),
  );
  return {
    states: Object.fromEntries(states.rows.map(({ state, count }) => [state, Number(count)])),
    total: Number(epochs.rows[0]?.total ?? 0),
    recorded: Number(epochs.rows[0]?.recorded ?? 0),
  };
}

/**
 * Epochs of 100,000 trials are hashed in memory, and not by way of files. Begin and end go out with the statement:
 * who is slow to take in its rows would leave the transaction idle for longer than the server bears.
 */
export async function withMemory<Result>(client: ClientBase, statement: () => Promise<Result>): Promise<Result> {
  const [, result] = await Promise.all([client.query("begin read only; set local work_mem = '256MB'"), statement(), client.query('commit')]);
  return result;
}
