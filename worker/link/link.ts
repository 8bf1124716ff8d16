/**
 * One connection attempt to a coordinator, whatever carries it. A link knows nothing of sequence
 * numbers, leases or reconnecting: that is WorkerSession's.
 */
import type { CoordinatorMessage, WorkerMessage } from '../../proto/messages.js';

/** Why a connection ended. `retry` false: trying again cannot help. */
export interface LinkClosed {
  /** 'Unavailable', 'CertificateRefused', 'Unauthenticated', 'Forbidden', 'BadMessage' or 'Disconnected'. */
  readonly code: string;
  /** One line for a person. */
  readonly message: string;
  readonly retry: boolean;
  /** The next try goes to another coordinator, so there is no reason to wait. */
  readonly another?: boolean;
}

export interface LinkHandler {
  received(message: CoordinatorMessage): void;
  /** Once, whoever ended the connection; nothing is received after it. */
  closed(why: LinkClosed): void;
}

export interface Connection {
  /** In order. Dropped without a word once closed. Throws ProtocolError for what no frame can hold. */
  send(message: WorkerMessage): void;
  /** Ends the connection after what was sent before; `closed` follows. Idempotent. */
  close(): void;
}

export interface Link {
  /** Returns at once; messages sent before the connection stands wait for it. Never calls the handler before it returns. */
  connect(handler: LinkHandler): Connection;
}
