import type { ClientBase } from 'pg';
import type { EpochKey, EpochSettings, Trajectory } from '../../proto/work.js';
import type { Assignment, TrialPlan } from '../sweep/spec.js';
import { isEnded, moveTrial, trialTransitions } from '../trial/states.js';
import type { TrialState } from '../trial/states.js';
import { byteaArray, jsonText, lastById } from './batch.js';
import type { Batch } from './batch.js';
import { firstStates, legalMoves } from './state-moves.js';
import type { NumberedAssignment, StoredFailures, TrialFailure, TrialRecord } from './records.js';
import type { Carried, NewTrial, TrialUpdate } from './turn-writes.js';

/**
 * A trial whose stored state does not lead to the new one (it was cancelled meanwhile, say) is not matched, nor
 * one that a new revision has kept meanwhile: it may stop, or be pruned, by another rule there.
 */
export function trialBatch(updates: readonly TrialUpdate[]): Batch | null {
  if (updates.length === 0) return null;
  const last = lastById(updates);
  const first = firstStates(updates, moveTrial);
  return {
    what: 'trials in a state that leads to the new one',
    name: 'trials',
    text: `update trial t set state = g.state, epochs = g.epochs, until = coalesce(g.until, t.until), best_epoch = g.best_epoch, failure = g.failure::jsonb,
        shortfall = g.shortfall, minimised = g.minimised, updated_at = now(), (spent, before) = (
          select case when count(e.key) = g.epochs then coalesce(array_agg(e.seconds order by u.n) filter (where e.key is not null), '{}') end,
            case when count(e.key) = g.epochs then (count(*) filter (where date_trunc('milliseconds', e.recorded_at) < date_trunc('milliseconds', s.created_at)))::int end
          from sweep s left join lateral unnest(t.path[1:g.epochs]) with ordinality as u(key, n) on true left join epoch e on e.key = u.key where s.id = t.sweep
        )
      from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::text[], $9::int[], $10::float8[], $11::float8[])
        as g(id, first, state, epochs, until, best_epoch, failure, revision, shortfall, minimised)
      where t.id = g.id and t.revision = g.revision and (t.state = g.first or t.state || '>' || g.first = any($8::text[]))`,
    values: [
      last.map((update) => update.id),
      last.map((update) => first.get(update.id)),
      last.map((update) => update.state),
      last.map((update) => update.epochs),
      last.map((update) => update.until),
      last.map((update) => update.bestEpoch),
      last.map((update) => (update.failure === null ? null : jsonText(update.failure))),
      legalMoves(trialTransitions),
      last.map((update) => update.revision),
      last.map(({ score }) => score?.shortfall ?? null),
      last.map(({ score }) => score?.minimised ?? null),
    ],
    expected: last.length,
  };
}

/** Only for a sweep's current revision, which stays so till the transaction ends: those of a former one would be nobody's. */
export function newTrialBatch(trials: readonly NewTrial[]): Batch | null {
  if (trials.length === 0) return null;
  return {
    what: 'new trials',
    name: 'new-trials',
    text: `insert into trial (id, sweep, revision, number, assignment, plan, path, ahead, state)
      select g.id, g.sweep, g.revision, g.number, g.assignment::json, g.plan::json, g.path::bytea[], g.ahead, 'queued'
      from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::int[]) as g(id, sweep, revision, number, assignment, plan, path, ahead)
      join sweep s on s.id = g.sweep and s.revision = g.revision for share of s`,
    values: [
      trials.map((trial) => trial.id),
      trials.map((trial) => trial.sweep),
      trials.map((trial) => trial.revision),
      trials.map(({ plan }) => plan.number),
      trials.map(({ plan }) => JSON.stringify(plan.assignment)),
      trials.map(({ plan: { trajectory, epochs } }) => JSON.stringify({ trajectory, epochs })),
      trials.map(({ plan }) => byteaArray(plan.path)),
      trials.map(({ ahead }) => ahead),
    ],
    expected: trials.length,
  };
}

