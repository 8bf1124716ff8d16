/**
 * Blobs: stored bytes named by their SHA-256. What a blob holds never changes, so putting one twice is
 * the same as putting it once, and a copy is as good as the original.
 *
 * Guarantees of every implementation (test/blob/contract.ts runs on each)
 * - A blob is there whole or not at all: a put that is cut off leaves nothing that `has` sees.
 * - When `put` returns, the bytes survive a power loss.
 * - Bytes that do not have their name's hash never pass as the blob: `fetch` leaves no file and the
 *   stream of `open` fails at its end, both with BlobCorruptError.
 */
import type { Readable } from 'node:stream';
import type { BlobId } from '../proto/work.js';

export interface StoredBlob {
  readonly id: BlobId;
  readonly bytes: number;
}

export interface BlobStore {
  /**
   * Stores the bytes. With `expected`, bytes of another hash are refused (BlobMismatchError).
   * Throws DiskFullError, BlobUnavailableError.
   */
  put(bytes: Uint8Array | Readable, expected?: BlobId): Promise<StoredBlob>;
  /** The same for a file's content. */
  putFile(path: string): Promise<StoredBlob>;
  /** The bytes as a stream, verified as they pass. Throws BlobNotFoundError, BlobUnavailableError. */
  open(id: BlobId): Promise<Readable>;
  has(id: BlobId): Promise<boolean>;
  /**
   * Copies the blob to a file, by atomic rename and only after its hash was verified.
   * Throws BlobNotFoundError, BlobCorruptError, DiskFullError, BlobUnavailableError.
   */
  fetch(id: BlobId, toFile: string): Promise<void>;
}

/** The store that holds the bytes itself; only its owner may delete. */
export interface OwnedBlobStore extends BlobStore {
  /**
   * The bytes from an offset on, unverified: for whoever has those before it, and verifies the whole.
   * Throws BlobNotFoundError, BlobUnavailableError.
   */
  openFrom(id: BlobId, offset: number): Promise<Readable>;
  /** Size in bytes, or null where there is no such blob. */
  size(id: BlobId): Promise<number | null>;
  /** Deleting what is not there is no error. */
  delete(id: BlobId): Promise<void>;
}

export function isBlobId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
