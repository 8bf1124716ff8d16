/** Server-sent events (WHATWG HTML, section 9.2) over one response. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** A browser waits so long before it comes again. */
const RETRY_MS = 1_000;
/** Unsent bytes, beside one message; who is further behind is cut off and comes again, from the last position that arrived. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** From now on the response is a stream of events. */
export function openEventStream(reply: FastifyReply): ServerResponse {
  reply.hijack();
  reply.raw.writeHead(200, { ...(reply.getHeaders() as { [name: string]: string }), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  return reply.raw;
}

/** `Messages`: the data of each type of message. */
export class SentEvents<Messages> {
  readonly #response: ServerResponse;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#write(`retry: ${RETRY_MS}\n\n`);
  }

  /** How long nothing was told. */
  get silentMs(): number {
    return performance.now() - this.#toldAtMs;
  }

  /** `id`: what a browser that comes again says it has. */
  message<Type extends keyof Messages & string>(type: Type, id: string, data: Messages[Type]): void {
    this.#toldAtMs = performance.now();
    this.#write(`event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    // Before it is written: a large message to somebody who reads is no backlog.
    if (this.#response.writableLength > MOST_UNSENT_BYTES) this.#response.destroy();
    else this.#response.write(text);
  }
}
