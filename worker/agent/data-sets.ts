import type { BlobStore } from '../../blob/store.js';
import { PackFolder } from '../data/packs.js';
import { PixelCache } from '../data/pixel-cache.js';
import type { WorkerHome } from './home.js';
import type { DataSets } from './inputs.js';

/** Data sets fetched to the home and decoded there, once per input size for all slots. */
export function dataSets(blobs: BlobStore, home: Pick<WorkerHome, 'blobs' | 'pixels'>): DataSets {
  const packs = new PackFolder(home.blobs, blobs);
  const cache = new PixelCache(home.pixels);
  return {
    pixels: async (dataset, input) => cache.ensure(await packs.manifest(dataset), input, packs),
    held: (part) => packs.held(part),
  };
}
