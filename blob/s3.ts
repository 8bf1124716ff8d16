/**
 * Blobs in a bucket of S3 or of a server that speaks like it: `PREFIX/ab/cd/<id>`, as in a folder, so
 * that the one can be copied into the other. Credentials are the AWS SDK's usual ones (environment,
 * profile, machine).
 *
 * An object appears when its upload is completed, so a blob is there whole or not at all. Each request's
 * body carries its MD5, which every such server checks, and the whole is hashed as it passes: an upload
 * of other bytes than the name says is never completed. The SDK's own checksums are left out where they
 * are not required: they come as trailers, which older servers store as part of the body.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, BlobUnavailableError } from './errors.js';
import type { S3Location } from './location.js';
import { isMissing, meaningOf, BucketUnusable, unusable } from './s3-errors.js';
import { isBlobId, type OwnedBlobStore, type StoredBlob } from './store.js';
import { fetchRepeatedly, hashFile, temporaryName, verifying, writeHashed } from './verified-file.js';

export { BucketUnusable } from './s3-errors.js';

/** At most 10,000 of them are one object. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_AT_ONCE = 3;
/** Of one request, with pauses between them. */
const ATTEMPTS = 6;
const CONNECT_MS = 5_000;
const SILENT_MS = 30_000;

export class S3BlobStore implements OwnedBlobStore {
  readonly #location: S3Location;
  readonly #client: S3Client;