/** Cancels what has not ended: of the revision that a new one leaves behind, or of a sweep that a person stopped. */
export function cancelBatch(sweep: string, revision: number): Batch {
  const open = Object.entries(trialTransitions).filter(([, moves]) => moves.includes('cancelled')).map(([state]) => state);
  return {
    what: 'trials to be cancelled',
    name: 'cancel-trials',
    text: `update trial set state = 'cancelled', updated_at = now() where sweep = $1 and revision = $2 and state = any($3::text[])`,
    values: [sweep, revision, open],
    expected: null,
  };
}

/** The trials that a revision was worked out from are all there are. */
export function knownBatch({ from, known }: Carried): Batch {
  return {
    what: 'trials that were proposed meanwhile',
    name: 'known-trials',
    text: 'select 1 where (select count(*) from trial where sweep = $1 and revision = $2) = $3',
    values: [from.id, from.revision, known],
    expected: 1,
  };
}

/** Trials of a revision that go on under the next one, where they stand as they did if that goes by the same objective. */
export function keepBatch(sweep: string, { from, kept, judgedAnew, foldedAnew, revives }: Carried): Batch | null {
  if (kept.length === 0) return null;
  return {
    what: 'trials that a new revision keeps',
    name: 'keep-trials',
    text: `with same as materialized (
        select count(distinct jsonb_build_array(spec::jsonb -> 'objective', data::jsonb -> 'classes', data::jsonb -> 'positive')) = 1 as objective
        from sweep_revision where sweep = $1 and revision in ($3, $3 + 1)
      )
      update trial set revision = $3 + 1, until = case when $4 then null else until end,
        state = case when $7 and state = 'cancelled' then 'queued' else state end, epochs = case when $7 and state = 'cancelled' then null else epochs end,
        spent = case when $7 and state = 'cancelled' then null else spent end, before = case when $7 and state = 'cancelled' then null else before end,
        shortfall = case when same.objective then shortfall end, minimised = case when same.objective then minimised end
      from same where sweep = $1 and id = any($2::text[]) and revision = $3 and not ($5 and state = any($6::text[]))`,
    values: [sweep, kept, from.revision, judgedAnew, foldedAnew, Object.keys(trialTransitions).filter((state) => isEnded(state as TrialState)), revives],
    expected: kept.length,
  };
}

/** A sweep goes on with all that was cancelled. */
export function reviveBatch(sweep: string, revision: number): Batch {
  return {
    what: 'cancelled trials that go on',
    name: 'revive-trials',
    text: `update trial set state = 'queued', epochs = null, spent = null, before = null, updated_at = now() where sweep = $1 and revision = $2 and state = 'cancelled'`,
    values: [sweep, revision],
    expected: null,
  };
}

/** Only from states that lead to `queued`. */
export function retryBatch(sweep: string, revision: number, trials: readonly string[]): Batch {
  const ended = Object.entries(trialTransitions).filter(([state, moves]) => isEnded(state as TrialState) && moves.includes('queued')).map(([state]) => state);
  return {
    what: 'trials to be tried again',
    name: 'retry-trials',
    text: `update trial set state = 'queued', epochs = null, best_epoch = null, failure = null, until = null, shortfall = null, minimised = null, spent = null, before = null, updated_at = now()
      where sweep = $1 and revision = $2 and id = any($3::text[]) and state = any($4::text[])`,
    values: [sweep, revision, trials, ended],
    expected: trials.length,
  };
}

/** Equal values as one object: a sweep of many epochs has few settings, and the leader holds those of every epoch. */
class Once<Value> {
  readonly #byText = new Map<string, Value>();

  of(value: Value): Value {
    const text = JSON.stringify(value);
    const known = this.#byText.get(text);
    if (known === undefined) this.#byText.set(text, value);
    return known ?? value;
  }
}

