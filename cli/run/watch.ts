/** Follows a sweep until it is at rest, through restarts of the coordinator and a change of host. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ProgressView, SweepService } from '../../coordinator/api/views.js';
import { CoordinatorUnreachable, ServiceError } from '../client.js';
import type { Connection } from '../host/connect.js';
import type { Display } from './display.js';
import type { Interrupts } from './interrupts.js';

const LOOK_EVERY_MS = 200;
/** An attached command gives a host that restarts its coordinator this long before it looks for another way in. */
const RECONNECT_AFTER_MS = 3_000;

export interface WatchOptions {
  readonly sweep: string;
  readonly display: Display;
  readonly interrupts: Interrupts;
  /** The connection to begin with. */
  readonly connection: Connection;
  /** Finds the way in anew when the host is gone: as its successor, or to the one there is. */
  readonly reconnect: () => Promise<Connection>;
}

export interface Watched {
  readonly connection: Connection;
  readonly last: ProgressView;
}

/** Ends when the sweep is at rest and none of its attempts is in progress; the first interrupt pauses it. */
export async function watchSweep(options: WatchOptions): Promise<Watched> {
  const { sweep, display, interrupts } = options;
  let { connection } = options;
  let pauseAsked = false;
  let lostAt: number | null = null;
  while (true) {
    try {
      if (interrupts.wasAsked && !pauseAsked) {
        display.say('pausing: the epochs in progress are finished first; Ctrl-C again ends at once');
        await pause(connection.service, sweep);
        pauseAsked = true;
      }
      const view = await connection.service.progress(sweep);
      lostAt = null;
      display.progress(view);
      if (view.sweep.state !== 'running' && view.running.length === 0) return { connection, last: view };
    } catch (error) {
      if (!isPassing(error)) throw error;
      lostAt ??= performance.now();
      if (connection.host === null && performance.now() - lostAt > RECONNECT_AFTER_MS) {
        connection = await options.reconnect();
        lostAt = null;
      }
    }
    // A child that is given up ends the watch; without a host here there is none.
    await Promise.race([sleep(interrupts, pauseAsked), ...(connection.host === null ? [] : [connection.host.failed])]);
  }
}

async function pause(service: SweepService, sweep: string): Promise<void> {
  try {
    await service.setState(sweep, 'paused');
  } catch (error) {
    // It ended in the same moment.
    if (!(error instanceof ServiceError && error.code === 'IllegalTransition')) throw error;
  }
}

/** Until it is time to look again, or sooner when somebody interrupts. */
async function sleep(interrupts: Interrupts, pauseAsked: boolean): Promise<void> {
  await wait(LOOK_EVERY_MS, undefined, pauseAsked ? {} : { signal: interrupts.signal }).catch(() => undefined);
}

/** The coordinator, or its leadership or database, is being started again. */
function isPassing(error: unknown): boolean {
  return error instanceof CoordinatorUnreachable || (error instanceof ServiceError && error.status >= 500);
}
