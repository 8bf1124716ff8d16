/**
 * Reads a data folder: which files are images, of which class, in which given part, and their
 * SHA-256. Every file is decoded once in full, since a header says nothing of what is cut off behind it.
 */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Box, Part } from '../../proto/work.js';
import { UnreadableImageError } from '../../worker/data/decode.js';
import { DecoderPool } from '../../worker/data/decoder-pool.js';
import { layoutOf, type DataPlace, type LayoutOptions } from './layout-of.js';
import { boxesOf } from './masks.js';
import { DataProblem, some } from './problem.js';
import { ScanCache, stampOf, type VerdictCodec } from './scan-cache.js';
import { count } from '../text/format.js';

/** The largest file that is taken: one must fit into a pack, and several are held in memory at once. */
export const MAX_FILE_BYTES = 64 * 2 ** 20;

export interface ScannedFile {
  /** Path below the data folder, '/' as separator. */
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
  /** Index into the classes. */
  readonly label: number;
  readonly part: Part | null;
  /** By a table of labels; absent where there is none. */
  readonly group?: string | null;
  /** Where a folder of masks was given: what its mask leaves of it. */
  readonly box?: Box;
}

export interface RejectedFile {
  readonly file: string;
  readonly why: string;
}

export interface Scan {
  /** Absolute path of the data folder. */
  readonly folder: string;
  readonly classes: readonly string[];
  readonly given: readonly Part[];
  /** In order of names. */
  readonly files: readonly ScannedFile[];
  readonly rejected: readonly RejectedFile[];
  readonly warnings: readonly string[];
  /** Why a sweep would not take them; empty unless they were read `anyway`. */
  readonly refusals: readonly DataProblem[];
  /** Whether the images come out of arrays: their names are places there and say nothing of whom they show. */
  readonly arrays: boolean;
  /** The bytes of an image file, or those that are made of an image in an array. */
  readonly read: (file: Pick<ScannedFile, 'name'>) => Promise<Uint8Array>;
}

/** Verdicts on files are kept in `cacheDir` between scans. */
export interface ScanOptions extends DataPlace, LayoutOptions {
  /** Largest share of unreadable files that is tolerated, in [0, 1]. */
  readonly maxRejected: number;
  /** Read and report what a sweep would refuse, where there is anything to be read, rather than throw it. */
  readonly anyway?: boolean;
  /** Given parts are pooled: a class may be missing from one of them. */
  readonly pooled?: boolean;
  /** Told which classes there are before any image is read; what it throws ends the scan. */
  readonly onClasses?: (classes: readonly string[]) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onMasks?: (done: number, total: number) => void;
}

/** The digest of a readable image, or why the file is none. */
type Verdict = { readonly digest: string } | { readonly why: string };

const VERDICTS: VerdictCodec<Verdict> = {
  kind: '',
  encode: (verdict) => ('digest' in verdict ? [verdict.digest] : [null, verdict.why]),
  decode: ([digest, why]) => (typeof digest === 'string' ? { digest } : typeof why === 'string' ? { why } : null),
};

/** Throws DataProblem; rethrows the signal's reason when it is aborted. */
export async function scanFolder(options: ScanOptions): Promise<Scan> {
  const folder = resolve(options.folder);
  const layout = await layoutOf({ ...options, folder }, options);
  const { read: make } = layout;
  const pooled = options.pooled === true;
  const refusals = (layout.refusals ?? []).filter(({ code }) => !pooled || code !== 'ClassMissingInPart');
  const refuse = (problems: readonly DataProblem[]): void => {
    if (options.anyway !== true && problems[0] !== undefined) throw problems[0];
  };
  refuse(refusals);
  options.onClasses?.(layout.classes);
  const cache = await ScanCache.open(options.cacheDir, await realpath(folder), VERDICTS);
  const total = layout.files.length;
  const labels = new Map(layout.classes.map((name, label) => [name, label]));
  const results: (ScannedFile | RejectedFile)[] = [];
  const pool = new DecoderPool();
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      options.signal?.throwIfAborted();
      const file = layout.files[index]!;
      const { verdict, bytes } = make === undefined ? await verdictOn(folder, file.name, cache, pool) : digestOf(await make(file.name));
      results[index] =
        'why' in verdict
          ? { file: file.name, why: verdict.why }
          : { name: file.name, digest: verdict.digest, bytes, label: labels.get(file.className) ?? 0, part: file.part, ...(file.group === undefined ? {} : { group: file.group }) };
      done += 1;
      options.onProgress?.(done, total);
    }
  };
  try {
    // All must have ended before the cache is closed, also when one has failed.
    const ended = await Promise.allSettled(Array.from({ length: Math.max(2, pool.threads) }, lane));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  } finally {
    await pool.close();
    await cache.close(new Set(layout.files.map((file) => file.name)));
  }
  const files = results.filter((result) => 'digest' in result);
  const rejected = results.filter((result) => 'why' in result);
  const scan: Scan = { folder, classes: layout.classes, given: layout.given, files, rejected, warnings: layout.warnings, refusals, arrays: make !== undefined, read: ({ name }) => (make === undefined ? readFile(join(folder, name)) : make(name)) };
  const missing = missingImages(scan, options.maxRejected, pooled);
  refuse(missing);
  const readable = { ...scan, refusals: [...refusals, ...missing] };
  return options.masks === undefined ? readable : masked(readable, options.masks, options, refuse);
}

