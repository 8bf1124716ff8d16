/** What a bundle takes from the data of its sweep: the statistics that inputs are normalised by, and images to check itself with. */
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import type { BlobId, DataFile, DataManifest, ImageInput } from '../../proto/work.js';
import { openImageSource } from '../../worker/data/image-source.js';
import { fitNormalisation } from '../../worker/data/normalisation.js';
import { PackFolder } from '../../worker/data/packs.js';
import { PixelCache } from '../../worker/data/pixel-cache.js';
import { partIndices } from '../../worker/data/pixel-table.js';
import type { Normalisation } from '../../worker/engine/engine.js';
import type { Home } from '../home.js';

export class TrainingData {
  readonly manifest: DataManifest;
  readonly #home: Home;
  readonly #packs: PackFolder;

  private constructor(manifest: DataManifest, home: Home, packs: PackFolder) {
    this.manifest = manifest;
    this.#home = home;
    this.#packs = packs;
  }

  /** Throws DataError where the blob is no manifest, and the blob store's errors. */
  static async open(dataset: BlobId, home: Home, blobs: BlobStore): Promise<TrainingData> {
    // Where the home's own worker has fetched the packs, they are there already: files are named by their hash.
    const packs = new PackFolder(join(home.worker, 'blobs'), blobs);
    return new TrainingData(await packs.manifest(dataset), home, packs);
  }

  /** From the pixels that the home's worker has decoded, where it has; else decodes the training part. */
  async normalisation(input: ImageInput): Promise<Normalisation> {
    if (input.normalisation === 'scale') return { mean: null, deviation: null };
    const decoded = await PixelCache.look(join(this.#home.worker, 'pixels'), this.manifest, input);
    if (decoded !== null) return fit(decoded, input);
    const scratch = join(this.#home.folder, 'cache', `pixels-${process.pid}-${randomBytes(4).toString('hex')}`);
    const cache = new PixelCache(scratch);
    try {
      const train = { ...this.manifest, files: this.manifest.files.filter((file) => file.part === 'train') };
      return fit(await cache.ensure(train, input, this.#packs), input);
    } finally {
      await cache.close();
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /** An image file's bytes as they were given. Throws where the pack was damaged. */
  async bytes(file: DataFile): Promise<Uint8Array> {
    const pack = await this.#packs.open(this.manifest.packs[file.pack] ?? '');
    try {
      const bytes = Buffer.alloc(file.bytes);
      await pack.handle.read(bytes, 0, file.bytes, file.offset);
      if (createHash('sha256').update(bytes).digest('hex') !== file.digest) throw new Error(`${file.name} is not what the data manifest says; run the sweep again`);
      return bytes;
    } finally {
      await pack.close();
    }
  }
}

function fit(table: Parameters<typeof openImageSource>[0], input: ImageInput): Normalisation {
  const source = openImageSource(table);
  try {
    return fitNormalisation(source, input.normalisation, partIndices(table, 'train'));
  } finally {
    source.close();
  }
}
