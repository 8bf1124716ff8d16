/**
 * A link over several coordinators of which one leads: where a connection ends, or is refused by a
 * standby, the next address is tried at once, and the session's backoff comes once all were tried.
 */
import type { Connection, Link, LinkHandler } from './link.js';

/** `links`: at least one. */
export function failoverLink(links: readonly Link[]): Link {
  const [only] = links;
  if (only === undefined) throw new RangeError('a failover link needs at least one link');
  return links.length === 1 ? only : new FailoverLink(links);
}

class FailoverLink implements Link {
  readonly #links: readonly Link[];
  #at = 0;
  /** Addresses in a row that came to nothing. */
  #failed = 0;

  constructor(links: readonly Link[]) {
    this.#links = links;
  }

  connect(handler: LinkHandler): Connection {
    let welcomed = false;
    let ours = false;
    const connection = this.#links[this.#at]!.connect({
      received: (message) => {
        if (message.kind === 'welcome') {
          welcomed = true;
          this.#failed = 0;
        }
        handler.received(message);
      },
      closed: (why) => {
        // A session that ends itself, to begin anew with other slots, finds the same coordinator again.
        const left = !(welcomed && ours);
        if (left) this.#at = (this.#at + 1) % this.#links.length;
        handler.closed({ ...why, another: left && this.#isAnotherUntried() });
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

  #isAnotherUntried(): boolean {
    this.#failed += 1;
    if (this.#failed < this.#links.length) return true;
    this.#failed = 0;
    return false;
  }
}
