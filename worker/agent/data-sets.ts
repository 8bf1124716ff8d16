import type { BlobStore } from '../../blob/store.js';
import type { BoxCache } from '../data/box-cache.js';
import { FeatureShelf } from '../data/features.js';
import { PackFolder } from '../data/packs.js';
import { PixelCache } from '../data/pixel-cache.js';
import type { WorkerHome } from './home.js';
import type { DataSets } from './inputs.js';

/** Data sets fetched to the home and decoded there, once per input size for all slots. */
export function dataSets(blobs: BlobStore, home: Pick<WorkerHome, 'blobs' | 'pixels'>, cache: BoxCache): DataSets {
  const packs = new PackFolder(home.blobs, blobs, cache);
  const pixels = new PixelCache(home.pixels, cache);
  cache.add(packs);
  cache.add(pixels);
  cache.add(new FeatureShelf(home.pixels));
  return {
    path: (input) => pixels.path(input),
    pixels: async (dataset, input) => pixels.ensure(await packs.manifest(dataset), input, packs),
    held: (part) => packs.held(part),
  };
}
