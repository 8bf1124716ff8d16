import { status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { encodeFromCoordinator } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { CoordinatorMessage } from '../../proto/messages.js';
import type { CarrierHandler, Peer } from './carrier.js';
import type { Fault } from './reception.js';
import { Reception } from './reception.js';

const STATUS_OF: { readonly [fault in Fault]: status } = {
  NoHello: status.DEADLINE_EXCEEDED,
  BadMessage: status.INVALID_ARGUMENT,
  NotRead: status.RESOURCE_EXHAUSTED,
  Lost: status.DATA_LOSS,
  Silent: status.DEADLINE_EXCEEDED,
};

/** One stream. */
export class GrpcPeer implements Peer {
  readonly id: string;
  readonly carrier = 'grpc';
  readonly openedBy: string | null;
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  /** Called once at the end, with the line for the log where something was wrong. */
  readonly #ended: (problem: string | null) => void;
  readonly #writer: FrameWriter<CoordinatorMessage>;
  readonly #reception: Reception;

  constructor(id: string, openedBy: string | null, call: ServerDuplexStream<Uint8Array, Uint8Array>, handler: CarrierHandler, ended: (problem: string | null) => void) {
    this.id = id;
    this.openedBy = openedBy;
    this.#call = call;
    this.#ended = ended;
    this.#writer = new FrameWriter<CoordinatorMessage>({
      encode: (message) => encodeFromCoordinator([message]),
      write: (frame) => {
        handler.traffic?.sent(this, frame.length);
        return call.write(frame);
      },
      overflow: () => this.#fail('NotRead', 'the worker does not read what it is sent'),
    });
    this.#reception = new Reception({ peer: this, handler, fail: (fault, details) => this.#fail(fault, details) });
    call.on('data', (frame: Uint8Array) => this.#reception.frame(frame));
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
    if (this.#reception.hasEnded) return;
    this.#writer.flush();
    this.#call.end();
    this.#end(null);
  }

  /** The right to this session is gone. */
  dismiss(why: string): void {
    this.#break(status.UNAUTHENTICATED, why);
  }

  #fail(fault: Fault, details: string): void {
    this.#break(STATUS_OF[fault], details);
  }

  #break(code: status, details: string): void {
    if (this.#reception.hasEnded) return;
    this.#end(`a session was closed: ${details}`);
    this.#call.emit('error', { code, details });
  }

  #end(problem: string | null): void {
    if (this.#reception.hasEnded) return;
    this.#writer.close();
    this.#ended(problem);
    this.#reception.end();
  }
}
