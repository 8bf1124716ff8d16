/** Blob stores that tell somebody how many bytes go in and out, and what was asked for. */
import { stat } from 'node:fs/promises';
import { pipeline, Transform, type Readable } from 'node:stream';
import type { BlobStore, OwnedBlobStore, StoredBlob } from './store.js';

export interface BlobTraffic {
  /** So many bytes were put; into the store, or again. */
  stored(bytes: number): void;
  /** So many bytes were read. */
  read(bytes: number): void;
  /** Somebody asked whether a blob is there. */
  lookedUp(found: boolean): void;
}

export function countedBlobs(store: BlobStore, traffic: BlobTraffic): BlobStore {
  const counted = async (storing: Promise<StoredBlob>): Promise<StoredBlob> => {
    const blob = await storing;
    traffic.stored(blob.bytes);
    return blob;
  };
  return {
    put: (bytes, expected) => counted(store.put(bytes, expected)),
    putFile: (path) => counted(store.putFile(path)),
    open: async (id) => countingStream(await store.open(id), traffic),
    async has(id) {
      const found = await store.has(id);
      traffic.lookedUp(found);
      return found;
    },
    async fetch(id, toFile) {
      await store.fetch(id, toFile);
      traffic.read((await stat(toFile)).size);
    },
  };
}

export function countedOwnedBlobs(store: OwnedBlobStore, traffic: BlobTraffic): OwnedBlobStore {
  return {
    ...countedBlobs(store, traffic),
    async size(id) {
      const bytes = await store.size(id);
      traffic.lookedUp(bytes !== null);
      return bytes;
    },
    openFrom: async (id, from) => countingStream(await store.openFrom(id, from), traffic),
    delete: (id) => store.delete(id),
  };
}

function countingStream(source: Readable, traffic: BlobTraffic): Readable {
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      traffic.read(chunk.length);
      done(null, chunk);
    },
  });
  // An end of either ends the other, with its error.
  return pipeline(source, counting, () => undefined);
}
