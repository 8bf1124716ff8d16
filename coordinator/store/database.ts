/** Connections to the database, and what its errors mean. */
import pg from 'pg';
import type { ClientBase } from 'pg';
import { shownAddress } from '../../proto/shown-address.js';
import type { Batch } from './batch.js';
import { DatabaseFull, DatabaseUnavailable, NotLeader, StaleWrite } from './errors.js';
import { leaderGuard, silentForMs } from './leader.js';

const connections = 8;
const connectTimeoutMs = 10_000;

/** Statements on one connection, in one transaction. */
export interface Transaction {
  readonly client: ClientBase;
  /** Sends all at once and checks each one's rows. Throws StaleWrite. */
  readonly run: (batches: readonly (Batch | null)[]) => Promise<void>;
}

export class Database {
  readonly #url: string;
  readonly #pool: pg.Pool;

  constructor(url: string, onError: (error: Error) => void) {
    this.#url = url;
    this.#pool = new pg.Pool({ ...this.#config(), max: connections });
    // A connection that breaks while it is idle; whoever needs one gets another or an error of their own.
    this.#pool.on('error', onError);
  }

  /** One statement or several, without a transaction. Throws DatabaseUnavailable. */
  async read<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return this.#told(async () => {
      const client = await this.#pool.connect();
      let broken: Error | undefined;
      // One that breaks between two statements fails the next: unheard, it would end the process.
      const heard = (): void => undefined;
      client.on('error', heard);
      try {
        return await work(client);
      } catch (error) {
        broken = isUnavailable(error) && error instanceof Error ? error : undefined;
        throw error;
      } finally {
        client.off('error', heard);
        client.release(broken);
      }
    });
  }

  /** All or nothing, whoever leads. Throws DatabaseUnavailable. */
  async transaction<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return this.read(async (client) => {
      try {
        await client.query('begin');
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  /** All or nothing, and only for the current leader. Throws NotLeader, StaleWrite, DatabaseFull, DatabaseUnavailable. */
  async write<Result>(leaderEpoch: number, work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.read(async (client) => {
      const begun = settled(client.query('begin'));
      const guarded = settled(client.query(statement(leaderGuard(leaderEpoch))));
      const transaction: Transaction = { client, run: (batches) => runAll(client, batches) };
      try {
        // The work's first statements go out with the guard; nothing is committed before it is looked at.
        const working = settled(work(transaction));
        await begun();
        if ((await guarded()).rowCount !== 1) {
          await working().catch(() => undefined);
          throw new NotLeader(leaderEpoch);
        }
        const result = await working();
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw asStale(error);
      }
    });
  }

  /** Work on a connection outside the pool, which it owns and ends. Throws DatabaseUnavailable. */
  async dedicated<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    return this.#told(async () => {
      const client = new pg.Client(this.#config());
      await client.connect();
      return work(client);
    });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #config(): pg.PoolConfig {
    return {
      connectionString: this.#url,
      application_name: 'trawl',
      pipeline: true,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      // A leader that was frozen or cut off in a turn would keep its row, and any other from taking over.
      idle_in_transaction_session_timeout: silentForMs,
    };
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) === diskFull) throw new DatabaseFull(shownAddress(this.#url), describe(error), { cause: error });
      if (isUnavailable(error)) throw new DatabaseUnavailable(shownAddress(this.#url), describe(error), { cause: error });
      throw error;
    }
  }
}

async function runAll(client: ClientBase, batches: readonly (Batch | null)[]): Promise<void> {
  const given = batches.filter((batch) => batch !== null);
  const results = await Promise.allSettled(given.map((batch) => client.query<{ readonly matched?: number }>(statement(batch))));
  // After a failure every later statement fails too; the first one is the cause.
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') throw result.reason;
    const batch = given[index];
    const matched = (batch?.counts === true ? result.value.rows[0]?.matched : result.value.rowCount) ?? 0;
    if (batch !== undefined && batch.expected !== null && matched !== batch.expected) {
      throw new StaleWrite(`${batch.what}: ${matched} of ${batch.expected} matched`);
    }
  }
}

function statement(batch: Batch): pg.QueryConfig {
  // Reads have names of their own on the same connections.
  return { name: `write-${batch.name}`, text: batch.text, values: [...batch.values] };
}

/** A promise to be awaited later, whose failure till then is nobody's uncaught one. */
function settled<Result>(promise: Promise<Result>): () => Promise<Result> {
  promise.catch(() => undefined);
  return () => promise;
}

const uniqueViolation = '23505';
const foreignKeyViolation = '23503';
const deadlock = '40P01';
const diskFull = '53100';

/** What was written already, refers to what is not there, or gave way to another in a ring of locks fits no more than an unmatched row does. */
function asStale(error: unknown): unknown {
  const code = codeOf(error);
  if (![uniqueViolation, foreignKeyViolation, deadlock].includes(code)) return error;
  const detail = error instanceof Error && 'detail' in error ? String(error.detail) : '';
  return new StaleWrite(`${error instanceof Error ? error.message : ''} (${detail})`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Connection failures (08), refused logins (28), a missing database (3D), too many connections (53300), shutdown and start (57P). */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (/^(08|28|3D|53300|57P)/.test(code) || /^(ECONN|EPIPE|ENOENT|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EACCES|EAI_)/.test(code)) return true;
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/.test(error.message);
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
