/**
 * Leadership: an advisory lock says who may become leader, the leader's row says who is. The lock is
 * held by a connection of its own and goes with it. A leader that was killed closes it; one that was cut
 * off, or frozen, is silent: it speaks every two seconds, and the server ends a session that was silent
 * for eight (TCP keepalives would not do: the kernel answers them for a frozen process). So it also ends
 * what a silent leader was in the middle of committing (database.ts). The leader itself takes six
 * seconds without an answer at most for the loss of its leadership, so that it has stopped before another
 * begins. It may still believe in itself, which is why every writing transaction checks the row
 * (`leaderGuard`).
 */
import { hostname } from 'node:os';
import type { Client, ClientBase } from 'pg';
import type { Batch } from './batch.js';
import type { LeaderRecord } from './records.js';
import type { Candidate, Leadership } from './store.js';

const leadershipLock = 7_261_000_002;
const speakEveryMs = 2_000;
const unansweredForMs = 5_000;
/** The server ends a silent leader's session, and a transaction that it left open. */
export const silentForMs = 8_000;
/** A session that queues for the lock reads nothing from its client: the server has to look whether it is there. */
const lookForClientMs = 2_000;
const farewellMs = 1_000;

/** Waits while a new leader takes over, and makes that wait for this transaction. */
export function leaderGuard(epoch: number): Batch {
  return { what: 'leader', name: 'leader-guard', text: 'select epoch from leader where epoch = $1 for share', values: [epoch], expected: 1 };
}

/** Who led last; null before there ever was one. */
export async function readLeader(client: ClientBase): Promise<LeaderRecord | null> {
  const { rows } = await client.query<{ epoch: string; holder: string; url: string | null; since: Date }>('select epoch, holder, url, since from leader where epoch > 0');
  const row = rows[0];
  return row === undefined ? null : { epoch: Number(row.epoch), holder: row.holder, url: row.url, since: row.since };
}

/**
 * Waits for the lock on this connection, which it then owns, and raises the epoch. `cancel` ends a
 * server process by its number: the only way to leave the queue for a lock.
 */
export async function takeLeadership(client: Client, signal: AbortSignal, candidate: Candidate, cancel: (pid: number) => Promise<void>): Promise<Leadership> {
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  // The loss is told by `lost`; without a listener the event would end the process.
  client.on('error', () => undefined);
  let waiting = true;
  let pid = 0;
  const leave = (): void => {
    if (waiting) void cancel(pid).catch(() => undefined);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    const { rows } = await client.query<{ pid: number; free: boolean }>(
      `select pg_backend_pid() as pid, set_config('idle_session_timeout', $1, false), set_config('client_connection_check_interval', $2, false), pg_try_advisory_lock($3) as free`,
      [String(silentForMs), String(lookForClientMs), leadershipLock],
    );
    pid = rows[0]?.pid ?? 0;
    signal.throwIfAborted();
    if (rows[0]?.free !== true) {
      candidate.onStandby?.();
      await client.query('select pg_advisory_lock($1)', [leadershipLock]);
    }
    signal.throwIfAborted();
    const raised = await client.query<{ epoch: string }>('update leader set epoch = epoch + 1, holder = $1, url = $2, since = now() returning epoch', [`${hostname()} ${process.pid}`, candidate.url]);
    const silence = new Silence(client);
    const release = async (): Promise<void> => {
      silence.stop();
      // A server that is out of reach hears no farewell; it ends the session by itself.
      await Promise.race([client.end(), new Promise((resolve) => setTimeout(resolve, farewellMs).unref())]);
    };
    const lost = Promise.race([ended, silence.noticed]).then(() => silence.stop());
    return { epoch: Number(raised.rows[0]?.epoch), lost, release };
  } catch (error) {
    await client.end().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  } finally {
    waiting = false;
    signal.removeEventListener('abort', leave);
  }
}

/** Speaks on the leader's connection, and notices when nothing is answered. */
class Silence {
  readonly noticed: Promise<void>;
  #notice: () => void = () => undefined;
  readonly #timer: NodeJS.Timeout;
  #answeredAt = performance.now();

  constructor(client: Client) {
    this.noticed = new Promise((resolve) => (this.#notice = resolve));
    this.#timer = setInterval(() => {
      // After a freeze the clock has gone on.
      if (performance.now() - this.#answeredAt > unansweredForMs) this.#notice();
      else client.query('select 1').then(() => (this.#answeredAt = performance.now()), () => undefined);
    }, speakEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
