import { encodeFromCoordinator } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { CoordinatorMessage } from '../../proto/messages.js';
import type { Piece } from '../../proto/nats/pieces.js';
import { PieceCutter, PieceJoiner, pieceText } from '../../proto/nats/pieces.js';
import { MAX_FRAME_BYTES } from '../../proto/wire.js';
import { HEADERS } from '../../proto/nats/subjects.js';
import type { CarrierHandler, Peer } from './carrier.js';
import type { Fault } from './reception.js';
import { Reception } from './reception.js';

export interface NatsPeerOptions {
  readonly id: string;
  /** Of the Peer. */
  readonly openedBy: string | null;
  /** The worker whose subject its messages come on. */
  readonly worker: string;
  readonly handler: CarrierHandler;
  readonly maxPieceBytes: number;
  /** Sends one message to the worker's session; false when no more is wanted until `drained`. */
  readonly publish: (headers: { readonly [name: string]: string }, bytes: Uint8Array) => boolean;
  /** Called once at the end, with the line for the log where something was wrong. */
  readonly ended: (problem: string | null) => void;
}

/** A worker whose heartbeats fail to come so many times in a row is gone; its leases run on for their term. */
const HEARTBEATS_MISSED = 3;

/** One session: pieces in, pieces out. NATS tells nobody that the other side is gone, so silence ends it. */
export class NatsPeer implements Peer {
  readonly id: string;
  readonly carrier = 'nats';
  readonly openedBy: string | null;
  readonly worker: string;
  readonly #options: NatsPeerOptions;
  readonly #joiner = new PieceJoiner(MAX_FRAME_BYTES);
  readonly #cutter: PieceCutter;
  readonly #writer: FrameWriter<CoordinatorMessage>;
  readonly #reception: Reception;
  #heardAt = performance.now();
  /** Known from the welcome on; before it the reception waits for the hello. */
  #silenceMs = Infinity;

  constructor(options: NatsPeerOptions) {
    this.id = options.id;
    this.openedBy = options.openedBy;
    this.worker = options.worker;
    this.#options = options;
    this.#cutter = new PieceCutter(options.maxPieceBytes);
    this.#writer = new FrameWriter<CoordinatorMessage>({
      encode: (message) => encodeFromCoordinator([message]),
      write: (frame) => this.#write(frame),
      overflow: () => this.#fail('NotRead', 'the NATS server does not take what the worker is sent'),
    });
    this.#reception = new Reception({
      peer: this,
      handler: options.handler,
      fail: (fault, details) => this.#fail(fault, details),
      objection: ({ worker }) => (worker === options.worker ? null : `a hello of ${worker} came on the subject of ${options.worker}`),
    });
  }

  send(message: CoordinatorMessage): void {
    if (message.kind === 'welcome') this.#silenceMs = HEARTBEATS_MISSED * message.heartbeatMs;
    this.#writer.push(message);
  }

  close(): void {
    if (this.#reception.hasEnded) return;
    this.#writer.flush();
    this.#options.publish({ [HEADERS.end]: 'Closed' }, new Uint8Array());
    this.cut(null);
  }

  /** The right to this session is gone. */
  dismiss(why: Error): void {
    if (this.#reception.hasEnded) return;
    this.#options.publish({ [HEADERS.end]: refusalCode(why) }, Buffer.from(why.message));
    this.cut(`a session was closed: ${why.message}`);
  }

  received(piece: Piece): void {
    this.#heardAt = performance.now();
    const joined = this.#joiner.join(piece);
    if (joined.kind === 'frame') this.#reception.frame(joined.frame);
    else if (joined.kind !== 'nothing') this.#fail(joined.kind === 'lost' ? 'Lost' : 'BadMessage', joined.problem);
  }

  drained(): void {
    this.#writer.drained();
  }

  /** Called now and then: ends a silent session, and tells the worker how much it should have. */
  check(now: number): void {
    const silentMs = now - this.#heardAt;
    if (silentMs > this.#silenceMs) this.#fail('Silent', `worker ${this.#options.worker} was silent for ${Math.round(silentMs / 1_000)} s`);
    else this.#options.publish({ [HEADERS.sent]: String(this.#cutter.count) }, new Uint8Array());
  }

  /** Ends the session here; the worker, which knows or cannot be told, is not told. Idempotent. */
  cut(problem: string | null): void {
    if (this.#reception.hasEnded) return;
    this.#writer.close();
    this.#options.ended(problem);
    this.#reception.end();
  }

  #write(frame: Uint8Array): boolean {
    this.#options.handler.traffic?.sent(this, frame.length);
    let wantsMore = true;
    for (const piece of this.#cutter.cut(frame)) wantsMore = this.#options.publish({ [HEADERS.piece]: pieceText(piece) }, piece.bytes);
    return wantsMore;
  }

  #fail(fault: Fault, details: string): void {
    if (this.#reception.hasEnded) return;
    this.#options.publish({ [HEADERS.end]: fault }, Buffer.from(details));
    this.cut(`a session was closed: ${details}`);
  }
}

/** What a worker is told of an error that keeps it out. */
export function refusalCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'TokensUnavailable';
}
