/**
 * The tree of stages as it lies in trials' paths, one level at a time. Equal keys have equal keys before them,
 * so the trials below a key are those with it at its place; and the keys that all of them share are those that
 * the least and the greatest of their paths, in the order of arrays, have in common, up to where the shortest
 * ends. One pass over the trials: comparing their assignments, too, took ten times as long, and slicing ended
 * paths before they are compared half of the rest.
 */
import type { ClientBase } from 'pg';
import type { EpochKey } from '../../proto/work.js';
import type { StageParent, StagesBelow } from './records.js';
import { withMemory } from './trial-rows.js';

interface Row {
  readonly of: number;
  readonly requested: string;
  readonly first_key: EpochKey;
  readonly key: EpochKey;
  readonly epochs: number;
  readonly numbers: readonly number[];
  readonly done: number;
  readonly failed: number;
  readonly infeasible: number;
  readonly running: number;
  readonly ending: readonly number[];
  readonly recorded: number;
  readonly seconds: number;
}

/** Those with most trials first. */
export async function readStages(client: ClientBase, sweep: string, parent: StageParent | null, page: { readonly offset: number; readonly limit: number }): Promise<StagesBelow> {
  const { rows } = await withMemory(client, () =>
    client.query<Row>({
      name: 'stages',
      // Of the trials that were not cancelled and have the parent on their paths, and go on from there.
      text: `with part as (
          select t.path[$3::int + 1] as first_key, coalesce(t.epochs, cardinality(t.path)) - $3 as length, min(t.path) as least, max(t.path) as greatest, array_agg(t.number) as numbers, min(t.number) as first,
            count(*) filter (where t.state in ('completed', 'pruned')) as done, count(*) filter (where t.state = 'failed') as failed, count(*) filter (where t.state = 'infeasible') as infeasible, count(*) filter (where t.state = 'running') as running
          from sweep s join trial t on t.sweep = s.id and t.revision = s.revision
          where s.id = $1 and t.state <> 'cancelled' and ($2::bytea is null or t.path[$3] = $2) and coalesce(t.epochs, cardinality(t.path)) > $3
          group by 1, 2
        ),
        stage as (
          select first_key, min(length) as shortest, min(least) as least, max(greatest) as greatest, sum(cardinality(numbers)) as trials, min(first) as first,
            sum(length * cardinality(numbers)) as requested, sum(done)::int as done, sum(failed)::int as failed, sum(infeasible)::int as infeasible, sum(running)::int as running
          from part group by first_key
        ),
        shown as (
          select row_number() over (order by trials desc, first) as n, stage.*, count(*) over ()::int as of, sum(requested) over () as requested_of_all
          from stage order by trials desc, first offset $4 limit $5
        ),
        whole as (
          select shown.*, l.epochs from shown
          cross join lateral (select least(shortest, count(*)::int) as epochs from unnest(least[$3 + 1:], greatest[$3 + 1:]) as u(a, b) where a = b) l
        ),
        members as (
          select w.n, array_agg(m.number) as numbers, coalesce(array_agg(m.number) filter (where p.length = w.epochs), '{}') as ending
          from whole w join part p on p.first_key = w.first_key cross join unnest(p.numbers) as m(number) group by w.n
        )
        select w.of, w.requested_of_all as requested, encode(w.first_key, 'hex') as first_key, encode(w.least[$3 + w.epochs], 'hex') as key, w.epochs, m.numbers, w.done, w.failed, w.infeasible, w.running, m.ending,
          r.recorded, r.seconds
        from whole w join members m on m.n = w.n
        cross join lateral (
          select count(*)::int as recorded, coalesce(sum(e.seconds), 0) as seconds from unnest(w.least[$3 + 1:$3 + w.epochs]) as k(key) join epoch e on e.key = k.key
        ) r
        order by w.n`,
      values: [sweep, parent === null ? null : Buffer.from(parent.key, 'hex'), parent?.epochs ?? 0, page.offset, page.limit],
    }),
  );
  const stages = rows.map(({ first_key: firstKey, key, epochs, numbers, done, failed, infeasible, running, ending, recorded, seconds }) => ({ firstKey, key, epochs, numbers, done, failed, infeasible, running, ending, recorded, seconds }));
  return { of: rows[0]?.of ?? 0, requested: Number(rows[0]?.requested ?? 0), stages };
}
