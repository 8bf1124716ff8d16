/** Where completed trials stand: scores that are not known yet, because a migration or another objective left them out. */
import type { ClientBase } from 'pg';
import type { SweepRecord, TrialRow, TrialScore } from './records.js';
import { readSweepWhere } from './sweeps.js';
import { readRows } from './trial-rows.js';

/** Completed trials of `s` whose score is not known, by the index in the order of scores. */
const unscored = `select t.id from trial t where t.sweep = s.id and t.revision = s.revision and t.state = 'completed' and t.shortfall is null`;

/** Some of one sweep, at most `limit` of its trials; null where all scores are known. */
export async function readUnscored(client: ClientBase, limit: number): Promise<{ sweep: SweepRecord; rows: TrialRow[] } | null> {
  const sweep = await readSweepWhere(client, 'unscored-sweep', `exists (${unscored})`);
  if (sweep === null) return null;
  return { sweep, rows: await readRows(client, 'unscored-rows', sweep.id, `and t.id in (select u.id from s cross join lateral (${unscored} limit $2) u)`, [limit]) };
}

/** Only of trials that are as they were: another objective, or a retry, may have come meanwhile. How many those are. */
export async function writeScores(client: ClientBase, { id, revision }: Pick<SweepRecord, 'id' | 'revision'>, scores: readonly TrialScore[]): Promise<number> {
  const { rowCount } = await client.query({
    name: 'write-scores',
    text: `update trial t set shortfall = g.shortfall, minimised = g.minimised from unnest($3::text[], $4::float8[], $5::float8[]) as g(id, shortfall, minimised)
      where t.id = g.id and t.sweep = $1 and t.revision = $2 and t.state = 'completed' and t.shortfall is null`,
    values: [id, revision, scores.map((score) => score.id), scores.map(({ shortfall }) => shortfall), scores.map(({ minimised }) => minimised)],
  });
  return rowCount ?? 0;
}
