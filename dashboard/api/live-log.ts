/**
 * What a trial's attempts print, as it comes, over a stream of its own that goes on where it was cut. While the page
 * is hidden it is closed, and then nobody asks the worker for anything.
 */
import type { ApiError } from './api-error.js';
import { refusalOf, segment } from './client.js';
import type { LogMessages } from './types.js';

export type LogConnection =
  | { readonly state: 'connecting' | 'live' | 'cut' | 'over' }
  /** The coordinator answers, and gives no stream; it is asked again after that. */
  | { readonly state: 'refused'; readonly error: ApiError; readonly againMs: number };

export interface LogListener {
  readonly attempt: (attempt: LogMessages['attempt']) => void;
  readonly text: (text: LogMessages['text']) => void;
  readonly state: (state: LogConnection) => void;
}

/** A stream that was cut is asked for again after that. */
const AGAIN_MS = 3_000;
/** One that was refused, where the coordinator does not say when. */
const REFUSED_AGAIN_MS = 10_000;
const LOOK_MS = 500;
const HIDDEN_MS = 10_000;
/** The coordinator says every five seconds that nothing happens. */
const SILENT_MS = 12_000;

export class LogStream {
  readonly #trial: string;
  readonly #listener: LogListener;
  readonly #timer: number;
  #source: EventSource | null = null;
  /** Whether it is not known yet why the stream was not given. */
  #asksWhy = false;
  #position: string;
  #openedAt = 0;
  #heardAt = 0;
  /** No sooner is a stream asked for. */
  #againAt = Number.NEGATIVE_INFINITY;
  #hiddenSince: number | null = null;

  /** `position`: of an earlier stream, '' for none. */
  constructor(trial: string, position: string, listener: LogListener) {
    this.#trial = trial;
    this.#position = position;
    this.#listener = listener;
    this.#timer = window.setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** What has arrived. */
  get position(): string {
    return this.#position;
  }

  close(): void {
    window.clearInterval(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #look(): void {
    const now = performance.now();
    this.#hiddenSince = document.visibilityState === 'visible' ? null : (this.#hiddenSince ?? now);
    if (this.#hiddenSince !== null && now - this.#hiddenSince > HIDDEN_MS) {
      this.#source?.close();
      this.#source = null;
      return;
    }
    if (now < this.#againAt) return;
    const isDead = this.#source?.readyState === EventSource.CLOSED || (this.#source !== null && now - Math.max(this.#heardAt, this.#openedAt) > SILENT_MS);
    if (this.#source === null || (isDead && now - this.#openedAt > AGAIN_MS)) {
      if (this.#asksWhy) this.#listener.state({ state: 'cut' });
      this.#open(now);
    } else if (this.#source.readyState !== EventSource.OPEN && now - this.#openedAt > AGAIN_MS) this.#listener.state({ state: 'cut' });
  }

  #open(now: number): void {
    this.#source?.close();
    this.#openedAt = now;
    const path = `/trials/${segment(this.#trial)}/log${this.#position === '' ? '' : `?after=${segment(this.#position)}`}`;
    const source = new EventSource(`/api/v1${path}`);
    this.#source = source;
    this.#asksWhy = false;
    source.onopen = () => this.#listener.state({ state: 'live' });
    source.onerror = () => {
      // One whose connection broke comes again by itself.
      if (source.readyState === EventSource.CLOSED) void this.#learnWhy(source, path);
      else this.#listener.state({ state: 'cut' });
    };
    this.#on(source, 'attempt', (attempt) => this.#listener.attempt(attempt));
    this.#on(source, 'text', (text) => this.#listener.text(text));
    this.#on(source, 'beat', () => undefined);
    this.#on(source, 'over', () => {
      this.close();
      this.#listener.state({ state: 'over' });
    });
  }

  /** Tells then whether it is refused or cut, and not both in turn at each retry. Rejects never. */
  async #learnWhy(source: EventSource, path: string): Promise<void> {
    this.#asksWhy = true;
    const error = await refusalOf(path);
    if (this.#source !== source) return;
    this.#asksWhy = false;
    // Others are no refusals: the coordinator is away, and asked for again soon.
    if (error === null || error.status < 400 || error.status >= 500) {
      this.#listener.state({ state: 'cut' });
      return;
    }
    const againMs = error.retryAfterMs ?? REFUSED_AGAIN_MS;
    this.#againAt = performance.now() + againMs;
    this.#listener.state({ state: 'refused', error, againMs });
  }

  #on<Type extends keyof LogMessages>(source: EventSource, type: Type, told: (data: LogMessages[Type]) => void): void {
    source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
      if (this.#source !== source) return;
      this.#position = lastEventId;
      this.#heardAt = performance.now();
      told(JSON.parse(data) as LogMessages[Type]);
    });
  }
}
