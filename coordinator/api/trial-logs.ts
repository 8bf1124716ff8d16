/**
 * What a trial's attempts print, told to whoever reads it while they run. A reader looks at what the leader has
 * heard four times a second, which is what keeps workers telling it; so one who goes is noticed by everybody.
 *
 * A position is `ATTEMPT:BYTES`, joined by commas: how much of each attempt's log has arrived. Who comes again with
 * one, to this leader or the next, goes on from there.
 */
import type { ServerResponse } from 'node:http';
import type { Leader } from '../leader/leader.js';
import type { LiveLog, LogPositions } from '../leader/followed-logs.js';
import { isEnded } from '../trial/states.js';
import { findTrial, type TrialFinder } from './find-trial.js';
import type { LogMessages } from './log-views.js';
import { SentEvents } from './server-sent-events.js';

const POLL_MS = 250;
/** So often it is looked whether the trial has ended, or got another path. */
const TRIAL_EVERY_MS = 2_000;
/** The last attempt of a trial ends a moment after the trial. */
const LAST_WORDS_MS = 4_000;
const BEAT_MS = 5_000;
/** Of attempts, the latest: those of before have ended. */
const MOST_POSITIONS = 16;

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

export class TrialLogs {
  readonly #options: TrialLogsOptions;
  readonly #readers = new Set<LogReader>();

  constructor(options: TrialLogsOptions) {
    this.#options = options;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** The id of the trial of this name. Throws TrialNotFound, SweepNotFound. */
  async find(name: string): Promise<string> {
    return (await findTrial(this.#options.store, this.#options.project, name)).id;
  }

  /** Tells it to `response` till that is closed, `end` is called, or the trial is over. `mayRead`: asked before everything that is told. */
  read(trial: string, after: LogPositions, response: ServerResponse, mayRead: () => boolean): LogReader {
    const { store, leader, logger } = this.#options;
    const look = async (): Promise<ReadTrial | null> => {
      const found = await store.findTrial(trial);
      return found === null ? null : { path: new Set(found.plan.path.slice(0, found.epochs ?? found.plan.path.length)), hasEnded: isEnded(found.state) };
    };
    const reader = new LogReader({ response, look, follow: (path, positions) => leader.followLogs(path, positions), mayRead, after, logger, left: () => this.#readers.delete(reader) });
    this.#readers.add(reader);
    reader.start();
    return reader;
  }

  /** Ends all. */
  stop(): void {
    for (const reader of [...this.#readers]) reader.end();
  }
}

interface LogReaderOptions {
  readonly response: ServerResponse;
  /** Null where the trial is there no more. */
  readonly look: () => Promise<ReadTrial | null>;
  readonly follow: (path: ReadonlySet<string>, after: LogPositions) => readonly LiveLog[];
  readonly mayRead: () => boolean;
  readonly after: LogPositions;
  readonly logger: TrialLogsOptions['logger'];
  readonly left: () => void;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #sent: SentEvents<LogMessages>;
  readonly #positions: Map<string, number>;
  readonly #states = new Map<string, LiveLog['state']>();
  #timer: NodeJS.Timeout | undefined;
  #trial: ReadTrial | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** When the trial was first seen to have ended. */
  #endedAt: number | null = null;
  #running = false;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#sent = new SentEvents(options.response);
    this.#positions = new Map(options.after);
  }

  start(): void {
    this.#timer = setInterval(() => void this.runOnce(), POLL_MS);
    void this.runOnce();
  }

  /** Tells what is new. One at a time; rejects never. */
  async runOnce(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      if (this.#options.mayRead()) await this.#tell(performance.now());
      else this.end();
    } catch (error) {
      // The next look makes up for it, and the reader hears nothing till then.
      this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'the trial of a log could not be read');
    } finally {
      this.#running = false;
    }
  }

  /** Idempotent. */
  end(): void {
    clearInterval(this.#timer);
    this.#options.left();
    this.#sent.end();
  }

  async #tell(now: number): Promise<void> {
    if (now - this.#lookedAt >= TRIAL_EVERY_MS) await this.#look(now);
    const logs = this.#trial === null ? [] : this.#options.follow(this.#trial.path, this.#positions);
    for (const log of logs) this.#tellLog(log);
    const hasLive = logs.some(({ state }) => state === 'live');
    const isOver = (): boolean => this.#endedAt !== null && (!hasLive || now - this.#endedAt >= LAST_WORDS_MS);
    // It may have been retried since it was looked at.
    if (isOver() && this.#lookedAt !== now) await this.#look(now);
    if (isOver()) {
      this.#message('over', { at: new Date().toISOString() });
      this.end();
    } else if (this.#sent.silentMs >= BEAT_MS) this.#message('beat', { at: new Date().toISOString() });
  }

  async #look(now: number): Promise<void> {
    // Before it is answered: one that fails is made up for by the next, in its time.
    this.#lookedAt = now;
    this.#trial = await this.#options.look();
    if (this.#trial?.hasEnded === false) this.#endedAt = null;
    else this.#endedAt ??= now;
  }

  #tellLog({ attempt, worker, kind, from, to, state, pieces }: LiveLog): void {
    const isKnown = this.#states.get(attempt) === state;
    // Before its first text, and after its last.
    const tellState = (): void => {
      if (!isKnown) this.#message('attempt', { attempt, worker: worker.id, name: worker.name, kind, from, to, state });
      this.#states.set(attempt, state);
    };
    if (state !== 'ended') tellState();
    for (const { from: first, text } of pieces) {
      const end = first + text.length;
      this.#stand(attempt, end);
      this.#message('text', { attempt, from: first, to: end, text: Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8') });
    }
    if (state === 'ended') tellState();
  }

  #stand(attempt: string, end: number): void {
    this.#positions.delete(attempt);
    this.#positions.set(attempt, end);
    const [oldest] = this.#positions.keys();
    if (this.#positions.size > MOST_POSITIONS && oldest !== undefined) this.#positions.delete(oldest);
  }

  #message<Type extends keyof LogMessages>(type: Type, data: LogMessages[Type]): void {
    this.#sent.message(type, positionsText(this.#positions), data);
  }
}

export function positionsText(positions: LogPositions): string {
  return [...positions].map(([attempt, bytes]) => `${attempt}:${bytes}`).join(',');
}

/** Null for what is none; of nothing, nothing has arrived. */
export function positionsIn(text: string): LogPositions | null {
  if (text === '') return new Map();
  const parts = text.split(',');
  const read = parts.map((part) => /^([\w-]{1,64}):(\d{1,15})$/.exec(part));
  if (parts.length > MOST_POSITIONS || read.includes(null)) return null;
  return new Map(read.map((match) => [match?.[1] ?? '', Number(match?.[2])]));
}
