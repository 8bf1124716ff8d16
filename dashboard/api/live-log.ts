/**
 * What a trial's attempts print, as it comes, over a stream of its own that goes on where it was cut. While the page
 * is hidden it is closed, and then nobody asks the worker for anything.
 */
import type { LogMessages } from './types.js';

export type LogConnection = 'connecting' | 'live' | 'cut' | 'over';

export interface LogListener {
  readonly attempt: (attempt: LogMessages['attempt']) => void;
  readonly text: (text: LogMessages['text']) => void;
  readonly state: (state: LogConnection) => void;
}

/** A stream that was refused is asked for again after that. */
const AGAIN_MS = 3_000;
const LOOK_MS = 500;
const HIDDEN_MS = 10_000;
/** The coordinator says every five seconds that nothing happens. */
const SILENT_MS = 12_000;

export class LogStream {
  readonly #trial: string;
  readonly #listener: LogListener;
  readonly #timer: number;
  #source: EventSource | null = null;
  #position: string;
  #openedAt = 0;
  #heardAt = 0;
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
    const isDead = this.#source?.readyState === EventSource.CLOSED || (this.#source !== null && now - Math.max(this.#heardAt, this.#openedAt) > SILENT_MS);
    if (this.#source === null || (isDead && now - this.#openedAt > AGAIN_MS)) this.#open(now);
    else if (this.#source.readyState !== EventSource.OPEN && now - this.#openedAt > AGAIN_MS) this.#listener.state('cut');
  }

  #open(now: number): void {
    this.#source?.close();
    this.#openedAt = now;
    const source = new EventSource(`/api/v1/trials/${encodeURIComponent(this.#trial)}/log${this.#position === '' ? '' : `?after=${encodeURIComponent(this.#position)}`}`);
    this.#source = source;
    source.onopen = () => this.#listener.state('live');
    source.onerror = () => this.#listener.state('cut');
    this.#on(source, 'attempt', (attempt) => this.#listener.attempt(attempt));
    this.#on(source, 'text', (text) => this.#listener.text(text));
    this.#on(source, 'beat', () => undefined);
    this.#on(source, 'over', () => {
      this.close();
      this.#listener.state('over');
    });
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
