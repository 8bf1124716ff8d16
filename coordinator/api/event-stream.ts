/** The feed, to one who listens. */
import type { ServerResponse } from 'node:http';
import { epochsMessage, eventView, positionText, type Listener, type News, type Position } from './event-feed.js';
import type { StreamMessages } from './event-views.js';
import { SentEvents } from './server-sent-events.js';

/**
 * Where nothing happens, that is told so often: a page that hears nothing for longer is cut off, or its
 * coordinator cannot read its store. A message, since a page is not told of comments.
 */
const BEAT_MS = 5_000;
/** Of one message. */
const EVENTS_PER_MESSAGE = 200;

export class EventStream implements Listener {
  readonly #sent: SentEvents<StreamMessages>;
  readonly #sweep: string | null;
  readonly #mayListen: () => boolean;
  #position: Position | null = null;

  /** `sweep`: an id, to be told of that alone; null for all. `mayListen`: asked before everything that is told; the stream ends where it says no. */
  constructor(response: ServerResponse, sweep: string | null, mayListen: () => boolean) {
    this.#sent = new SentEvents(response);
    this.#sweep = sweep;
    this.#mayListen = mayListen;
  }

  tell(news: News): void {
    if (!this.#mayListen()) {
      this.end();
      return;
    }
    // Who is cut off between the two kinds of message is told the second when it comes again.
    const seqBefore = (this.#position ?? news.position).seq;
    const events = news.events.filter(({ sweep }) => this.#sweep === null || sweep === this.#sweep);
    for (let first = 0; first < events.length; first += EVENTS_PER_MESSAGE) {
      const some = events.slice(first, first + EVENTS_PER_MESSAGE);
      this.#position = { event: some.at(-1)?.id ?? 0, seq: seqBefore };
      this.#message('log', some.map(eventView));
    }
    this.#position = news.position;
    const epochs = epochsMessage(news, this.#sweep);
    if (epochs !== null) this.#message('epochs', epochs);
    if (this.#sent.silentMs >= BEAT_MS) this.#message('beat', { at: new Date().toISOString() });
  }

  end(): void {
    this.#sent.end();
  }

  /** Of the position so far. */
  #message<Type extends keyof StreamMessages>(type: Type, data: StreamMessages[Type]): void {
    this.#sent.message(type, this.#position === null ? '' : positionText(this.#position), data);
  }
}