/** Images without a mask that can be used count among those that cannot be read. */
async function masked(scan: Scan, masks: NonNullable<DataPlace['masks']>, options: ScanOptions, refuse: (problems: readonly DataProblem[]) => void): Promise<Scan> {
  const { files, without, warnings } = await boxesOf(scan, masks, options);
  const rejected = [...scan.rejected, ...without];
  const cut = { ...scan, files, rejected, warnings: [...scan.warnings, ...warnings] };
  const total = scan.files.length + scan.rejected.length;
  const tooMany = without.length > 0 && rejected.length > options.maxRejected * total ? [tooFewMasks(masks.folder, without, scan.files.length, options.maxRejected)] : [];
  // Where masks are missing by the folder, classes without images are a consequence.
  const missing = tooMany.length > 0 ? tooMany : missingImages(cut, options.maxRejected, options.pooled === true).filter(({ code }) => !scan.refusals.some((known) => known.code === code));
  refuse(missing);
  return { ...cut, refusals: [...scan.refusals, ...missing] };
}

function tooFewMasks(folder: string, without: readonly RejectedFile[], images: number, maxRejected: number): DataProblem {
  const reasons = some(
    without.map(({ file, why }) => `${file} (${why})`),
    3,
  );
  return new DataProblem('BadMasks', {
    path: ['data', 'crop', 'masks'],
    found: `${count(without.length, 'image')} of ${images} without a mask in ${folder} that can be used: ${reasons}`,
    expected: maxRejected === 0 ? 'a mask of the same name for each image' : `at most ${100 * maxRejected} % of images without one`,
    suggestion: 'add or mend masks, or raise data.maxRejected, which leaves these images out',
  });
}

/** What is made of an array can be read. */
function digestOf(bytes: Uint8Array): { verdict: { readonly digest: string }; bytes: number } {
  return { verdict: { digest: createHash('sha256').update(bytes).digest('hex') }, bytes: bytes.length };
}

async function verdictOn(folder: string, name: string, cache: ScanCache<Verdict>, pool: DecoderPool): Promise<{ verdict: Verdict; bytes: number }> {
  const path = join(folder, name);
  let stamp: { readonly bytes: number; readonly text: string } | null = null;
  try {
    stamp = await stampOf(path);
    const known = cache.find(name, stamp.text);
    if (known !== null) return { verdict: known, bytes: stamp.bytes };
    const verdict = await readVerdict(path, stamp.bytes, pool);
    cache.add(name, stamp.text, verdict);
    return { verdict, bytes: stamp.bytes };
  } catch (error) {
    // Not remembered: permissions and links may be mended without the file changing.
    const why = UNREADABLE[error instanceof Error && 'code' in error ? String(error.code) : ''];
    if (why === undefined) throw error;
    return { verdict: { why }, bytes: stamp?.bytes ?? 0 };
  }
}

/** System errors that speak of one file; any other ends the scan. */
const UNREADABLE: { readonly [code: string]: string } = {
  ENOENT: 'a link that points nowhere, or a file that has just gone',
  ELOOP: 'a link that points to itself',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EIO: 'the disk cannot read it',
};

async function readVerdict(path: string, size: number, pool: DecoderPool): Promise<Verdict> {
  if (size > MAX_FILE_BYTES) return { why: `larger than ${MAX_FILE_BYTES / 2 ** 20} MiB` };
  const bytes = await readFile(path);
  try {
    await pool.check(bytes);
  } catch (error) {
    if (error instanceof UnreadableImageError) return { why: error.message };
    throw error;
  }
  return { digest: createHash('sha256').update(bytes).digest('hex') };
}

/** What there is too little of, in the order of what matters. */
function missingImages(scan: Scan, maxRejected: number, pooled: boolean): DataProblem[] {
  const { folder, files, rejected } = scan;
  const reasons = some(
    rejected.map(({ file, why }) => `${file} (${why})`),
    3,
  );
  if (files.length === 0) return [new DataProblem('NoImages', { found: `no readable image among ${count(rejected.length, 'file')} of ${folder}: ${reasons}`, expected: 'images such as PNG or JPEG' })];
  const missing: DataProblem[] = [];
  const total = files.length + rejected.length;
  if (rejected.length > maxRejected * total) {
    const share = ((100 * rejected.length) / total).toFixed(1);
    const problem = new DataProblem('TooManyRejected', {
      found: `${rejected.length} of ${total} files of ${folder} (${share} %) that are no readable images: ${reasons}`,
      expected: `at most ${100 * maxRejected} %`,
      suggestion: 'mend or remove them, or raise data.maxRejected',
    });
    missing.push(problem);
  }
  for (const part of scan.given.length > 0 && !pooled ? scan.given : [null]) {
    scan.classes.forEach((name, label) => {
      if (files.some((file) => file.label === label && (part === null || file.part === part))) return;
      if (part === null) missing.push(new DataProblem('EmptyClass', { found: `no readable image in class ${name} of ${folder}`, expected: 'images of every class', suggestion: 'add images to it or remove what there is' }));
      else if (!scan.refusals.some(({ code }) => code === 'ClassMissingInPart')) missing.push(new DataProblem('ClassMissingInPart', { found: `no readable image of class ${name} in part ${part} of ${folder}`, expected: 'images of every class in every part', suggestion: 'add some, or pool all parts with "given: merge"' }));
    });
  }
  return missing;
}