  constructor(location: S3Location, options: { readonly attempts?: number } = {}) {
    const { bucket, endpoint, region } = location;
    this.#location = location;
    // The SDK would warn, on the screen of whoever runs trawl, of Node versions that it gives up one day.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    this.#client = new S3Client({
      ...(endpoint === null ? {} : { endpoint }),
      ...(region === null ? {} : { region }),
      // A name with dots fits no certificate, and other servers have no names of their own for buckets.
      forcePathStyle: endpoint !== null || bucket.includes('.'),
      maxAttempts: options.attempts ?? ATTEMPTS,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
    });
  }

  /** Whether blobs can be asked for, written, read and deleted there. Throws BucketUnusable with what is to be mended. */
  async check(): Promise<void> {
    const Key = `${this.#location.prefix}incoming/${temporaryName()}`;
    const at = { Bucket: this.#location.bucket, Key };
    try {
      // An answer without a body has no reason in it, so the first question is one that has.
      await this.#client.send(new PutObjectCommand({ ...at, Body: 'trawl', ContentMD5: md5(Buffer.from('trawl')) }));
      const found = await (await this.#client.send(new GetObjectCommand(at))).Body?.transformToString();
      if (found !== 'trawl') throw new BucketUnusable(this.#location, 'what was written comes back as something else: this server alters what it stores');
      await this.#client.send(new DeleteObjectCommand(at));
      // Without the right to list, a missing object is a forbidden one.
      await this.#client.send(new HeadObjectCommand(at)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    } catch (error) {
      throw unusable(this.#location, error);
    }
  }

  async put(bytes: Uint8Array | Readable, expected?: BlobId): Promise<StoredBlob> {
    if (bytes instanceof Readable) return expected === undefined ? this.#putSpooled(bytes) : this.#putStream(bytes, expected);
    const blob = { id: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
    if (expected !== undefined && blob.id !== expected) throw new BlobMismatchError(expected, blob.id);
    if ((await this.size(blob.id)) !== blob.bytes) await this.#upload(blob.id, Readable.from([bytes]));
    return blob;
  }

  async putFile(path: string): Promise<StoredBlob> {
    const blob = await hashFile(path);
    if ((await this.size(blob.id)) !== blob.bytes) await this.#upload(blob.id, createReadStream(path));
    return blob;
  }

  async open(id: BlobId): Promise<Readable> {
    const source = await this.openFrom(id, 0);
    const checked = verifying(id, () => this.#setAside(id));
    source.on('error', (error) => checked.destroy(error));
    checked.on('close', () => source.destroy());
    return source.pipe(checked);
  }

  async openFrom(id: BlobId, offset: number): Promise<Readable> {
    if (!isBlobId(id)) throw new BlobNotFoundError(id);
    const { Body } = await this.#ask(id, () => this.#client.send(new GetObjectCommand({ ...this.#at(id), ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}) })));
    if (!(Body instanceof Readable)) throw new BlobUnavailableError(`blob ${id}`, 'the answer has no body');
    return Readable.from(cutOff(id, Body), { objectMode: false });
  }

  async has(id: BlobId): Promise<boolean> {
    return (await this.size(id)) !== null;
  }

  async size(id: BlobId): Promise<number | null> {
    if (!isBlobId(id)) return null;
    return this.#ask(id, async () => {
      try {
        return (await this.#client.send(new HeadObjectCommand(this.#at(id)))).ContentLength ?? null;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  fetch(id: BlobId, toFile: string): Promise<void> {
    return fetchRepeatedly(() => this.open(id), id, toFile, (error) => error instanceof BlobUnavailableError);
  }


  async delete(id: BlobId): Promise<void> {
    if (isBlobId(id)) await this.#ask(id, () => this.#client.send(new DeleteObjectCommand(this.#at(id))));
  }

  /** The name must be known before the first byte is sent. */
  async #putSpooled(bytes: Readable): Promise<StoredBlob> {
    const spool = join(tmpdir(), temporaryName());
    const blob = await writeHashed(bytes, spool);
    try {
      if ((await this.size(blob.id)) !== blob.bytes) await this.#upload(blob.id, createReadStream(spool));
      return blob;
    } finally {
      await rm(spool, { force: true });
    }
  }

  async #putStream(bytes: Readable, id: BlobId): Promise<StoredBlob> {
    return { id, bytes: await this.#upload(id, bytes) };
  }

  /** Returns the number of bytes. Throws BlobMismatchError where they are not the blob's, and what the source throws. */
  async #upload(id: BlobId, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const parts = inParts(hashed(bytes, id));
    try {
      const first = (await parts.next()).value ?? new Uint8Array();
      const second = await parts.next();
      if (second.done !== true) return await this.#uploadParts(id, prepended([first, second.value], parts));
      await this.#ask(id, () => this.#client.send(new PutObjectCommand({ ...this.#at(id), Body: first, ContentMD5: md5(first) })));
      return first.byteLength;
    } finally {
      // Closes the source, where the server took no part of it.
      await parts.return(undefined);
    }
  }

  async #uploadParts(id: BlobId, parts: AsyncIterable<Uint8Array>): Promise<number> {
    const { UploadId } = await this.#ask(id, () => this.#client.send(new CreateMultipartUploadCommand(this.#at(id))));
    const upload = { ...this.#at(id), UploadId };
    try {
      const sent: Promise<CompletedPart>[] = [];
      let total = 0;
      for await (const part of parts) {
        total += part.byteLength;
        await sent.at(-PARTS_AT_ONCE);
        const PartNumber = sent.length + 1;
        const sending = this.#client.send(new UploadPartCommand({ ...upload, PartNumber, Body: part, ContentMD5: md5(part) })).then(({ ETag }) => ({ ETag, PartNumber }));
        // Awaited below, or by the part after the next.
        sending.catch(() => undefined);
        sent.push(sending);
      }
      const Parts = await Promise.all(sent);
      await this.#client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
      return total;
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw meaningOf(id, this.#location, error);
    }
  }

  /**
   * Damaged bytes are kept for a look, but are no blob any more: the next put brings good ones. They are
   * read once more before: what was damaged on the way here is sound in the bucket.
   */
  async #setAside(id: BlobId): Promise<void> {
    const hash = createHash('sha256');
    for await (const part of await this.openFrom(id, 0)) hash.update(part as Uint8Array);
    if (hash.digest('hex') === id) return;
    const { Bucket, Key } = this.#at(id);
    await this.#client.send(new CopyObjectCommand({ Bucket, Key: `${this.#location.prefix}damaged/${id}`, CopySource: `${Bucket}/${encodeURI(Key)}` }));
    await this.delete(id);
  }

  async #ask<Result>(id: BlobId, action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      throw meaningOf(id, this.#location, error);
    }
  }

  #at(id: BlobId): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#location.bucket, Key: `${this.#location.prefix}${id.slice(0, 2)}/${id.slice(2, 4)}/${id}` };
  }
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

async function* cutOff(id: BlobId, body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new BlobUnavailableError(`blob ${id}`, 'the transfer from the bucket was cut off', { cause: error });
  }
}

/** Passes bytes on, and fails at their end where they are not the blob's. */
async function* hashed(bytes: AsyncIterable<Uint8Array>, id: BlobId): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const part of bytes) {
    hash.update(part);
    yield part;
  }
  const found = hash.digest('hex');
  if (found !== id) throw new BlobMismatchError(id, found);
}

/** The same bytes in parts of one size, but for the last. */
async function* inParts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.byteLength; ) {
      const piece = chunk.subarray(from, from + PART_BYTES - length);
      gathered.push(piece);
      length += piece.byteLength;
      from += piece.byteLength;
      if (length < PART_BYTES) continue;
      yield Buffer.concat(gathered);
      [gathered, length] = [[], 0];
    }
  }
  if (length > 0) yield Buffer.concat(gathered);
  return undefined;
}

async function* prepended(first: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}
