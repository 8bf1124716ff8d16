/**
 * What a trial's attempts print, to one who reads it.
 *
 * A position is `ATTEMPT:BYTES`, joined by commas: how much of each attempt's log has arrived. Who comes again with
 * one, to this leader or the next, goes on from there.
 */
import type { ServerResponse } from 'node:http';
import type { LiveLog, LogPiece } from '../leader/followed-logs.js';
import type { LogMessages } from './log-views.js';
import { SentEvents } from './server-sent-events.js';

const BEAT_MS = 5_000;
/** Of attempts, the latest: those of before have ended. */
const MOST_POSITIONS = 16;

/** Bytes of each attempt's log that a reader has, by the attempt's id. */
export type LogPositions = ReadonlyMap<string, number>;

export interface LogReaderOptions {
  readonly response: ServerResponse;
  /** Asked again and again: it is told nothing more once it says no. */
  readonly mayRead: () => boolean;
  readonly after: LogPositions;
  /** Called when it ends, be it more than once. */
  readonly left: () => void;
}

export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #sent: SentEvents<LogMessages>;
  readonly #positions: Map<string, number>;
  readonly #states = new Map<string, LiveLog['state']>();

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#sent = new SentEvents(options.response);
    this.#positions = new Map(options.after);
  }

  get mayRead(): boolean {
    return this.#options.mayRead();
  }

  /** Tells what is new to this reader. `isOver`: nothing comes any more, and it ends. */
  tell(logs: readonly LiveLog[], isOver: boolean): void {
    for (const log of logs) this.#tellLog(log);
    if (isOver) {
      this.#message('over', { at: new Date().toISOString() });
      this.end();
    } else if (this.#sent.silentMs >= BEAT_MS) this.#message('beat', { at: new Date().toISOString() });
  }

  /** A page that wants more comes again. Idempotent. */
  end(): void {
    this.#options.left();
    this.#sent.end();
  }

  #tellLog({ attempt, worker, kind, from, to, state, pieces }: LiveLog): void {
    const isKnown = this.#states.get(attempt) === state;
    // Before its first text, and after its last.
    const tellState = (): void => {
      if (!isKnown) this.#message('attempt', { attempt, worker: worker.id, name: worker.name, kind, from, to, state });
      this.#states.set(attempt, state);
    };
    if (state !== 'ended') tellState();
    for (const { from: first, text } of piecesAfter(pieces, this.#positions.get(attempt) ?? 0)) {
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

function piecesAfter(pieces: readonly LogPiece[], after: number): LogPiece[] {
  return pieces.flatMap(({ from, text }) => {
    const known = Math.max(0, after - from);
    return known >= text.length ? [] : [{ from: from + known, text: text.subarray(known) }];
  });
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
