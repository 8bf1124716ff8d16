/** Server-sent events (WHATWG HTML, section 9.2) of the feed, over one response. */
import type { ServerResponse } from 'node:http';
import { epochsMessage, eventView, positionText, type Listener, type News, type Position } from './event-feed.js';
import type { StreamMessages } from './event-views.js';

/**
 * Where nothing happens, that is told so often: a page that hears nothing for longer is cut off, or its
 * coordinator cannot read its store. A message, since a page is not told of comments.
 */
const BEAT_MS = 5_000;
/** A browser waits so long before it comes again. */
const RETRY_MS = 1_000;
/** Unsent bytes, beside one message; who is further behind is cut off and comes again, from the last position that arrived. */
const MOST_UNSENT_BYTES = 1024 * 1024;
/** Of one message. */
const EVENTS_PER_MESSAGE = 200;

export class EventStream implements Listener {
  readonly #response: ServerResponse;
  readonly #sweep: string | null;
  readonly #mayListen: () => boolean;
  #position: Position | null = null;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** `sweep`: an id, to be told of that alone; null for all. `mayListen`: asked before everything that is told; the stream ends where it says no. */
  constructor(response: ServerResponse, sweep: string | null, mayListen: () => boolean) {
    this.#response = response;
    this.#sweep = sweep;
    this.#mayListen = mayListen;
    this.#write(`retry: ${RETRY_MS}\n\n`);
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
    if (performance.now() - this.#toldAtMs >= BEAT_MS) this.#message('beat', { at: new Date().toISOString() });
  }

  end(): void {
    this.#response.end();
  }

  /** Of the position so far. */
  #message<Type extends keyof StreamMessages>(type: Type, data: StreamMessages[Type]): void {
    this.#toldAtMs = performance.now();
    this.#write(`event: ${type}\nid: ${this.#position === null ? '' : positionText(this.#position)}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    // Before it is written: a large message to somebody who reads is no backlog.
    if (this.#response.writableLength > MOST_UNSENT_BYTES) this.#response.destroy();
    else this.#response.write(text);
  }
}