interface TrialRow {
  readonly id: string;
  readonly sweep: string;
  readonly number: number;
  readonly assignment: Assignment;
  readonly plan: Pick<TrialPlan, 'trajectory' | 'epochs'>;
  readonly path: readonly EpochKey[];
  readonly state: TrialState;
  readonly epochs: number | null;
  readonly until: number | null;
  readonly best_epoch: number | null;
  readonly failure: TrialFailure | null;
  readonly ahead: number | null;
}

const columns = `t.id, t.sweep, t.number, t.assignment, t.plan, t.state, t.epochs, t.until, t.best_epoch, t.failure, t.ahead,
  array(select encode(k, 'hex') from unnest(t.path) with ordinality as u(k, n) order by n) as path`;

export async function readTrials(client: ClientBase, sweep: string): Promise<TrialRecord[]> {
  const { rows } = await client.query<TrialRow>({
    name: 'trials-of',
    text: `select ${columns} from trial t join sweep s on s.id = t.sweep and s.revision = t.revision where s.id = $1 order by t.number`,
    values: [sweep],
  });
  const trajectories = new Once<Trajectory>();
  const settings = new Once<EpochSettings>();
  return rows.map(record).map((trial) => ({ ...trial, plan: { ...trial.plan, trajectory: trajectories.of(trial.plan.trajectory), epochs: trial.plan.epochs.map((epoch) => settings.of(epoch)) } }));
}

export async function readTrial(client: ClientBase, project: string, id: string): Promise<TrialRecord | null> {
  const { rows } = await client.query<TrialRow>({ name: 'trial', text: `select ${columns} from trial t join sweep s on s.id = t.sweep where t.id = $1 and s.project = $2`, values: [id, project] });
  return rows[0] === undefined ? null : record(rows[0]);
}

export async function readNumberedTrial(client: ClientBase, sweep: string, number: number): Promise<TrialRecord | null> {
  const { rows } = await client.query<TrialRow>({
    name: 'numbered-trial',
    text: `select ${columns} from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1 and t.number = $2`,
    values: [sweep, number],
  });
  return rows[0] === undefined ? null : record(rows[0]);
}

/** Nothing else of them: a trial's row is wide. In no order. */
export async function readAssignments(client: ClientBase, sweep: string, numbers: readonly number[]): Promise<NumberedAssignment[]> {
  const { rows } = await client.query<NumberedAssignment>({
    name: 'assignments',
    text: 'select t.number, t.assignment from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1 and t.number = any($2::int[])',
    values: [sweep, numbers],
  });
  return rows;
}

/** Of those that failed or are infeasible, at most `limit` numbers each: their rows alone, by the index of states. */
export async function readFailureGroups(client: ClientBase, sweep: string, limit: number): Promise<StoredFailures[]> {
  const { rows } = await client.query<StoredFailures>({
    name: 'failure-groups',
    text: `with f as (
        select t.id, t.number, t.failure ->> 'class' as class, t.failure ->> 'message' as message,
          row_number() over (partition by t.failure ->> 'class' order by date_trunc('milliseconds', t.updated_at) desc, t.number desc) as n
        from trial t where t.sweep = $1 and t.revision = (select revision from sweep where id = $1) and t.state in ('failed', 'infeasible') and t.failure is not null
      )
      select class, count(*)::int as count, max(id) filter (where n = 1) as id, max(message) filter (where n = 1) as message, array_agg(number order by n) filter (where n <= $2) as numbers
      from f group by class order by count(*) desc, min(number)`,
    values: [sweep, limit],
  });
  return rows;
}

export async function readCompleted(client: ClientBase, sweep: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>({
    name: 'completed-trials',
    text: `select count(*) from sweep s join trial t on t.sweep = s.id and t.revision = s.revision where s.id = $1 and t.state = 'completed'`,
    values: [sweep],
  });
  return Number(rows[0]?.count ?? 0);
}

function record(row: TrialRow): TrialRecord {
  const { id, sweep, number, assignment, state, epochs, until, failure, ahead } = row;
  const plan = { number, assignment, ...row.plan, path: row.path };
  return { id, sweep, number, assignment, plan, state, epochs, until, bestEpoch: row.best_epoch, failure, ahead };
}
