import { CodedError } from '../proto/coded-error.js';
import type { BlobId } from '../proto/work.js';

/** No room where bytes were to be written. Nothing incomplete is left behind. */
export class DiskFullError extends CodedError {
  readonly code = 'DiskFull';
  constructor(where: string, why: string, options?: ErrorOptions) {
    super(`no room left to write ${where} (${why}): free some space there, or move the home with --home DIR`, options);
  }
}

/** Stored or received bytes are not those that their name says. */
export class BlobCorruptError extends CodedError {
  readonly code = 'BlobCorrupt';
  readonly blob: BlobId;
  constructor(id: BlobId, found: BlobId) {
    super(`blob ${id} is damaged: its bytes have the SHA-256 ${found}; what was derived from it must be made again`);
    this.blob = id;
  }
}

export class BlobNotFoundError extends CodedError {
  readonly code = 'BlobNotFound';
  readonly blob: BlobId;
  constructor(id: BlobId) {
    super(`blob ${id} is not in the store`);
    this.blob = id;
  }
}

/** Bytes that were sent under a name that is not theirs. */
export class BlobMismatchError extends CodedError {
  readonly code = 'BlobMismatch';
  readonly found: BlobId;
  constructor(expected: BlobId, found: BlobId) {
    super(`the bytes sent as blob ${expected} have the SHA-256 ${found}; send them again`);
    this.found = found;
  }
}

/** The blob store could not be reached, or answered something it should not, for longer than was waited. */
export class BlobUnavailableError extends CodedError {
  readonly code = 'BlobUnavailable';
  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`${what}: ${why}`, options);
  }
}

/** The coordinator will not serve this request, and trying again would not help: a wrong token, say. */
export class BlobRefusedError extends CodedError {
  readonly code = 'BlobRefused';
  constructor(id: BlobId, status: number, why: string) {
    super(`blob ${id}: the coordinator refused the request (${status}): ${why}`);
  }
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A DiskFullError where the cause is a full disk, a quota or a file size limit; else the error itself. */
export function asDiskFull(error: unknown, where: string): unknown {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && fullCodes.has(error.code)) {
    return new DiskFullError(where, error.code, { cause: error });
  }
  return error;
}
