import { decodeFromCoordinator, ProtocolError } from '../../proto/codec.js';
import type { CoordinatorMessage } from '../../proto/messages.js';
import type { LinkClosed } from './link.js';

/** Hands on what is in a frame of the coordinator `at` this address, while the connection is open; or says why it cannot be read. */
export function receiveFrame(frame: Uint8Array, at: string, isOpen: () => boolean, received: (message: CoordinatorMessage) => void): LinkClosed | null {
  let messages: CoordinatorMessage[];
  try {
    messages = decodeFromCoordinator(frame);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: error.code, message: `the coordinator at ${at} sent what cannot be read: ${error.message}`, retry: true };
  }
  for (const message of messages) if (isOpen()) received(message);
  return null;
}
