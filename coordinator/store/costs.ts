/** What sweeps cost, summed where the epochs are. */
import type { ClientBase } from 'pg';
import type { SweepCosts } from './records.js';
import { withMemory } from './trial-rows.js';

/**
 * Of each of the given sweeps' current trials, as far as their paths went. An epoch was trained once, be it
 * for this sweep or before it was made; each further trial that has it on its path has shared it.
 */
export async function readCosts(client: ClientBase, sweeps: readonly string[]): Promise<SweepCosts[]> {
  const { rows } = await withMemory(client, () =>
    client.query<{ sweep: string; trained: string; trained_seconds: number; saved: string; saved_seconds: number }>({
      name: 'costs',
      text: `with p as (
          select s.id as sweep, s.created_at, k.key, count(*) as trials from sweep s join trial t on t.sweep = s.id and t.revision = s.revision
          cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) as k(key)
          where s.id = any($1::text[]) group by s.id, k.key
        ),
        c as (
          select p.sweep, e.seconds, p.trials, case when date_trunc('milliseconds', e.recorded_at) >= date_trunc('milliseconds', p.created_at) then 1 else 0 end as own
          from p join epoch e on e.key = p.key
        )
        select s.sweep, coalesce(sum(c.own), 0) as trained, coalesce(sum(c.own * c.seconds), 0) as trained_seconds,
          coalesce(sum(c.trials - c.own), 0) as saved, coalesce(sum((c.trials - c.own) * c.seconds), 0) as saved_seconds
        from unnest($1::text[]) as s(sweep) left join c on c.sweep = s.sweep group by s.sweep`,
      values: [sweeps],
    }),
  );
  return rows.map(({ sweep, trained, trained_seconds, saved, saved_seconds }) => ({ sweep, trained: { epochs: Number(trained), seconds: trained_seconds }, saved: { epochs: Number(saved), seconds: saved_seconds } }));
}
