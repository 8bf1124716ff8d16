/**
 * The tree of stages as it lies in trials' paths, one level at a time. Equal keys have equal keys before them,
 * so the trials below a key are those with it at its place; and the keys that all of them share are those that
 * the least and the greatest of their paths, in the order of arrays, have in common. Stages are counted over all
 * trials; what is said of each is read of the trials of those that are shown alone.
 */
import type { ClientBase } from 'pg';
import type { EpochKey } from '../../proto/work.js';
import type { Assignment } from '../sweep/spec.js';
import type { StageParent, StagesBelow } from './records.js';
import { withMemory } from './trial-rows.js';

/** Numbers of trials that are named of those that end with a stage. */
const MOST_ENDING = 5;

/** Of the trials of $1 that were not cancelled and have the parent $2 on their paths, $3 epochs long, and go on from there. */
const OF_TRIALS = `from sweep s join trial t on t.sweep = s.id and t.revision = s.revision
  where s.id = $1 and t.state <> 'cancelled' and ($2::bytea is null or t.path[$3::int] = $2) and coalesce(t.epochs, cardinality(t.path)) > $3`;

interface Row {
  readonly of: number;
  readonly requested: string;
  readonly first_key: EpochKey;
  readonly key: EpochKey;
  readonly epochs: number;
  readonly trials: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly ends: number;
  readonly ending: readonly number[] | null;
  readonly settings: Assignment | null;
  readonly recorded: number;
  readonly seconds: number;
}

/** Those with most trials first. `names`: of hyperparameters; a stage's `settings` are those in which its trials agree. */
export async function readStages(client: ClientBase, sweep: string, parent: StageParent | null, page: { readonly offset: number; readonly limit: number }, names: readonly string[]): Promise<StagesBelow> {
  const { rows } = await withMemory(client, () =>
    client.query<Row>({
      name: 'stages',
      text: `with stage as (
          select t.path[$3 + 1] as first_key, count(*)::int as trials, min(t.number) as first, sum(coalesce(t.epochs, cardinality(t.path)) - $3) as requested ${OF_TRIALS} group by 1
        ),
        shown as (
          select row_number() over (order by trials desc, first) as n, first_key, trials, count(*) over ()::int as of, sum(requested) over () as requested
          from stage order by trials desc, first offset $4 limit $5
        ),
        mine as materialized (
          select g.n, t.number, t.state, t.assignment, t.path[1:coalesce(t.epochs, cardinality(t.path))] as path
          from (select t.* ${OF_TRIALS}) t join shown g on g.first_key = t.path[$3 + 1]
        ),
        span as (
          select n, min(path) as least, max(path) as greatest, count(*) filter (where state in ('completed', 'pruned'))::int as done,
            count(*) filter (where state in ('failed', 'infeasible'))::int as failed, count(*) filter (where state = 'running')::int as running
          from mine group by n
        ),
        whole as (
          select span.*, l.epochs from span cross join lateral (select count(*)::int as epochs from unnest(least[$3 + 1:], greatest[$3 + 1:]) as u(a, b) where a = b) l
        ),
        ended as (
          select m.n, count(*)::int as ends, (array_agg(m.number order by m.number))[1:${MOST_ENDING}] as ending
          from mine m join whole w on w.n = m.n where cardinality(m.path) = $3 + w.epochs group by m.n
        ),
        agreed as (
          select m.n, v.name, v.place, min(v.value collate "C") as value
          from mine m cross join lateral (select name, place, (m.assignment -> name)::text as value from unnest($6::text[]) with ordinality as a(name, place)) v
          group by m.n, v.name, v.place having min(v.value collate "C") = max(v.value collate "C") and count(v.value) = count(*)
        ),
        told as (select n, json_object_agg(name, value::json order by place) as settings from agreed group by n)
        select g.of, g.requested, encode(g.first_key, 'hex') as first_key, encode(w.least[$3 + w.epochs], 'hex') as key, w.epochs, g.trials, w.done, w.failed, w.running,
          coalesce(e.ends, 0) as ends, e.ending, s.settings, r.recorded, r.seconds
        from shown g join whole w on w.n = g.n left join ended e on e.n = g.n left join told s on s.n = g.n
        cross join lateral (
          select count(*)::int as recorded, coalesce(sum(e.seconds), 0) as seconds from unnest(w.least[$3 + 1:$3 + w.epochs]) as k(key) join epoch e on e.key = k.key
        ) r
        order by g.n`,
      values: [sweep, parent === null ? null : Buffer.from(parent.key, 'hex'), parent?.epochs ?? 0, page.offset, page.limit, names],
    }),
  );
  const stages = rows.map(({ first_key, key, epochs, trials, done, failed, running, ends, ending, settings, recorded, seconds }) => ({
    ...{ firstKey: first_key, key, epochs, trials, done, failed, running, ends, ending: ending ?? [], settings: settings ?? {}, recorded, seconds },
  }));
  return { of: rows[0]?.of ?? 0, requested: Number(rows[0]?.requested ?? 0), stages };
}
