/**
 * A link over several coordinators of which one leads: where a connection ends, or is refused by a
 * standby, the next address is tried at once, and the session's backoff comes once all were tried. One
 * address that refuses for good, for its certificate's sake or its version's, says nothing of the others:
 * the list has ended for good once each of them did in one round.
 */
import type { Refused } from '../../proto/messages.js';
import type { Connection, Link, LinkClosed, LinkHandler } from './link.js';

/** `links`: at least one. */
export function failoverLink(links: readonly Link[]): Link {
  const [only] = links;
  if (only === undefined) throw new RangeError('a failover link needs at least one link');
  return links.length === 1 ? only : new FailoverLink(links);
}

/** These speak of the worker itself: another address would only bring its quarrel there. */
const OF_THE_WORKER: ReadonlySet<string> = new Set(['WorkerReplaced']);

class FailoverLink implements Link {
  readonly #links: readonly Link[];
  #at = 0;
  /** Addresses in a row that came to nothing, and whether one of them may let us in another time. */
  #failed = 0;
  #mayPass = false;

  constructor(links: readonly Link[]) {
    this.#links = links;
  }

  connect(handler: LinkHandler): Connection {
    let welcomed = false;
    let ours = false;
    let refused: Refused | null = null;
    const connection = this.#links[this.#at]!.connect({
      received: (message) => {
        if (message.kind === 'welcome') {
          welcomed = true;
          this.#beginRound();
        }
        if (message.kind !== 'refused' || message.retry || OF_THE_WORKER.has(message.code)) {
          handler.received(message);
          return;
        }
        refused = message;
        handler.received({ ...message, retry: true });
      },
      closed: (why) => {
        // A session that ends itself, to begin anew with other slots, finds the same coordinator again.
        if (welcomed && ours) {
          handler.closed({ ...why, another: false });
          return;
        }
        this.#at = (this.#at + 1) % this.#links.length;
        const failure = refused === null ? why : { code: refused.code, message: refused.message, retry: false };
        const told = this.#afterFailure(failure);
        if (refused === null && !why.retry && told.retry) handler.received({ kind: 'refused', code: why.code, message: why.message, retry: true });
        handler.closed(told);
      },
    });
    return {
      send: (message) => connection.send(message),
      close: () => {
        ours = true;
        connection.close();
      },
    };
  }

  #afterFailure(why: LinkClosed): LinkClosed {
    this.#failed += 1;
    this.#mayPass ||= why.retry;
    const another = this.#failed < this.#links.length;
    const retry = another || this.#mayPass;
    if (!another) this.#beginRound();
    return { ...why, retry, another };
  }

  #beginRound(): void {
    this.#failed = 0;
    this.#mayPass = false;
  }
}
