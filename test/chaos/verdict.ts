/** What the store holds after a run, read with SQL: nothing that trawl says of itself is taken for granted. */
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';

export interface Finding {
  readonly trials: number;
  readonly epochs: number;
  /** Keys of all epochs that are recorded. */
  readonly keys: ReadonlySet<string>;
  /** Trials that did not complete. */
  readonly lost: number;
  /** Why: a line each. */
  readonly losses: readonly string[];
  /** Trials that ended more than once, and epochs that another attempt trained to other numbers. */
  readonly doubled: number;
  /** Leases of nobody, epochs without their parent, completed trials without their epochs or evaluations. */
  readonly orphaned: number;
  /** By sweep and settings: all that must not depend on what went wrong. */
  readonly leaderboard: ReadonlyMap<string, unknown>;
}

interface TrialRow {
  readonly sweep: string;
  readonly assignment: unknown;
  readonly state: string;
  readonly epochs: number | null;
  readonly failure: { readonly class: string; readonly message: string } | null;
  readonly best_epoch: number | null;
  readonly results: unknown;
  readonly evaluations: unknown;
}

const TRIALS = `
  select s.name as sweep, t.assignment, t.state, t.failure, t.epochs, t.best_epoch,
    (select json_agg(e.result order by e.epoch) from epoch e where e.key = any(t.path[1:t.epochs])) as results,
    (select json_agg(json_build_object('part', v.part, 'result', v.result, 'probabilities', v.probabilities) order by v.part)
      from evaluation v where v.key = t.path[t.best_epoch + 1]) as evaluations
  from trial t join sweep s on s.id = t.sweep and s.revision = t.revision
  order by s.name, t.number`;

export async function examine(databaseUrl: string): Promise<Finding> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const count = async (query: string): Promise<number> => Number((await client.query<{ n: string }>(`select count(*) as n from (${query}) as q`)).rows[0]?.n);
  try {
    const { rows } = await client.query<TrialRow>(TRIALS);
    const keys = new Set((await client.query<{ key: string }>("select encode(key, 'hex') as key from epoch")).rows.map(({ key }) => key));
    const lost = rows.filter(({ state }) => state !== 'completed');
    return {
      trials: rows.length,
      epochs: keys.size,
      keys,
      lost: lost.length,
      losses: lost.map(({ sweep, assignment, state, failure }) => `${sweep} ${JSON.stringify(assignment)} is ${state}${failure === null ? '' : `: ${failure.class}: ${failure.message}`}`),
      doubled:
        (await count("select trial from event where type in ('trial.completed', 'trial.failed') group by trial having count(*) > 1")) +
        (await count("select from event where type = 'NonDeterministic'")),
      orphaned:
        (await count("select from attempt where state = 'leased'")) +
        (await count('select from epoch e where parent is not null and not exists (select from epoch p where p.key = e.parent)')) +
        (await count("select from trial t where state = 'completed' and epochs <> (select count(*) from epoch e where e.key = any(t.path[1:t.epochs]))")),
      leaderboard: new Map(rows.map(({ sweep, assignment, ...rest }) => [`${sweep} ${JSON.stringify(assignment)}`, rest])),
    };
  } finally {
    await client.end();
  }
}

/** Settings whose results differ, as keys of the leaderboard. */
export function differences(calm: Finding, chaos: Finding): string[] {
  const all = new Set([...calm.leaderboard.keys(), ...chaos.leaderboard.keys()]);
  return [...all].filter((key) => !isDeepStrictEqual(calm.leaderboard.get(key), chaos.leaderboard.get(key)));
}

/** Epochs that only one of the runs has recorded: trained though nobody wanted them, or not at all. */
export function otherEpochs(calm: Finding, chaos: Finding): number {
  return [...calm.keys].filter((key) => !chaos.keys.has(key)).length + [...chaos.keys].filter((key) => !calm.keys.has(key)).length;
}
