import { FolderBlobStore } from './folder.js';
import { parseBlobLocation } from './location.js';
import type { OwnedBlobStore } from './store.js';

/** Opens it; nothing is asked of it yet. Throws BadBlobLocation. */
export async function openBlobs(text: string): Promise<OwnedBlobStore> {
  const location = parseBlobLocation(text);
  if (location.kind === 'folder') return new FolderBlobStore(location.folder);
  // The client is megabytes of code: loaded by those alone who need it.
  const { S3BlobStore } = await import('./s3.js');
  return new S3BlobStore(location);
}
