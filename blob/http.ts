import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { certificateProblem } from '../proto/certificate-problem.js';
import { Addresses } from '../proto/addresses.js';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, BlobRefusedError, BlobUnavailableError, DiskFullError } from './errors.js';
import { Stall } from './stall.js';
import { isBlobId } from './store.js';
import type { BlobStore, StoredBlob } from './store.js';
import type { Fetch } from './trusting-fetch.js';
import { fetchRepeatedly, hashFile, temporaryName, verifying, writeHashed } from './verified-file.js';

export interface HttpBlobOptions {
  /** Address of each coordinator, of which one leads, e.g. http://127.0.0.1:8080; or who knows the one that leads. */
  readonly baseUrls: readonly string[] | (() => string);
  readonly token: string;
  /** For a private CA (trusting-fetch.ts). */
  readonly fetch?: Fetch;
  /** How long to go on trying while no coordinator can be reached or all fail; 0 for one try at each. */
  readonly retryForMs?: number;
  /** How long a transfer may stand still. */
  readonly stallMs?: number;
  /** Where a stream of unknown hash is written before it is sent. */
  readonly spoolFolder?: string;
}

const defaultRetryForMs = 60_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** Longer than a coordinator may take to write what it received to a slow store. */
const defaultStallMs = 30_000;
/** Answers in a row of which not one byte arrives. */
const fruitlessAnswers = 5;
const sliceBytes = 2 ** 20;

/** Blobs of a coordinator, over its HTTP API. */
export class HttpBlobStore implements BlobStore {
  readonly #bases: Addresses | (() => string);
  readonly #fetch: Fetch;
  readonly #headers: { readonly authorization: string };
  readonly #retryForMs: number;
  readonly #stallMs: number;
  readonly #spoolFolder: string;

  constructor(options: HttpBlobOptions) {
    const { baseUrls } = options;
    this.#bases = typeof baseUrls === 'function' ? baseUrls : new Addresses(baseUrls);
    this.#fetch = options.fetch ?? fetch;
    this.#headers = { authorization: `Bearer ${options.token}` };
    this.#retryForMs = options.retryForMs ?? defaultRetryForMs;
    this.#stallMs = options.stallMs ?? defaultStallMs;
    this.#spoolFolder = options.spoolFolder ?? tmpdir();
  }

  async put(bytes: Uint8Array | Readable, expected?: BlobId): Promise<StoredBlob> {
    if (bytes instanceof Readable) return this.#putStream(bytes, expected);
    const blob = { id: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
    checkName(blob.id, expected);
    await this.#send(blob, () => slices(bytes));
    return blob;
  }

  async putFile(path: string): Promise<StoredBlob> {
    const blob = await hashFile(path);
    await this.#send(blob, () => createReadStream(path));
    return blob;
  }

  async open(id: BlobId): Promise<Readable> {
    const source = Readable.from(this.#bytes(id, await this.#get(id, 0)), { objectMode: false });
    const checked = verifying(id);
    source.on('error', (error) => checked.destroy(error));
    checked.on('close', () => source.destroy());
    return source.pipe(checked);
  }

  async has(id: BlobId): Promise<boolean> {
    if (!isBlobId(id)) return false;
    return this.#persist(async (base) => {
      const { response } = await this.#request(base, id, 'HEAD');
      if (response.status === 404) return false;
      await this.#expect(base, response, id);
      return true;
    });
  }

  fetch(id: BlobId, toFile: string): Promise<void> {
    return fetchRepeatedly(() => this.open(id), id, toFile);
  }


  /** The name must be known before the first byte is sent, so a stream is written to a file first. */
  async #putStream(bytes: Readable, expected: BlobId | undefined): Promise<StoredBlob> {
    const spool = join(this.#spoolFolder, temporaryName());
    const blob = await writeHashed(bytes, spool);
    try {
      checkName(blob.id, expected);
      await this.#send(blob, () => createReadStream(spool));
    } finally {
      await rm(spool, { force: true });
    }
    return blob;
  }

