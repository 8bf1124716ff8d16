import type { BlobTraffic } from '../../blob/counted.js';
import type { CoordinatorMetrics } from './metrics.js';

export function blobTraffic({ blobBytes, blobLookups }: CoordinatorMetrics): BlobTraffic {
  return {
    stored: (bytes) => blobBytes.inc({ direction: 'received' }, bytes),
    read: (bytes) => blobBytes.inc({ direction: 'sent' }, bytes),
    lookedUp: (found) => blobLookups.inc({ result: found ? 'hit' : 'miss' }),
  };
}
