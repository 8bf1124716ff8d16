/**
 * What the leader sees of the workers' connections, whatever carries them. A carrier checks the
 * token and the protocol version, opens a session with its worker's hello, and keeps the order of
 * messages in both directions. It answers nothing by itself: acknowledgement follows commit, and
 * commit is the leader's. Messages may be repeated by the worker and are handed on as they come.
 */
import { CodedError } from '../../proto/coded-error.js';
import type { CoordinatorMessage, WorkerMessage } from '../../proto/messages.js';
import type { SessionProof } from '../../proto/nats/session-proof.js';

export type CarrierName = 'grpc' | 'nats';

/** One session of one worker. A worker that reconnects comes as a new peer. */
export interface Peer {
  /** Unique in this process. */
  readonly id: string;
  /** What carries the session. */
  readonly carrier: CarrierName;
  /** Id of the token that opened it (tok_…); null for the home's own. */
  readonly openedBy: string | null;
  /** Dropped without a word once the session has ended. Throws ProtocolError for what no frame can hold. */
  send(message: CoordinatorMessage): void;
  /** Ends the session after what was sent before. */
  close(): void;
}

/** Who may open sessions. */
export interface Doorkeeper {
  /**
   * `authorization`: `Bearer SECRET`; `from`: who asks, as far as the carrier knows: wrong tokens are limited by it. Rejects with an
   * error whose message is for the worker, and whose code is `Forbidden` where the token is good for other things, and
   * `TooManyRequests` where it was not looked at.
   */
  admit(authorization: string | undefined, from: string): Promise<Admission>;
  /** As `admit`, of a worker that does not say its token. */
  admitProof(proof: SessionProof, from: string): Promise<Admission>;
}

export interface Admission {
  /** Id of the token; null for the home's own. */
  readonly token: string | null;
  /** Tells once when the right is gone; the returned function ends that. */
  watch(ended: (why: Error) => void): () => void;
}

export interface CarrierHandler {
  /** A worker said hello with the right token and version; `received` follows with the hello itself. */
  opened(peer: Peer): void;
  received(peer: Peer, message: WorkerMessage): void;
  /** Once per opened peer, whoever ended the session. */
  closed(peer: Peer): void;
  /** Told of the bytes of every frame. */
  readonly traffic?: {
    received(peer: Peer, bytes: number): void;
    sent(peer: Peer, bytes: number): void;
  };
}

export interface Carrier {
  /** Throws ListenError. Address as HOST:PORT, with the port that was given out where 0 was asked for. */
  start(handler: CarrierHandler): Promise<{ address: string }>;
  /** Ends every session and frees the address. Idempotent. */
  stop(): Promise<void>;
}

/** The address cannot be listened on. */
export class ListenError extends CodedError {
  readonly code = 'ListenFailed';
  constructor(address: string, why: string) {
    super(`cannot listen on ${address}: ${why}; stop what listens there, or choose another port`);
  }
}
