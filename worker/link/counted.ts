/** A link that tells somebody what passes over it, whatever carries it. */
import type { Link } from './link.js';

export interface LinkTraffic {
  connecting(): void;
  /** `code` of LinkClosed. */
  closed(code: string): void;
  received(): void;
  sent(): void;
}

export function countedLink(link: Link, traffic: LinkTraffic): Link {
  return {
    connect(handler) {
      traffic.connecting();
      const connection = link.connect({
        received(message) {
          traffic.received();
          handler.received(message);
        },
        closed(why) {
          traffic.closed(why.code);
          handler.closed(why);
        },
      });
      return {
        send(message) {
          traffic.sent();
          connection.send(message);
        },
        close: () => connection.close(),
      };
    },
  };
}
