/**
 * What a trial's attempts print, told to whoever reads it while they run. Of a trial that is read, it is looked four
 * times a second at what the leader has heard, once for all its readers; this is what keeps workers telling it, so
 * readers who go are noticed by everybody. A coordinator that leads no more hears nothing: it ends its streams,
 * and their pages come again, to whoever leads then.
 */
import type { ServerResponse } from 'node:http';
import type { Leader } from '../leader/leader.js';
import type { LiveLog } from '../leader/followed-logs.js';
import { isEnded } from '../trial/states.js';
import { findTrial, type TrialFinder } from './find-trial.js';
import { LogReader, type LogPositions } from './log-reader.js';

const POLL_MS = 250;
/** So often it is looked whether the trial has ended, or got another path. */
const TRIAL_EVERY_MS = 2_000;
/** The last attempt of a trial ends a moment after the trial. */
const LAST_WORDS_MS = 4_000;

export interface TrialLogsOptions {
  readonly store: TrialFinder;
  readonly project: string;
  readonly leader: Pick<Leader, 'followLogs'>;
  readonly logger: { warn(detail: object, message: string): void };
}

interface ReadTrial {
  readonly path: ReadonlySet<string>;
  readonly hasEnded: boolean;
}

const NO_TRIAL: ReadTrial = { path: new Set(), hasEnded: true };

export class TrialLogs {
  readonly #options: TrialLogsOptions;
  /** By the trial's id. */
  readonly #readings = new Map<string, TrialReading>();

  constructor(options: TrialLogsOptions) {
    this.#options = options;
  }

  get readers(): number {
    return [...this.#readings.values()].reduce((sum, { readers }) => sum + readers.size, 0);
  }

  /** The id of the trial of this name. Throws TrialNotFound, SweepNotFound. */
  async find(name: string): Promise<string> {
    return (await findTrial(this.#options.store, this.#options.project, name)).id;
  }

  /** Tells it to `response` till that is closed, `end` is called, or the trial is over. `mayRead`: asked before everything that is told. */
  read(trial: string, after: LogPositions, response: ServerResponse, mayRead: () => boolean): LogReader {
    const reading = this.#readings.get(trial) ?? this.#begin(trial);
    const reader = new LogReader({ response, after, mayRead, left: () => reading.leave(reader) });
    reading.join(reader);
    return reader;
  }

  /** Ends all. */
  stop(): void {
    for (const reading of [...this.#readings.values()]) reading.end();
  }

  #begin(trial: string): TrialReading {
    const { store, project, leader, logger } = this.#options;
    const look = async (): Promise<ReadTrial> => {
      const found = await store.findTrial(project, trial);
      return found === null ? NO_TRIAL : { path: new Set(found.plan.path.slice(0, found.epochs ?? found.plan.path.length)), hasEnded: isEnded(found.state) };
    };
    const reading = new TrialReading({ look, follow: (path) => leader.followLogs(path), logger, left: () => this.#readings.delete(trial) });
    this.#readings.set(trial, reading);
    return reading;
  }
}

interface TrialReadingOptions {
  readonly look: () => Promise<ReadTrial>;
  /** Null where another coordinator leads. */
  readonly follow: (path: ReadonlySet<string>) => readonly LiveLog[] | null;
  readonly logger: TrialLogsOptions['logger'];
  /** Nobody reads any more. */
  readonly left: () => void;
}

/** Of one trial, for all who read it. */
class TrialReading {
  readonly readers = new Set<LogReader>();
  readonly #options: TrialReadingOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Null before it was first looked at. */
  #trial: ReadTrial | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  /** When the trial was first seen to have ended. */
  #endedAt: number | null = null;

  constructor(options: TrialReadingOptions) {
    this.#options = options;
  }

  join(reader: LogReader): void {
    this.readers.add(reader);
    // Who comes is told of the trial as it is now.
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#turn(), POLL_MS);
    this.#turn();
  }

  /** Idempotent. */
  leave(reader: LogReader): void {
    if (!this.readers.delete(reader) || this.readers.size > 0) return;
    clearInterval(this.#timer);
    this.#options.left();
  }

  end(): void {
    for (const reader of [...this.readers]) reader.end();
  }

  /**
   * Waits for nothing: while the store does not answer, what is heard is told, and that nobody leads here is noticed.
   * `isFresh`: the trial was looked at right now.
   */
  #turn(isFresh = false): void {
    const now = performance.now();
    for (const reader of [...this.readers]) if (!reader.mayRead) reader.end();
    if (this.readers.size === 0) return;
    if (now - this.#lookedAt >= TRIAL_EVERY_MS && !this.#looking) void this.#look(now);
    const logs = this.#options.follow(this.#trial?.path ?? NO_TRIAL.path);
    if (logs === null) this.end();
    else if (this.#trial !== null) this.#tell(logs, now, isFresh);
  }

  #tell(logs: readonly LiveLog[], now: number, isFresh: boolean): void {
    const hasLive = logs.some(({ state }) => state === 'live');
    const isOver = this.#endedAt !== null && (!hasLive || now - this.#endedAt >= LAST_WORDS_MS);
    for (const reader of [...this.readers]) reader.tell(logs, isOver && isFresh);
    // It may have been retried since it was looked at.
    if (isOver && !isFresh && !this.#looking) void this.#look(now);
  }

  async #look(now: number): Promise<void> {
    this.#looking = true;
    // Before it is answered: one that fails is made up for by the next, in its time.
    this.#lookedAt = now;
    try {
      this.#trial = await this.#options.look();
      this.#endedAt = this.#trial.hasEnded ? (this.#endedAt ?? now) : null;
    } catch (error) {
      this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'the trial of a log could not be read');
      return;
    } finally {
      this.#looking = false;
    }
    this.#turn(true);
  }
}
