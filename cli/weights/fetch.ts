/**
 * Weights at an address: the file, and of a model.json of TensorFlow.js the binary files beside it. They are
 * fetched once for the address and hash: a folder of the cache appears whole, by rename, and what a download
 * that broke off has brought waits beside it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WeightsSpec } from '../../coordinator/sweep/spec.js';
import { DataError } from '../../worker/data/data-error.js';
import { download, sizeOf } from '../engine/download.js';
import { isJson, readManifest, type ShardGroup } from './tfjs.js';

export interface FetchOptions {
  readonly cacheDir: string;
  /** In bytes; `total` null where the server does not say. */
  readonly onProgress: (done: number, total: number | null) => void;
  readonly signal: AbortSignal;
}

/** A model.json has layers and names, and no weights. */
const MOST_JSON_BYTES = 64_000_000;

/** What was fetched is not what the sweep file's hash names, and is thrown away. */
export class WrongDigest extends DataError {
  /** SHA-256 of what arrived. */
  readonly digest: string;

  constructor(digest: string) {
    super(`its SHA-256 is ${digest}`);
    this.digest = digest;
  }
}

const REMEDY = 'or fetch it elsewhere and name the file in the place of its address';

/** The file's path in the cache. Throws DownloadFailed, WrongDigest, DiskFull, and DataError for JSON that is no model.json or names files elsewhere. */
export async function fetchWeights({ file: url, sha256 }: WeightsSpec, { cacheDir, onProgress, signal }: FetchOptions): Promise<string> {
  const name = basename(new URL(url).pathname) || 'weights';
  const folder = join(cacheDir, 'weights', createHash('sha256').update(`${url}\n${sha256 ?? ''}`).digest('hex').slice(0, 16));
  const path = join(folder, name);
  if ((await sizeOf(path)) !== null) return path;
  const arriving = `${folder}.arriving`;
  const file = join(arriving, name);
  try {
    await download({ url, source: url, file, bytes: null, ...(name.endsWith('.json') ? { maxBytes: MOST_JSON_BYTES } : {}), hash: null, remedy: REMEDY, onProgress, signal });
    if (await isJson(file)) await fetchShards(url, await readManifest(file), { folder: arriving, onProgress, signal });
    const digest = sha256 === undefined ? undefined : await digestOfWeights(file, signal);
    if (sha256 !== undefined && digest !== undefined && digest !== sha256) throw new WrongDigest(digest);
  } catch (error) {
    // What is wrong is thrown away; what broke off goes on from where it is.
    if (error instanceof DataError) await rm(arriving, { recursive: true, force: true });
    throw error;
  }
  await rename(arriving, folder);
  return path;
}

/** Each beside the model.json, as its address has it; what follows the address's `?` goes with each, as TensorFlow.js does it. */
async function fetchShards(url: string, groups: readonly ShardGroup[], { folder, onProgress, signal }: { readonly folder: string } & Omit<FetchOptions, 'cacheDir'>): Promise<void> {
  const total = groups.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const { paths, bytes } of groups) {
    let left = bytes;
    for (const path of paths) {
      const file = join(folder, path);
      const address = addressOf(path, url);
      await download({ url: address, source: url, file, bytes: null, maxBytes: left, hash: null, remedy: REMEDY, onProgress: (done) => onProgress(before + bytes - left + done, total), signal });
      left -= (await sizeOf(file)) ?? 0;
    }
    if (left > 0) throw new DataError(`its files ${paths.join(', ')} have ${(bytes - left).toLocaleString('en')} bytes on the server, expected the ${bytes.toLocaleString('en')} of their tensors`);
    before += bytes;
  }
}

/** The path was found to lead nowhere but below the model.json's folder. */
function addressOf(path: string, modelJson: string): string {
  const address = new URL(path.split('/').map((part) => encodeURIComponent(part)).join('/'), modelJson);
  address.search = new URL(modelJson).search;
  return address.href;
}

/** SHA-256 of a file; of a model.json, of it and the files that it names, one behind another, as `cat model.json group1-shard*.bin | sha256sum` gives it. Throws DataError. */
export async function digestOfWeights(path: string, signal: AbortSignal): Promise<string> {
  const shards = (await isJson(path)) ? (await readManifest(path)).flatMap(({ paths }) => paths) : [];
  const hash = createHash('sha256');
  for (const file of [path, ...shards.map((shard) => join(dirname(path), shard))]) {
    for await (const chunk of createReadStream(file, { signal })) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
