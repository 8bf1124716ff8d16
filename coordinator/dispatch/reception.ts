/**
 * The receiving half of a session, the same on every carrier. It is `waiting` until the hello, then
 * `open`; a hello of another version, a frame that cannot be read, or the carrier's end make it
 * `closed`, for good.
 */
import { decodeFromWorker, helloProtocol, ProtocolError } from '../../proto/codec.js';
import type { Hello, WorkerMessage } from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import type { CarrierHandler, Peer } from './carrier.js';

/** Why the coordinator ends a session that the worker would have go on. */
export type Fault = 'NoHello' | 'BadMessage' | 'NotRead' | 'Lost' | 'Silent';

export interface ReceptionOptions {
  readonly peer: Peer;
  readonly handler: CarrierHandler;
  /** The session must end, with this told to the worker. */
  readonly fail: (fault: Fault, details: string) => void;
  /** What the carrier knows of who is speaking must fit the hello; a line where it does not. */
  readonly objection?: (hello: Hello) => string | null;
}

/** Time for a worker to say hello. */
const HELLO_MS = 10_000;

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #helloTimer: NodeJS.Timeout;
  #state: 'waiting' | 'open' | 'closed' = 'waiting';

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#helloTimer = setTimeout(() => options.fail('NoHello', `no hello within ${HELLO_MS} ms`), HELLO_MS);
  }

  get hasEnded(): boolean {
    return this.#state === 'closed';
  }

  frame(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#options.handler.traffic?.received(this.#options.peer, frame.length);
    try {
      if (this.#state === 'waiting' && !this.#greeted(frame)) return;
      for (const message of decodeFromWorker(frame)) this.#received(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.fail('BadMessage', error.message);
    }
  }

  /** Idempotent; tells the handler once, of a session that it knows. */
  end(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    clearTimeout(this.#helloTimer);
    if (wasOpen) this.#options.handler.closed(this.#options.peer);
  }

  /** Whether the frame opens with a hello of our version; a worker of another is told so. */
  #greeted(frame: Uint8Array): boolean {
    const protocol = helloProtocol(frame);
    if (protocol === null) throw new ProtocolError('the first message of a worker must be its hello');
    if (protocol === PROTOCOL_VERSION) return true;
    const { peer } = this.#options;
    peer.send({
      kind: 'refused',
      code: 'ProtocolVersion',
      message: `the worker speaks protocol version ${protocol}, the coordinator ${PROTOCOL_VERSION}; install the same version of trawl on both`,
      retry: false,
    });
    peer.close();
    return false;
  }

  #received(message: WorkerMessage): void {
    // The handler may have closed the session while it was told of an earlier message of the frame.
    if (this.#state === 'closed') return;
    const { peer, handler } = this.#options;
    if (message.kind === 'hello') {
      if (this.#state === 'open') throw new ProtocolError('a second hello in one session');
      const objection = this.#options.objection?.(message) ?? null;
      if (objection !== null) throw new ProtocolError(objection);
      clearTimeout(this.#helloTimer);
      this.#state = 'open';
      handler.opened(peer);
    }
    handler.received(peer, message);
  }
}
