/** Counts what passes between the carriers and the leader, at the seam that all carriers share. */
import type { CarrierHandler, CarrierName, Peer } from '../dispatch/carrier.js';
import type { CoordinatorMessage, WorkerMessage } from '../../proto/messages.js';
import type { CoordinatorMetrics } from './metrics.js';

/** The handler itself, told the same. */
export function countedHandler(handler: CarrierHandler, metrics: CoordinatorMetrics): CarrierHandler {
  const counted = new Map<Peer, CountedPeer>();
  /** Workers that have had a session here: as many as there are workers. */
  const seen = new Set<string>();
  return {
    traffic: {
      received: ({ carrier }, bytes) => metrics.linkBytes.inc({ carrier, direction: 'received' }, bytes),
      sent: ({ carrier }, bytes) => metrics.linkBytes.inc({ carrier, direction: 'sent' }, bytes),
    },
    opened(peer) {
      const own = new CountedPeer(peer, metrics);
      counted.set(peer, own);
      metrics.linkSessions.inc({ carrier: peer.carrier });
      metrics.linkConnects.inc({ carrier: peer.carrier });
      handler.opened(own);
    },
    received(peer, message) {
      metrics.linkMessages.inc({ carrier: peer.carrier, direction: 'received' });
      if (message.kind === 'hello') countReconnect(message, peer);
      handler.received(counted.get(peer) ?? peer, message);
    },
    closed(peer) {
      const own = counted.get(peer);
      counted.delete(peer);
      if (own !== undefined) metrics.linkSessions.dec({ carrier: peer.carrier });
      handler.closed(own ?? peer);
    },
  };

  function countReconnect({ worker }: Extract<WorkerMessage, { readonly kind: 'hello' }>, { carrier }: Peer): void {
    if (seen.has(worker)) metrics.linkReconnects.inc({ carrier });
    seen.add(worker);
  }
}

class CountedPeer implements Peer {
  readonly id: string;
  readonly carrier: CarrierName;
  readonly openedBy: string | null;
  readonly #peer: Peer;
  readonly #metrics: CoordinatorMetrics;

  constructor(peer: Peer, metrics: CoordinatorMetrics) {
    this.id = peer.id;
    this.carrier = peer.carrier;
    this.openedBy = peer.openedBy;
    this.#peer = peer;
    this.#metrics = metrics;
  }

  send(message: CoordinatorMessage): void {
    this.#metrics.linkMessages.inc({ carrier: this.carrier, direction: 'sent' });
    this.#peer.send(message);
  }

  close(): void {
    this.#peer.close();
  }
}
