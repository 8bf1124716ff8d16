import type { ClientBase } from 'pg';
import type { EpochKey, OutcomeClass } from '../../proto/work.js';
import { byteaArray, plainText } from './batch.js';
import type { Batch } from './batch.js';
import type { AttemptRecord, FailureCount, OpenAttempt, TrialAttempt } from './records.js';
import type { AttemptEnd, GrantWrite } from './turn-writes.js';

interface Lease {
  readonly attempt: string;
  readonly token: string;
}

/**
 * The fence of a turn: every attempt that it writes for is leased under that token, and stays so till
 * the turn is committed. Locked in order of id, so that two turns never wait for each other in a ring.
 * Those that end in the same turn are fenced by their end (`endBatch`).
 */
export function leaseGuard(writes: readonly Lease[], ended: readonly Lease[]): Batch | null {
  const name = (lease: Lease): string => `${lease.attempt} ${lease.token}`;
  const ending = new Set(ended.map(name));
  const leases = [...new Map(writes.map((lease) => [name(lease), lease])).entries()].flatMap(([key, lease]) => (ending.has(key) ? [] : [lease]));
  if (leases.length === 0) return null;
  return {
    what: 'leases of the reports',
    name: 'lease-guard',
    text: `with locked as (
        select from unnest($1::text[], $2::text[]) as g(attempt, token)
        join attempt a on a.id = g.attempt and a.token = g.token and a.state = 'leased'
        order by a.id for no key update of a
      )
      select count(*)::int as matched from locked`,
    values: [leases.map((lease) => lease.attempt), leases.map((lease) => lease.token)],
    expected: leases.length,
    counts: true,
  };
}

export function grantBatch(grants: readonly GrantWrite[]): Batch | null {
  if (grants.length === 0) return null;
  return {
    what: 'grants',
    name: 'grants',
    text: `insert into attempt (id, token, stage, worker, kind, keys, from_epoch, alone, payers)
      select g.id, g.token, g.stage, g.worker, g.kind, g.keys::bytea[], g.from_epoch, g.alone, string_to_array(g.payers, ' ')
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::boolean[], $9::text[])
        as g(id, token, stage, worker, kind, keys, from_epoch, alone, payers)`,
    values: [
      grants.map((grant) => grant.attempt),
      grants.map((grant) => grant.token),
      grants.map((grant) => grant.stage),
      grants.map((grant) => grant.worker),
      grants.map((grant) => grant.kind),
      grants.map((grant) => byteaArray(grant.keys)),
      grants.map((grant) => grant.from),
      grants.map((grant) => grant.alone),
      grants.map((grant) => grant.payers.join(' ')),
    ],
    expected: grants.length,
  };
}

export function endBatch(ended: readonly AttemptEnd[]): Batch | null {
  if (ended.length === 0) return null;
  return {
    what: 'ends of attempts',
    name: 'ends',
    text: `update attempt a set state = 'ended', outcome = g.outcome, message = g.message, log = g.log, ended_at = clock_timestamp(),
        begun_at = case when g.began_after_ms is not null then least(a.granted_at + make_interval(secs => g.began_after_ms / 1000), clock_timestamp()) end
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[]) as g(attempt, token, outcome, message, log, began_after_ms)
      where a.id = g.attempt and a.token = g.token and a.state = 'leased'`,
    values: [
      ended.map((end) => end.attempt),
      ended.map((end) => end.token),
      ended.map((end) => end.outcome),
      ended.map((end) => plainText(end.message)),
      ended.map((end) => plainText(end.log)),
      ended.map((end) => end.beganAfterMs),
    ],
    expected: ended.length,
  };
}

export async function readOpenAttempts(client: ClientBase): Promise<OpenAttempt[]> {
  const { rows } = await client.query<OpenAttempt>({
    name: 'open-attempts',
    text: `select id as attempt, token, worker, kind, from_epoch as "from", alone, payers,
        array(select encode(k, 'hex') from unnest(keys) with ordinality as u(k, n) order by n) as keys
      from attempt where state = 'leased' order by granted_at, id`,
  });
  return rows;
}

export async function readFailureCounts(client: ClientBase, keys: readonly EpochKey[], sweep: string): Promise<FailureCount[]> {
  const { rows } = await client.query<{ key: EpochKey; kind: FailureCount['kind']; class: OutcomeClass; count: string }>({
    name: 'failure-counts',
    text: `select encode(keys[1], 'hex') as key, kind, outcome as class, count(*)
      from attempt where keys[1] = any($1::bytea[]) and state = 'ended' and outcome not in ('done', 'released', 'Preempted')
        and granted_at >= (select greatest(r.created_at, s.retried_at) from sweep s join sweep_revision r on r.sweep = s.id and r.revision = s.revision where s.id = $2)
      group by keys[1], kind, outcome`,
    values: [byteaArray(keys), sweep],
  });
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

const ATTEMPT = `id as attempt, worker, kind, payers, from_epoch as "from", from_epoch + cardinality(keys) as "to", outcome,
  granted_at as "leasedAt", begun_at as "begunAt", ended_at as "endedAt"`;

export async function readAttemptsOf(client: ClientBase, keys: readonly EpochKey[]): Promise<TrialAttempt[]> {
  // A span of a path begins with a key of that path.
  const { rows } = await client.query<TrialAttempt>({
    name: 'attempts-of',
    text: `select ${ATTEMPT}, message, log from attempt where keys[1] = any($1::bytea[]) order by granted_at, id`,
    values: [byteaArray(keys)],
  });
  return rows;
}

export async function readLastLog(client: ClientBase, trial: string): Promise<string> {
  const { rows } = await client.query<{ log: string }>({
    name: 'last-log',
    text: `select a.log from trial t join attempt a on a.keys[1] = any(t.path) where t.id = $1 and a.log <> '' and a.outcome not in ('done', 'released') order by a.ended_at desc nulls last limit 1`,
    values: [trial],
  });
  return rows[0]?.log ?? '';
}

/** Those that ended before a slot began them say nothing of slots. */
const NOT_RETURNED_UNBEGUN = `(state = 'leased' or begun_at is not null)`;

export async function readAttemptsOn(client: ClientBase, sweep: string, limit: number): Promise<AttemptRecord[]> {
  const { rows } = await client.query<AttemptRecord>({
    name: 'attempts-on',
    text: `select ${ATTEMPT} from attempt where $1 = any(payers) and ${NOT_RETURNED_UNBEGUN} order by granted_at desc, id desc limit $2`,
    values: [sweep, limit],
  });
  return rows;
}

/** So long before a time are attempts looked for that were under way then. */
const LONGEST_HOURS = 24;

export async function readAttemptsSince(client: ClientBase, since: Date, limit: number): Promise<AttemptRecord[]> {
  const { rows } = await client.query<AttemptRecord>({
    name: 'attempts-since',
    text: `select ${ATTEMPT} from attempt
      where granted_at > $1::timestamptz - make_interval(hours => $3) and (ended_at is null or ended_at > $1) and ${NOT_RETURNED_UNBEGUN}
      order by granted_at desc, id limit $2`,
    values: [since, limit, LONGEST_HOURS],
  });
  return rows;
}
