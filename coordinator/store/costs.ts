/**
 * What sweeps cost. A trial's row keeps what its epochs took from its end on (trialBatch), so nothing of an ended
 * trial is read of the epochs themselves. Equal keys have equal keys before them: trials whose first key nobody
 * else has share nothing within their sweep, and are summed as they are; the epochs of the others are counted one by one.
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
          select s.id as sweep, date_trunc('milliseconds', s.created_at) as since, t.id, t.path[1] as root, t.spent, t.before
          from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = any($1::text[])
        ),
        roots as materialized (select sweep, root, count(*) = 1 and bool_and(spent is not null) as alone from t group by sweep, root),
        alone as (
          select t.sweep, case when u.n > t.before then 1 else 0 end as own, 1 as trials, u.seconds
          from t join roots r on r.sweep = t.sweep and r.root = t.root and r.alone cross join lateral unnest(t.spent) with ordinality as u(seconds, n)
        ),
        others as materialized (select t.* from t join roots r on r.sweep = t.sweep and r.root = t.root and not r.alone where exists (select from epoch e where e.key = t.root)),
        walked as (
          select o.sweep, u.key, u.seconds, case when u.n > o.before then 1 else 0 end as own
          from others o join trial t on t.id = o.id cross join lateral unnest(t.path[1:t.epochs], o.spent) with ordinality as u(key, seconds, n) where o.spent is not null
          union all
          select o.sweep, e.key, e.seconds, case when date_trunc('milliseconds', e.recorded_at) >= o.since then 1 else 0 end
          from others o join trial t on t.id = o.id cross join lateral unnest(t.path[1:coalesce(t.epochs, cardinality(t.path))]) as u(key) join epoch e on e.key = u.key where o.spent is null
        ),
        c as (
          select sweep, own, trials, seconds from alone
          union all select sweep, max(own), count(*), max(seconds) from walked group by sweep, key
        )
        select s.sweep, coalesce(sum(c.own), 0) as trained, coalesce(sum(c.own * c.seconds), 0) as trained_seconds,
          coalesce(sum(c.trials - c.own), 0) as saved, coalesce(sum((c.trials - c.own) * c.seconds), 0) as saved_seconds
        from unnest($1::text[]) as s(sweep) left join c on c.sweep = s.sweep group by s.sweep`,
      values: [sweeps],
    }),
  );
  return rows.map(({ sweep, trained, trained_seconds, saved, saved_seconds }) => ({ sweep, trained: { epochs: Number(trained), seconds: trained_seconds }, saved: { epochs: Number(saved), seconds: saved_seconds } }));
}
