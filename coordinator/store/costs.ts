/**
 * What sweeps cost. A trial's row keeps what its epochs took from its end on (trialBatch), so nothing of an ended
 * trial is read of the epochs themselves. Equal keys have equal keys before them: trials whose first key nobody
 * else has share nothing within their sweep, and are summed as they are; of the others each epoch is counted once.
 *
 * Trials are read once, and kept for the second look at those that share: joined by their first keys they were sorted whole, those of other sweeps too.
 *
 * Rejected: all keys of all trials against the epochs, without what rows keep: seconds, or minutes, for 100,000 trials of
 * ten epochs. Sums by trial of what nobody had before it: they change with each trial that is retried or left behind.
 */
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
      // Of a path without an end, the recorded epochs come first: it is read on where its first one is recorded.
      text: `with t as materialized (
          select s.id as sweep, date_trunc('milliseconds', s.created_at) as since, t.path[1] as root, t.path[1:coalesce(t.epochs, cardinality(t.path))] as path,
            t.spent, t.spent is not null as is_known, cardinality(t.spent) as epochs, t.before,
            (select sum(x) from unnest(t.spent) x) as seconds, case when t.before > 0 then (select sum(x) from unnest(t.spent[1:t.before]) x) else 0 end as before_seconds
          from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = any($1::text[])
        ),
        roots as materialized (
          select sweep, root, count(*) = 1 and bool_and(is_known) as is_alone,
            sum(epochs) as epochs, sum(before) as before, sum(seconds) as seconds, sum(before_seconds) as before_seconds
          from t group by sweep, root
        ),
        others as materialized (
          select t.sweep, t.since, t.spent, t.before, t.path from t join roots r on r.sweep = t.sweep and r.root = t.root
          where not r.is_alone and exists (select from epoch e where e.key = r.root)
        ),
        walked as (
          select o.sweep, u.key, u.seconds, case when u.n > o.before then 1 else 0 end as own
          from others o cross join lateral unnest(o.path, o.spent) with ordinality as u(key, seconds, n) where o.spent is not null
          union all
          select o.sweep, e.key, e.seconds, case when date_trunc('milliseconds', e.recorded_at) >= o.since then 1 else 0 end
          from others o cross join lateral unnest(o.path) as u(key) join epoch e on e.key = u.key where o.spent is null
        ),
        counted as (select sweep, count(*) as trials, max(own) as own, max(seconds) as seconds from walked group by sweep, key),
        c as (
          select sweep, sum(epochs - before) as trained, sum(seconds - before_seconds) as trained_seconds, sum(before) as saved, sum(before_seconds) as saved_seconds
          from roots where is_alone group by sweep
          union all select sweep, sum(own), sum(own * seconds), sum(trials - own), sum((trials - own) * seconds) from counted group by sweep
        )
        select s.sweep, coalesce(sum(c.trained), 0) as trained, coalesce(sum(c.trained_seconds), 0) as trained_seconds,
          coalesce(sum(c.saved), 0) as saved, coalesce(sum(c.saved_seconds), 0) as saved_seconds
        from unnest($1::text[]) as s(sweep) left join c on c.sweep = s.sweep group by s.sweep`,
      values: [sweeps],
    }),
  );
  return rows.map(({ sweep, trained, trained_seconds, saved, saved_seconds }) => ({ sweep, trained: { epochs: Number(trained), seconds: trained_seconds }, saved: { epochs: Number(saved), seconds: saved_seconds } }));
}
