/** Where a home keeps its blobs: in a folder of its own, or at a place that was named once with --blobs. */
import { BadBlobLocation, parseBlobLocation } from '../blob/location.js';
import { openBlobs } from '../blob/open.js';
import type { OwnedBlobStore } from '../blob/store.js';
import { BadInput } from './exit.js';
import { createHome, readJson, writePrivately, type Home } from './home.js';

/** The place that a command on this home uses: a folder, or s3://… Throws BadInput for what is none. */
export function blobsOf(home: Home, given?: string): string {
  if (given !== undefined) return checked(given);
  const remembered = readJson(home.blobsPlace) as { place?: unknown } | null;
  return typeof remembered?.place === 'string' ? remembered.place : home.blobs;
}

/** So that later commands on this home need not name it again. */
export function rememberBlobs(home: Home, place: string): void {
  createHome(home);
  writePrivately(home.blobsPlace, { place });
}

/** Throws BadInput where a store on S3 cannot be used; what is wrong with a folder is told when it is written to. */
export async function requireUsable(place: string): Promise<void> {
  const location = parseBlobLocation(place);
  if (location.kind === 'folder') return;
  const { S3BlobStore, BucketUnusable } = await import('../blob/s3.js');
  try {
    await new S3BlobStore(location).check();
  } catch (error) {
    if (error instanceof BucketUnusable) throw new BadInput(error.message);
    throw error;
  }
}

export function homeBlobs(home: Home): Promise<OwnedBlobStore> {
  return openBlobs(blobsOf(home));
}

function checked(text: string): string {
  try {
    const location = parseBlobLocation(text);
    return location.kind === 'folder' ? location.folder : text;
  } catch (error) {
    if (error instanceof BadBlobLocation) throw new BadInput(error.message);
    throw error;
  }
}
