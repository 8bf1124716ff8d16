/**
 * One file over HTTP, onto disk. A download that breaks off goes on where it stopped, within a command
 * and from one command to the next: what has arrived lies in FILE.part until the whole is there and its
 * hash is right. Memory does not grow with the file.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { bytes as shownBytes } from '../text/format.js';
import { DownloadFailed, NoRoom, WrongHash } from './errors.js';
import { shownUrl, withLogin } from './sources.js';

export interface Download {
  readonly url: string;
  /** The index that named it: its login counts for the same host. */
  readonly source: string;
  readonly file: string;
  /** Null where nobody has said it. */
  readonly bytes: number | null;
  /** More is not fetched; absent for no limit. */
  readonly maxBytes?: number;
  /** Null where nobody has said it. */
  readonly hash: { readonly algorithm: 'sha256' | 'sha512'; /** Hexadecimal. */ readonly digest: string } | null;
  /** What else there is to do where it cannot be fetched. */
  readonly remedy: string;
  readonly onProgress: (done: number, total: number | null) => void;
  readonly signal: AbortSignal;
  /** No byte for so long counts as broken off. */
  readonly stallMs?: number;
  /** Between tries that brought nothing, growing with each. */
  readonly pauseMs?: number;
}

const STALL_MS = 30_000;
/** Ends in a row without a single new byte. */
const FRUITLESS_TRIES = 4;
const PAUSE_MS = 500;

/** Does nothing where the file is there already. Throws DownloadFailed, WrongHash, NoRoom, and the signal's reason. */
export async function download(wanted: Download): Promise<void> {
  const part = `${wanted.file}.part`;
  await mkdir(dirname(wanted.file), { recursive: true });
  if ((await sizeOf(wanted.file)) !== null) return;
  let fruitless = 0;
  let why = '';
  while (fruitless < FRUITLESS_TRIES) {
    const before = (await sizeOf(part)) ?? 0;
    try {
      if (await attempt(wanted, part)) break;
      why = 'the connection was cut off';
    } catch (error) {
      wanted.signal.throwIfAborted();
      if (error instanceof DownloadFailed || error instanceof NoRoom) throw error;
      if (isNoSpace(error)) throw new NoRoom(`no room left for ${basename(wanted.file)}; make room (what was fetched is kept) and run the same command again`);
      why = reasonOf(error);
    }
    const gained = ((await sizeOf(part)) ?? 0) > before;
    fruitless = gained ? 0 : fruitless + 1;
    if (fruitless > 0) await pause((wanted.pauseMs ?? PAUSE_MS) * fruitless, wanted.signal);
  }
  const have = (await sizeOf(part)) ?? 0;
  if (fruitless >= FRUITLESS_TRIES) {
    const kept = have > 0 ? `; ${shownBytes(have)} are kept, and the same command goes on from there` : `; check the network, ${wanted.remedy}`;
    throw new DownloadFailed(`${shownUrl(wanted.url)} cannot be fetched: ${why}${kept}`);
  }
  await check(part, wanted);
  await rename(part, wanted.file);
}

/** One connection. True where the file is whole. */
async function attempt(wanted: Download, part: string): Promise<boolean> {
  const have = (await sizeOf(part)) ?? 0;
  if (wanted.bytes !== null && have === wanted.bytes) return true;
  if (wanted.bytes !== null && have > wanted.bytes) await rm(part);
  const stall = new Stall(wanted.stallMs ?? STALL_MS);
  try {
    return await fetched(wanted, part, have, stall);
  } finally {
    stall.end();
  }
}

/** Aborts its signal when nothing arrives for too long, the answer's first byte included. */
class Stall {
  readonly #abort = new AbortController();
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.arrived();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  arrived(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new Error(`nothing arrived for ${this.#limitMs / 1_000} s`)), this.#limitMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function fetched(wanted: Download, part: string, have: number, stall: Stall): Promise<boolean> {
  const { url, headers } = withLogin(wanted.url, wanted.source);
  const response = await fetch(url, {
    // Compressed, the bytes would be others than those that are counted and hashed.
    headers: { ...headers, 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
    signal: AbortSignal.any([wanted.signal, stall.signal, AbortSignal.timeout(24 * 3_600_000)]),
  });
  if (response.status === 416) {
    // What is there is not a beginning of what the server has.
    await response.body?.cancel();
    await rm(part, { force: true });
    return false;
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const message = `${shownUrl(wanted.url)} cannot be fetched: the server answers ${response.status}`;
    if (response.status >= 500 || response.status === 429) throw new Error(`the server answers ${response.status}`);
    throw new DownloadFailed(`${message}; check the address, ${wanted.remedy}`, { refusal: { url: shownUrl(wanted.url), status: response.status } });
  }
  const start = response.status === 206 && startOf(response) === have ? have : 0;
  const length = response.headers.get('content-length');
  const total = wanted.bytes ?? (length === null ? null : start + Number(length));
  if (total !== null && isTooMuch(total, wanted)) {
    await response.body.cancel();
    throw await tooLarge(total, wanted);
  }
  const arrived = await write(response.body, { part, start, total, stall, wanted });
  return total === null || arrived === total;
}

function isTooMuch(bytes: number, { maxBytes }: Download): boolean {
  return maxBytes !== undefined && bytes > maxBytes;
}

/** What has arrived is of no use either. */
async function tooLarge(bytes: number, { url, file, maxBytes = 0, remedy }: Download): Promise<DownloadFailed> {
  await rm(`${file}.part`, { force: true });
  return new DownloadFailed(`${shownUrl(url)} is too large: found ${shownBytes(bytes)} or more, expected at most ${shownBytes(maxBytes)}; check the address, ${remedy}`);
}

interface Writing {
  readonly part: string;
  readonly start: number;
  readonly total: number | null;
  readonly stall: Stall;
  readonly wanted: Download;
}

/** Returns how many bytes the file then has. */
async function write(body: ReadableStream<Uint8Array>, { part, start, total, stall, wanted }: Writing): Promise<number> {
  const out = await open(part, start > 0 ? 'r+' : 'w');
  let position = start;
  try {
    for await (const chunk of body) {
      stall.arrived();
      if (isTooMuch(position + chunk.length, wanted)) throw await tooLarge(position + chunk.length, wanted);
      for (let written = 0; written < chunk.length; ) written += (await out.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
      position += chunk.length;
      wanted.onProgress(position, total);
    }
    return position;
  } finally {
    await out.close();
  }
}

async function check(part: string, { file, hash, onProgress, signal }: Download): Promise<void> {
  if (hash === null) return;
  const digest = await digestOf(part, createHash(hash.algorithm), signal);
  if (digest === hash.digest) return;
  await rm(part);
  onProgress(0, null);
  throw new WrongHash(basename(file), digest, hash.digest, 'what was fetched is thrown away; run the same command again, and if it happens again the server or a proxy gives a wrong file');
}

export async function digestOf(file: string, hash: Hash, signal: AbortSignal): Promise<string> {
  for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Null where there is no such file. */
export async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch {
    return null;
  }
}

function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? -1);
}

export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EFBIG');
}

/** undici says only "fetch failed" or "terminated" and keeps the reason for itself. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
