/**
 * Which blob store belongs to a database. What the database refers to lies in one place; a coordinator
 * that was given another (a standby with a folder of its own, a mistyped bucket) would lead a sweep
 * whose data and checkpoints it does not have. So the first coordinator puts a blob of random bytes
 * and the database remembers its name: whoever comes later must find it. Where the database refers to
 * blobs from before that, the first must have some of those.
 */
import { randomBytes } from 'node:crypto';
import { CodedError } from '../../proto/coded-error.js';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import type { Store } from '../store/store.js';

export class BlobsElsewhere extends CodedError {
  readonly code = 'BlobsElsewhere';
  constructor(where: string) {
    super(`the blobs of this database are not in ${where}: give the folder or the bucket that the first coordinator was given, with --blobs`);
  }
}

/** `where`: for the message. Throws BlobsElsewhere, and the errors of both stores. */
export async function claimBlobs(store: Pick<Store, 'blobMarker' | 'setBlobMarker' | 'someReferredBlobs'>, blobs: OwnedBlobStore, where: string): Promise<void> {
  let marker = await store.blobMarker();
  if (marker === null) {
    const referred = await store.someReferredBlobs();
    if (referred.length > 0 && !(await hasAny(blobs, referred))) throw new BlobsElsewhere(where);
    marker = await store.setBlobMarker((await blobs.put(randomBytes(32))).id);
  }
  if (!(await blobs.has(marker))) throw new BlobsElsewhere(where);
}

/** One is enough: single ones may be lost. */
async function hasAny(blobs: OwnedBlobStore, ids: readonly BlobId[]): Promise<boolean> {
  for (const id of ids) if (await blobs.has(id)) return true;
  return false;
}