  async #send(blob: StoredBlob, body: () => AsyncIterable<Uint8Array>): Promise<void> {
    // What is there already need not travel; the coordinator notes the use all the same.
    if (await this.has(blob.id)) return;
    await this.#persist(async (base) => {
      const { response, stall } = await this.#request(base, blob.id, 'PUT', body());
      await this.#expect(base, response, blob.id);
      // An answer that nobody reads would hold its connection.
      await response.arrayBuffer();
      stall.end();
    });
  }

  /** What was cut off goes on where it ended, over as many requests as that takes. */
  async *#bytes(id: BlobId, first: Transfer): AsyncGenerator<Uint8Array> {
    let { response, stall } = first;
    let had = 0;
    for (let fruitless = 0; ; ) {
      // A server without ranges sends all of it again.
      let skip = response.status === 206 ? 0 : had;
      const before = had;
      try {
        for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          stall.moved();
          const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
          skip -= chunk.byteLength - rest.byteLength;
          had += rest.byteLength;
          if (rest.byteLength > 0) yield rest;
        }
        return;
      } catch (error) {
        fruitless = had > before ? 0 : fruitless + 1;
        if (this.#retryForMs === 0 || fruitless === fruitlessAnswers) throw new BlobUnavailableError(`blob ${id}`, 'the transfer was cut off', { cause: error });
      } finally {
        stall.end();
      }
      ({ response, stall } = await this.#get(id, had));
      // All had arrived, but for the end of the connection: the hash decides.
      if (response.status === 416) return;
    }
  }

  async #get(id: BlobId, from: number): Promise<Transfer> {
    if (!isBlobId(id)) throw new BlobNotFoundError(id);
    return this.#persist(async (base) => {
      const transfer = await this.#request(base, id, 'GET', null, from);
      if (transfer.response.status !== 416) await this.#expect(base, transfer.response, id);
      return transfer;
    });
  }

  /** The caller ends the guard against a stall of what it goes on to read. */
  async #request(base: string, id: BlobId, method: 'GET' | 'HEAD' | 'PUT', body: AsyncIterable<Uint8Array> | null = null, from = 0): Promise<Transfer> {
    const stall = new Stall(this.#stallMs);
    const init: RequestInit = { method, signal: stall.signal, headers: { ...this.#headers, ...(from > 0 ? { range: `bytes=${from}-` } : {}) } };
    if (body !== null) {
      Object.assign(init, { body: Readable.toWeb(Readable.from(movedBy(body, stall), { objectMode: false })), duplex: 'half' });
      init.headers = { ...this.#headers, 'content-type': 'application/octet-stream' };
    }
    try {
      const response = await this.#fetch(blobAddress(base, id), init);
      if (method === 'HEAD' || !response.ok) stall.end();
      return { response, stall };
    } catch (error) {
      stall.end();
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : error instanceof Error ? error.message : String(error);
      const untrusted = certificateProblem(base, cause);
      throw new BlobUnavailableError(`blob ${id}`, untrusted?.message ?? `the coordinator at ${base} cannot be reached (${cause})`, { cause: error });
    }
  }

  /** Nothing for a good answer; the error that the status stands for otherwise. */
  async #expect(base: string, response: Response, id: BlobId): Promise<void> {
    if (response.ok) return;
    const answer = readAnswer((await response.text()).slice(0, 500));
    if (response.status === 404) throw new BlobNotFoundError(id);
    if (response.status === 507) throw new DiskFullError(`blob ${id}`, "the coordinator's disk is full");
    if (response.status === 409) throw new BlobMismatchError(id, answer.found);
    if (response.status < 500) throw new BlobRefusedError(id, response.status, answer.message === '' ? whyRefused(response.status) : answer.message);
    throw new BlobUnavailableError(`blob ${id}`, `the coordinator at ${base} answered ${response.status} ${answer.message}`);
  }

  /** Tries again while the coordinator is away: it may be starting again, or another takes over. */
  async #persist<Result>(action: (base: string) => Promise<Result>): Promise<Result> {
    const until = performance.now() + this.#retryForMs;
    let pauseMs = firstPauseMs;
    for (let tries = 1; ; tries += 1) {
      const base = typeof this.#bases === 'function' ? this.#bases() : this.#bases.current;
      try {
        return await action(base);
      } catch (error) {
        if (!(error instanceof BlobUnavailableError)) throw error;
        if (this.#bases instanceof Addresses) {
          this.#bases.leave(base);
          if (tries % this.#bases.size !== 0) continue;
        }
        if (performance.now() + pauseMs > until) throw error;
      }
      await wait(pauseMs);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }
}

/** Of an answer to HEAD, which has no body. */
function whyRefused(status: number): string {
  return status === 401 ? 'its token is not good here' : status === 403 ? 'the role of its token does not reach so far, or needs a client certificate beside it' : 'it did not say why';
}

function blobAddress(base: string, id: BlobId): string {
  return `${base.replace(/\/+$/, '')}/api/v1/blobs/${id}`;
}

interface Transfer {
  readonly response: Response;
  readonly stall: Stall;
}

async function* movedBy(bytes: AsyncIterable<Uint8Array>, stall: Stall): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    stall.moved();
    yield part;
  }
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes);
}

function checkName(found: BlobId, expected: BlobId | undefined): void {
  if (expected !== undefined && found !== expected) throw new BlobMismatchError(expected, found);
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
