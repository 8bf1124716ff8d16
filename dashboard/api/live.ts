/**
 * What happens while the page is open, over one stream of server-sent events. `revision` of a sweep moves when
 * what is shown of it may have changed; what that is, is asked for then. A stream that was cut goes on after the
 * last message that came (their ids are positions in the log), so nothing is missed or told twice. A page that
 * nobody sees closes its stream: browsers open no more than six connections to one host for all of its tabs.
 */
import { signal, type Signal } from '@preact/signals';
import { ask } from './client.js';
import type { StreamMessages } from './types.js';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** `since`: when the coordinator was last heard of. */
  | { readonly state: 'stale'; readonly since: Date };

/** The coordinator says every five seconds that nothing happens. */
const SILENT_MS = 12_000;
/** A stream that was cut is opened again within that. */
const CUT_MS = 2_500;
const LOOK_MS = 500;
const HIDDEN_MS = 10_000;

export const connection = signal<Connection>({ state: 'connecting' });

/** Of all sweeps together under null. */
const revisions = new Map<string | null, Signal<number>>();

/** The position that the log has reached, as far as messages tell; null before the first. */
export const lastEvent = signal<number | null>(null);

/** Moves when something happened in the sweep with this id, or anywhere at all where it is null. */
export function revision(sweep: string | null): Signal<number> {
  const known = revisions.get(sweep);
  if (known !== undefined) return known;
  const made = signal(0);
  revisions.set(sweep, made);
  return made;
}

/** Moves when the viewer has changed something: what is shown is read again at once, whenever it was read. */
export const ownChanges = signal(0);

export function noteChange(): void {
  ownChanges.value += 1;
}

function move(sweeps: ReadonlySet<string | null>): void {
  for (const sweep of sweeps) if (sweep !== null && revisions.has(sweep)) revision(sweep).value += 1;
  revision(null).value += 1;
}

/** Returns what ends it. */
export function followEvents(): () => void {
  const stream = new Stream();
  const timer = setInterval(() => stream.look(), LOOK_MS);
  stream.look();
  return () => {
    clearInterval(timer);
    stream.close();
  };
}

class Stream {
  #source: EventSource | null = null;
  #position = '';
  #heardAt = performance.now();
  #heard = new Date();
  #openedAt = Number.NEGATIVE_INFINITY;
  #hiddenSince: number | null = null;

  close(): void {
    this.#source?.close();
    this.#source = null;
  }

  /** Opens the stream where there is none, closes that of a hidden page, and says how things stand. */
  look(): void {
    const now = performance.now();
    this.#hiddenSince = document.visibilityState === 'visible' ? null : (this.#hiddenSince ?? now);
    if (this.#hiddenSince !== null && now - this.#hiddenSince > HIDDEN_MS) {
      this.close();
      return;
    }
    if (this.#source === null || (this.#source.readyState === EventSource.CLOSED && now - this.#openedAt > CUT_MS)) this.#open(now);
    const silentMs = now - this.#heardAt;
    const isStale = silentMs > SILENT_MS || (this.#source?.readyState !== EventSource.OPEN && silentMs > CUT_MS);
    if (isStale && connection.value.state !== 'stale') connection.value = { state: 'stale', since: this.#heard };
  }

  #open(now: number): void {
    const isAgain = this.#source !== null;
    // Nobody listened while the page was hidden: that is no silence of the coordinator's.
    if (!isAgain) this.#heardAt = now;
    this.close();
    this.#openedAt = now;
    // A browser that opens it again by itself brings the position along; one that was refused does not.
    const source = new EventSource(`/api/v1/events${this.#position === '' ? '' : `?after=${this.#position}`}`);
    this.#source = source;
    source.onopen = () => this.#hear('');
    // Whether the login is over, a stream does not say.
    if (isAgain) void ask('GET /me').catch(() => undefined);
    this.#on(source, 'log', (events) => move(new Set(events.map(({ sweep }) => sweep))));
    this.#on(source, 'epochs', ({ sweeps }) => move(new Set(sweeps.map(({ sweep }) => sweep))));
    this.#on(source, 'beat', () => undefined);
  }

  #on<Type extends keyof StreamMessages>(source: EventSource, type: Type, told: (data: StreamMessages[Type]) => void): void {
    source.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
      this.#hear(lastEventId);
      told(JSON.parse(data) as StreamMessages[Type]);
    });
  }

  #hear(position: string): void {
    if (position !== '') {
      this.#position = position;
      // `EVENT.SEQ`: beats tell it too, where nothing happens.
      lastEvent.value = Number.parseInt(position, 10);
    }
    this.#heardAt = performance.now();
    this.#heard = new Date();
    if (connection.value.state === 'live') return;
    const wasStale = connection.value.state === 'stale';
    connection.value = { state: 'live' };
    // Without a position, what happened meanwhile is not told.
    if (wasStale) noteChange();
  }
}
