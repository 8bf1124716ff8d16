/**
 * What trials had come to before their sweep was extended: a trial that goes on to more epochs is a row of its own
 * under the new revision, and that of the revision before keeps its result. Until the new one has completed, the
 * former result is the trial's, by its path the same training as far as it goes, if the objective and the rule to stop
 * are still the same. One that was pruned or cancelled on its way goes on no more.
 */
import type { ClientBase } from 'pg';
import type { FormerBest } from './records.js';

/** Common table expressions over the sweep $1: `former` has, of each trial that goes on, the latest such result with its `id` of today. */
export const FORMER = `s as materialized (select id, revision from sweep where id = $1),
  goal as materialized (
    select r.revision, jsonb_build_array(r.spec::jsonb -> 'objective', r.spec::jsonb -> 'stop', r.data::jsonb -> 'classes', r.data::jsonb -> 'positive') as goal
    from s join sweep_revision r on r.sweep = s.id where s.revision > 1
  ),
  same as materialized (select g.revision from s join goal c on c.revision = s.revision join goal g on g.goal = c.goal and g.revision < s.revision),
  former as materialized (
    select distinct on (t.id) t.id, t.number, f.updated_at, f.shortfall, f.minimised, f.epochs, cardinality(t.path) as planned
    from same join trial f on f.sweep = $1 and f.revision = same.revision and f.state = 'completed'
    join s on true join trial t on t.sweep = $1 and t.revision = s.revision and t.number = f.number
    where t.state in ('queued', 'running', 'paused') and f.shortfall is not null and f.minimised <> 'NaN' and f.path = t.path[1:cardinality(f.path)]
    order by t.id, f.revision desc
  )`;

/** The best of them; null where there is none, or a trial that has completed since is no worse. */
export async function readFormerBest(client: ClientBase, sweep: string): Promise<FormerBest | null> {
  const { rows } = await client.query<FormerBest>({
    name: 'former-best',
    text: `with ${FORMER}, b as (select * from former order by shortfall, minimised, number limit 1)
      select b.id, b.number, b.shortfall, b.minimised, b.epochs as after, b.planned as of from b, s
      where not exists (select from trial c where c.sweep = $1 and c.revision = s.revision and c.state = 'completed' and (c.shortfall, c.minimised) <= (b.shortfall, b.minimised))`,
    values: [sweep],
  });
  return rows[0] ?? null;
}
