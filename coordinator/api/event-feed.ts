/**
 * What happens, told to pages as it happens: the event log, which has no gaps, and how many epochs were
 * recorded on behalf of which sweep. The store is asked four times a second for all who listen, however
 * many they are and however much happens, so 1,000 reports a second are four messages.
 *
 * A position is `EVENT.SEQ`: the last event, and the last recording, that were told. Who joins with one is told
 * what came since, read from the store, till it has caught up with what the feed has told the others; from
 * then on it is told what they are. Both steps are taken between two awaits, so nothing is lost or told twice.
 */
import type { Recordings, StoredEvent } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { EpochsMessage, EventView } from './event-views.js';

export interface Position {
  readonly event: number;
  readonly seq: number;
}

/** `seq`: null for recordings from now on. */
export interface Start {
  readonly event: number;
  readonly seq: number | null;
}

/** What one who listens is given: some of it may be none of its sweep's. */
export interface News {
  /** What was told once this is. */
  readonly position: Position;
  readonly events: readonly StoredEvent[];
  readonly recorded: Recordings;
}

export interface Listener {
  /** Told of every look at the store, be nothing new there. Throws nothing. */
  tell(news: News): void;
  /** The feed can tell nothing more: whoever listens comes again. */
  end(): void;
}

export interface EventFeedOptions {
  readonly store: Pick<Store, 'events' | 'lastEvent' | 'recordedSeq' | 'recordingsAfter'>;
  readonly logger: { warn(detail: object, message: string): void };
}

const POLL_MS = 250;
const EVENTS_PER_READ = 1_000;

export class EventFeed {
  readonly #options: EventFeedOptions;
  /** What everybody who has caught up was told. */
  #position: Position | null = null;
  readonly #listeners = new Set<Listener>();
  /** Joined, and not caught up yet. */
  readonly #joining = new Set<Listener>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size + this.#joining.size;
  }

  /** From `after` on; null for from now on. The first news come at once, and say where it stands. Rejects with the store's errors. */
  async join(after: Start | null, listener: Listener): Promise<void> {
    this.#joining.add(listener);
    this.#timer ??= setInterval(() => void this.runOnce(), POLL_MS);
    try {
      const end = this.#position ?? (await this.#end());
      if (!this.#joining.has(listener)) return;
      const start = (this.#position ??= end);
      let at: Position = { event: after?.event ?? start.event, seq: after?.seq ?? start.seq };
      listener.tell({ position: at, events: [], recorded: { seq: at.seq, sweeps: [] } });
      while (this.#joining.has(listener) && !this.#hasTold(at)) at = await this.#catchUp(at, listener);
      if (this.#joining.delete(listener)) this.#listeners.add(listener);
    } catch (error) {
      this.leave(listener);
      throw error;
    }
  }

  /** Idempotent. */
  leave(listener: Listener): void {
    this.#joining.delete(listener);
    this.#listeners.delete(listener);
    if (this.listeners > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    // What happens while nobody listens need not be read.
    this.#position = null;
  }

  /** Ends all; settles once the store is asked nothing any more. */
  async stop(): Promise<void> {
    for (const listener of [...this.#listeners, ...this.#joining]) {
      this.leave(listener);
      listener.end();
    }
    await this.#running;
  }

  /** Reads what is new, and tells it. One at a time. */
  runOnce(): Promise<void> {
    this.#running ??= this.#poll().finally(() => (this.#running = null));
    return this.#running;
  }

  async #poll(): Promise<void> {
    const from = this.#position;
    if (from === null) return;
    try {
      const news = await this.#read(from, null);
      // Everybody may have left meanwhile, and others come.
      if (this.#position !== from) return;
      this.#position = news.position;
      for (const listener of this.#listeners) listener.tell(news);
    } catch (error) {
      // The next look makes up for it, and those who listen hear nothing till then.
      this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'events could not be read');
    }
  }

  /** Where the store is now. */
  async #end(): Promise<Position> {
    const [event, seq] = await Promise.all([this.#options.store.lastEvent(), this.#options.store.recordedSeq()]);
    return { event, seq };
  }

  #hasTold(at: Position): boolean {
    const told = this.#position;
    return told !== null && at.event >= told.event && at.seq >= told.seq;
  }

  /** One step towards what the others were told. */
  async #catchUp(at: Position, listener: Listener): Promise<Position> {
    const news = await this.#read(at, this.#position);
    if (this.#joining.has(listener)) listener.tell(news);
    return news.position;
  }

  /** What came after a position, at most up to another. */
  async #read(from: Position, to: Position | null): Promise<News> {
    const { store } = this.#options;
    const [events, recorded] = await Promise.all([store.events(from.event, EVENTS_PER_READ, null), store.recordingsAfter(from.seq, to?.seq ?? null)]);
    const told = to === null ? events : events.filter(({ id }) => id <= to.event);
    return { position: { event: told.at(-1)?.id ?? from.event, seq: Math.max(from.seq, recorded.seq) }, events: told, recorded };
  }
}

export function positionText({ event, seq }: Position): string {
  return `${event}.${seq}`;
}

/** `EVENT.SEQ`, or `EVENT` for an event alone (recordings from now on); null where it is neither. */
export function positionIn(text: string): Start | null {
  const [, event, seq] = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text) ?? [];
  return event === undefined ? null : { event: Number(event), seq: seq === undefined ? null : Number(seq) };
}

export function eventView({ id, at, actor, type, sweep, trial, detail }: StoredEvent): EventView {
  return { id, at: at.toISOString(), actor, type, sweep, trial, detail };
}

/** Of one sweep, or of all where none is named; null where nothing of it was recorded. */
export function epochsMessage({ recorded, position }: News, sweep: string | null): EpochsMessage | null {
  const counted = recorded.sweeps.filter((each) => sweep === null || each.sweep === sweep);
  return counted.length === 0 ? null : { seq: position.seq, sweeps: counted };
}
