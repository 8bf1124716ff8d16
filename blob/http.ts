import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as wait } from 'node:timers/promises';
import { certificateProblem } from '../proto/certificate-problem.js';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, BlobRefusedError, BlobUnavailableError, DiskFullError } from './errors.js';
import { isBlobId } from './store.js';
import type { BlobStore, StoredBlob } from './store.js';
import type { Fetch } from './trusting-fetch.js';
import { fetchVerified, hashFile, temporaryName, verifying, writeHashed } from './verified-file.js';

export interface HttpBlobOptions {
  /** Address of the coordinator, e.g. http://127.0.0.1:8080 */
  readonly baseUrl: string | (() => string);
  readonly token: string;
  /** For a private CA (trusting-fetch.ts). */
  readonly fetch?: Fetch;
  /** How long to go on trying while the coordinator cannot be reached or fails; 0 for one try. */
  readonly retryForMs?: number;
  /** Where a stream of unknown hash is written before it is sent. */
  readonly spoolFolder?: string;
}

const defaultRetryForMs = 60_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** Blobs of a coordinator, over its HTTP API. */
export class HttpBlobStore implements BlobStore {
  readonly #baseUrl: string | (() => string);
  readonly #fetch: Fetch;
  readonly #headers: { readonly authorization: string };
  readonly #retryForMs: number;
  readonly #spoolFolder: string;

  constructor(options: HttpBlobOptions) {
    this.#baseUrl = options.baseUrl;
    this.#fetch = options.fetch ?? fetch;
    this.#headers = { authorization: `Bearer ${options.token}` };
    this.#retryForMs = options.retryForMs ?? defaultRetryForMs;
    this.#spoolFolder = options.spoolFolder ?? tmpdir();
  }

  get #base(): string {
    const url = typeof this.#baseUrl === 'string' ? this.#baseUrl : this.#baseUrl();
    return `${url.replace(/\/+$/, '')}/api/v1/blobs/`;
  }

  async put(bytes: Uint8Array | Readable, expected?: BlobId): Promise<StoredBlob> {
    if (bytes instanceof Readable) return this.#putStream(bytes, expected);
    const blob = { id: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
    checkName(blob.id, expected);
    await this.#send(blob, () => new Uint8Array(bytes));
    return blob;
  }

  async putFile(path: string): Promise<StoredBlob> {
    const blob = await hashFile(path);
    await this.#send(blob, () => webStream(createReadStream(path)));
    return blob;
  }

  async open(id: BlobId): Promise<Readable> {
    const response = await this.#ask(id, 'GET');
    await this.#expect(response, id);
    if (response.body === null) throw new BlobUnavailableError(`blob ${id}`, 'the coordinator sent no body');
    const source = Readable.fromWeb(response.body);
    const checked = verifying(id);
    source.on('error', (error) => checked.destroy(new BlobUnavailableError(`blob ${id}`, 'the transfer was cut off', { cause: error })));
    checked.on('close', () => source.destroy());
    return source.pipe(checked);
  }

  async has(id: BlobId): Promise<boolean> {
    if (!isBlobId(id)) return false;
    const response = await this.#ask(id, 'HEAD');
    if (response.status === 404) return false;
    await this.#expect(response, id);
    return true;
  }

  async fetch(id: BlobId, toFile: string): Promise<void> {
    await this.#persist(async () => fetchVerified(await this.open(id), id, toFile));
  }

  /** The name must be known before the first byte is sent, so a stream is written to a file first. */
  async #putStream(bytes: Readable, expected: BlobId | undefined): Promise<StoredBlob> {
    const spool = join(this.#spoolFolder, temporaryName());
    const blob = await writeHashed(bytes, spool);
    try {
      checkName(blob.id, expected);
      await this.#send(blob, () => webStream(createReadStream(spool)));
    } finally {
      await rm(spool, { force: true });
    }
    return blob;
  }

  async #send(blob: StoredBlob, body: () => Uint8Array<ArrayBuffer> | ReadableStream): Promise<void> {
    // What is there already need not travel; the coordinator notes the use all the same.
    if (await this.has(blob.id)) return;
    await this.#persist(async () => {
      const content = body();
      const streamed = content instanceof Uint8Array ? {} : { duplex: 'half' as const };
      const headers = { ...this.#headers, 'content-type': 'application/octet-stream' };
      const response = await this.#request(blob.id, { method: 'PUT', headers, body: content, ...streamed });
      await this.#expect(response, blob.id);
      // An answer that nobody reads would hold its connection.
      await response.arrayBuffer();
    });
  }

  async #ask(id: BlobId, method: 'GET' | 'HEAD'): Promise<Response> {
    if (!isBlobId(id)) throw new BlobNotFoundError(id);
    return this.#persist(async () => {
      const response = await this.#request(id, { method, headers: this.#headers });
      if (response.status >= 500) await this.#expect(response, id);
      return response;
    });
  }

  async #request(id: BlobId, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(`${this.#base}${id}`, init);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      const untrusted = certificateProblem(this.#base, cause);
      throw new BlobUnavailableError(`blob ${id}`, untrusted?.message ?? `the coordinator at ${this.#base} cannot be reached (${cause})`, { cause: error });
    }
  }

  /** Nothing for a good answer; the error that the status stands for otherwise. */
  async #expect(response: Response, id: BlobId): Promise<void> {
    if (response.ok) return;
    const answer = readAnswer((await response.text()).slice(0, 500));
    if (response.status === 404) throw new BlobNotFoundError(id);
    if (response.status === 507) throw new DiskFullError(`blob ${id}`, "the coordinator's disk is full");
    if (response.status === 409) throw new BlobMismatchError(id, answer.found);
    if (response.status < 500) throw new BlobRefusedError(id, response.status, answer.message === '' ? whyRefused(response.status) : answer.message);
    throw new BlobUnavailableError(`blob ${id}`, `the coordinator answered ${response.status} ${answer.message}`);
  }

  /** Tries again while the coordinator is away: it may be starting again, or another takes over. */
  async #persist<Result>(action: () => Promise<Result>): Promise<Result> {
    const until = performance.now() + this.#retryForMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof BlobUnavailableError) || performance.now() + pauseMs > until) throw error;
      }
      await wait(pauseMs);
    }
  }
}

/** Of an answer to HEAD, which has no body. */
function whyRefused(status: number): string {
  return status === 401 ? 'its token is not good here' : status === 403 ? 'the role of its token does not reach so far' : 'it did not say why';
}

function checkName(found: BlobId, expected: BlobId | undefined): void {
  if (expected !== undefined && found !== expected) throw new BlobMismatchError(expected, found);
}

function webStream(stream: Readable): ReadableStream {
  return Readable.toWeb(stream);
}

/** What an error's body says; the text itself where it is no JSON (a proxy answered). */
function readAnswer(text: string): { readonly message: string; readonly found: string } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) {
      return { message: 'message' in body ? String(body.message) : text, found: 'found' in body ? String(body.found) : 'unknown' };
    }
  } catch {
    // Not JSON: the text is the best there is.
  }
  return { message: text, found: 'unknown' };
}
