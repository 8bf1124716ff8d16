/** Follows a sweep until it is at rest, through restarts of the coordinator and a change of host. */
import { setTimeout as wait } from 'node:timers/promises';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import type { ProgressView } from '../../coordinator/api/views.js';
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
  /** What the first interrupt does to the sweep. */
  readonly onInterrupt: (service: SweepService) => Promise<void>;
  /** Told of each look at the sweep. */
  readonly onView?: (view: ProgressView) => void;
}

export interface Watched {
  readonly connection: Connection;
  readonly last: ProgressView;
}

/** Ends when the sweep is at rest and none of its attempts is in progress, or with what `onInterrupt` throws. */
export async function watchSweep(options: WatchOptions): Promise<Watched> {
  const { sweep, display, interrupts } = options;
  let { connection } = options;
  let wasTold = false;
  let lostAt: number | null = null;
  while (true) {
    try {
      if (interrupts.wasAsked && !wasTold) {
        await options.onInterrupt(connection.service);
        wasTold = true;
      }
      const view = await connection.service.progress(sweep);
      lostAt = null;
      display.progress(view);
      options.onView?.(view);
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
    await Promise.race([sleep(interrupts, wasTold), ...(connection.host === null ? [] : [connection.host.failed])]);
  }
}

/** What an interrupt means to the command that runs the sweep. */
export async function pauseSweep(service: SweepService, sweep: string): Promise<void> {
  try {
    await service.setState(sweep, 'paused');
  } catch (error) {
    // It ended in the same moment.
    if (!(error instanceof ServiceError && error.code === 'IllegalTransition')) throw error;
  }
}

/** Until it is time to look again, or sooner when somebody interrupts. */
async function sleep(interrupts: Interrupts, wasTold: boolean): Promise<void> {
  await wait(LOOK_EVERY_MS, undefined, wasTold ? {} : { signal: interrupts.signal }).catch(() => undefined);
}

/** The coordinator, or its leadership or database, is being started again. */
function isPassing(error: unknown): boolean {
  return error instanceof CoordinatorUnreachable || (error instanceof ServiceError && error.status >= 500);
}
