/**
 * Leadership: an advisory lock says who may become leader, the leader's row says who is. The lock is
 * held by a connection of its own and goes with it; the server finds a dead peer by TCP keepalives
 * within 15 s. A leader whose connection broke may still believe in itself, which is why every
 * writing transaction checks the row (`leaderGuard`).
 */
import { hostname } from 'node:os';
import type { Client } from 'pg';
import type { Batch } from './batch.js';
import type { Leadership } from './store.js';

const leadershipLock = 7_261_000_002;

/** Waits while a new leader takes over, and makes that wait for this transaction. */
export function leaderGuard(epoch: number): Batch {
  return { what: 'leader', name: 'leader-guard', text: 'select epoch from leader where epoch = $1 for share', values: [epoch], expected: 1 };
}

/**
 * Waits for the lock on this connection, which it then owns, and raises the epoch. `cancel` ends a
 * server process by its number: the only way to leave the queue for a lock.
 */
export async function takeLeadership(client: Client, signal: AbortSignal, cancel: (pid: number) => Promise<void>): Promise<Leadership> {
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  // The loss is told by `lost`; without a listener the event would end the process.
  client.on('error', () => undefined);
  const { rows } = await client.query<{ pid: number }>(`select pg_backend_pid() as pid,
    set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '3', false),
    set_config('tcp_keepalives_count', '3', false)`);
  const pid = rows[0]?.pid ?? 0;
  let waiting = true;
  const leave = (): void => {
    if (waiting) void cancel(pid).catch(() => undefined);
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    signal.throwIfAborted();
    await client.query('select pg_advisory_lock($1)', [leadershipLock]);
    signal.throwIfAborted();
    const raised = await client.query<{ epoch: string }>('update leader set epoch = epoch + 1, holder = $1, since = now() returning epoch', [`${hostname()} ${process.pid}`]);
    return { epoch: Number(raised.rows[0]?.epoch), lost, release: () => client.end() };
  } catch (error) {
    await client.end().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  } finally {
    waiting = false;
    signal.removeEventListener('abort', leave);
  }
}
