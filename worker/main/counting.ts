/** How what passes in and out of a worker becomes metrics. */
import type { BlobTraffic } from '../../blob/counted.js';
import type { LinkTraffic } from '../link/counted.js';
import type { WorkerMetrics } from '../metrics.js';

export function blobTraffic({ blobBytes, blobLookups }: WorkerMetrics): BlobTraffic {
  return {
    stored: (bytes) => blobBytes.inc({ direction: 'sent' }, bytes),
    read: (bytes) => blobBytes.inc({ direction: 'received' }, bytes),
    lookedUp: (found) => blobLookups.inc({ result: found ? 'hit' : 'miss' }),
  };
}

export function linkTraffic({ linkConnects, linkLosses, linkMessages }: WorkerMetrics, carrier: 'grpc' | 'nats'): LinkTraffic {
  return {
    connecting: () => linkConnects.inc({ carrier }),
    closed: (code) => linkLosses.inc({ carrier, code }),
    received: () => linkMessages.inc({ carrier, direction: 'received' }),
    sent: () => linkMessages.inc({ carrier, direction: 'sent' }),
  };
}
