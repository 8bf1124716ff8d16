/**
 * Packs a data set's bytes into blobs and writes its manifest. Files enter by digest, each content
 * once, so packs know nothing of classes, parts or names: another split or seed of the same images
 * makes no new pack. A pack is a leaf of the binary trie over digests, cut where its bytes would exceed
 * the limit, so that an image more or less changes one pack and not all that follow it.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BlobStore } from '../../blob/store.js';
import { encodeManifest, makeManifest } from '../../proto/manifest.js';
import type { BlobId, DataManifest, Part } from '../../proto/work.js';
import { DataProblem } from './problem.js';
import type { ScannedFile } from './scan.js';

export const MAX_PACK_BYTES = 64 * 2 ** 20;

export interface PackOptions {
  /** The bytes that were scanned. */
  readonly read: (file: ScannedFile) => Promise<Uint8Array>;
  readonly classes: readonly string[];
  readonly files: readonly { readonly file: ScannedFile; readonly part: Part }[];
  readonly blobs: BlobStore;
  /** Which packs exist is remembered here. */
  readonly cacheDir: string;
  readonly maxPackBytes?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface Packed {
  readonly manifest: DataManifest;
  /** The manifest's blob. */
  readonly blob: BlobId;
}

/** Throws DataProblem where a file changed since it was scanned, and the blob store's errors. */
export async function packDataset(options: PackOptions): Promise<Packed> {
  const unique = new Map<string, ScannedFile>();
  for (const { file } of options.files) if (!unique.has(file.digest)) unique.set(file.digest, file);
  const sorted = [...unique.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const leaves = leavesOf(sorted, options.maxPackBytes ?? MAX_PACK_BYTES, 0);
  const known = await KnownPacks.open(options.cacheDir);
  const packs: BlobId[] = [];
  const places = new Map<string, { pack: number; offset: number; bytes: number }>();
  let done = 0;
  for (const [pack, leaf] of leaves.entries()) {
    let offset = 0;
    for (const file of leaf) {
      places.set(file.digest, { pack, offset, bytes: file.bytes });
      offset += file.bytes;
    }
    const key = keyOf(leaf);
    const before = known.find(key);
    if (before !== null && (await options.blobs.has(before))) {
      packs.push(before);
      options.onProgress?.(done + leaf.length, sorted.length);
    } else {
      const begun = done;
      const stored = await options.blobs.put(Readable.from(contents(options, leaf, (taken) => options.onProgress?.(begun + taken, sorted.length))));
      await known.add(key, stored.id);
      packs.push(stored.id);
    }
    done += leaf.length;
  }
  const files = options.files.map(({ file, part }) => {
    const place = places.get(file.digest);
    if (place === undefined) throw new Error(`no pack holds ${file.name}`);
    return { name: file.name, digest: file.digest, label: file.label, part, ...place, ...(file.box === undefined ? {} : { box: file.box }) };
  });
  const manifest = makeManifest(options.classes, packs, files);
  const blob = await options.blobs.put(encodeManifest(manifest));
  return { manifest, blob: blob.id };
}

/** Cuts files, sorted by digest, into packs of at most `limit` bytes: by the bit at `depth` while they are too many. */
function leavesOf(files: readonly ScannedFile[], limit: number, depth: number): readonly (readonly ScannedFile[])[] {
  if (files.length === 0) return [];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= limit || files.length === 1) return [files];
  const ones = files.findIndex((file) => bitAt(file.digest, depth) === 1);
  const middle = ones < 0 ? files.length : ones;
  return [...leavesOf(files.slice(0, middle), limit, depth + 1), ...leavesOf(files.slice(middle), limit, depth + 1)];
}

function bitAt(digest: string, depth: number): number {
  return (Number.parseInt(digest.charAt(depth >> 2), 16) >> (3 - (depth & 3))) & 1;
}

function keyOf(leaf: readonly ScannedFile[]): string {
  const hash = createHash('sha256');
  for (const file of leaf) hash.update(`${file.digest} ${file.bytes}\n`);
  return hash.digest('hex');
}

/** The bytes of the files one after the other, each checked against the digest that the scan found. `onTaken` counts those that the store has taken. */
async function* contents({ read, signal }: Pick<PackOptions, 'read' | 'signal'>, files: readonly ScannedFile[], onTaken: (taken: number) => void): AsyncGenerator<Uint8Array> {
  for (const [index, file] of files.entries()) {
    signal?.throwIfAborted();
    const bytes = await read(file).catch((error: unknown) => {
      throw changed(file.name, error);
    });
    if (bytes.length !== file.bytes || createHash('sha256').update(bytes).digest('hex') !== file.digest) throw changed(file.name, null);
    yield bytes;
    onTaken(index + 1);
  }
}

function changed(name: string, cause: unknown): DataProblem {
  return new DataProblem('DataChanged', { found: `that ${name} changed while the data set was being read`, expected: 'images that stay as they are', suggestion: 'run the same command again' }, { cause });
}

/** Which content lies in which pack blob; whether the store still has it is asked anew each time. */
class KnownPacks {
  readonly #path: string;
  readonly #blobs: Map<string, BlobId>;

  private constructor(path: string, blobs: Map<string, BlobId>) {
    this.#path = path;
    this.#blobs = blobs;
  }

  static async open(cacheDir: string): Promise<KnownPacks> {
    await mkdir(cacheDir, { recursive: true });
    const path = join(cacheDir, 'packs.txt');
    const text = await readFile(path, 'utf8').catch(() => '');
    const blobs = new Map<string, BlobId>();
    for (const line of text.split('\n')) {
      const match = /^([0-9a-f]{64}) ([0-9a-f]{64})$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) blobs.set(match[1], match[2]);
    }
    return new KnownPacks(path, blobs);
  }

  find(key: string): BlobId | null {
    return this.#blobs.get(key) ?? null;
  }

  async add(key: string, blob: BlobId): Promise<void> {
    this.#blobs.set(key, blob);
    // A leading line end closes whatever torn line a killed writer left.
    await appendFile(this.#path, `\n${key} ${blob}\n`);
  }
}
