import { status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { decodeFromWorker, encodeFromCoordinator, helloProtocol, ProtocolError } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { CoordinatorMessage, WorkerMessage } from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import type { CarrierHandler, Peer } from './carrier.js';

/** Time for a stream to say hello. */
const HELLO_MS = 10_000;

/**
 * One stream. It is `waiting` until the hello, then `open`; a hello of another version, a frame that
 * cannot be read, the end of the stream or `close` make it `closed`, for good.
 */
export class GrpcPeer implements Peer {
  readonly id: string;
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  readonly #handler: CarrierHandler;
  /** Called once at the end, with the line for the log where something was wrong. */
  readonly #ended: (problem: string | null) => void;
  readonly #writer: FrameWriter<CoordinatorMessage>;
  readonly #helloTimer: NodeJS.Timeout;
  #state: 'waiting' | 'open' | 'closed' = 'waiting';

  constructor(id: string, call: ServerDuplexStream<Uint8Array, Uint8Array>, handler: CarrierHandler, ended: (problem: string | null) => void) {
    this.id = id;
    this.#call = call;
    this.#handler = handler;
    this.#ended = ended;
    this.#writer = new FrameWriter<CoordinatorMessage>({
      encode: (message) => encodeFromCoordinator([message]),
      write: (frame) => call.write(frame),
      overflow: () => this.#fail(status.RESOURCE_EXHAUSTED, 'the worker does not read what it is sent'),
    });
    this.#helloTimer = setTimeout(() => this.#fail(status.DEADLINE_EXCEEDED, `no hello within ${HELLO_MS} ms`), HELLO_MS);
    call.on('data', (frame: Uint8Array) => this.#frame(frame));
    call.on('drain', () => this.#writer.drained());
    call.on('end', () => this.close());
    call.on('cancelled', () => this.#end(null));
    call.on('error', () => this.#end(null));
    call.on('close', () => this.#end(null));
  }

  send(message: CoordinatorMessage): void {
    this.#writer.push(message);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#writer.flush();
    this.#call.end();
    this.#end(null);
  }

  #frame(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    try {
      if (this.#state === 'waiting' && !this.#greeted(frame)) return;
      for (const message of decodeFromWorker(frame)) this.#received(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(status.INVALID_ARGUMENT, error.message);
    }
  }

  /** Whether the frame opens with a hello of our version; a worker of another is told so. */
  #greeted(frame: Uint8Array): boolean {
    const protocol = helloProtocol(frame);
    if (protocol === null) throw new ProtocolError('the first message of a worker must be its hello');
    if (protocol === PROTOCOL_VERSION) return true;
    this.send({
      kind: 'refused',
      code: 'ProtocolVersion',
      message: `the worker speaks protocol version ${protocol}, the coordinator ${PROTOCOL_VERSION}; install the same version of trawl on both`,
      retry: false,
    });
    this.close();
    return false;
  }

  #received(message: WorkerMessage): void {
    // The handler may have closed the session while it was told of an earlier message of the frame.
    if (this.#state === 'closed') return;
    if (message.kind === 'hello') {
      if (this.#state === 'open') throw new ProtocolError('a second hello in one session');
      clearTimeout(this.#helloTimer);
      this.#state = 'open';
      this.#handler.opened(this);
    }
    this.#handler.received(this, message);
  }

  #fail(code: status, details: string): void {
    if (this.#state === 'closed') return;
    this.#end(`a session was closed: ${details}`);
    this.#call.emit('error', { code, details });
  }

  #end(problem: string | null): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    clearTimeout(this.#helloTimer);
    this.#writer.close();
    this.#ended(problem);
    if (wasOpen) this.#handler.closed(this);
  }
}
