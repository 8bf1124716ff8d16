/**
 * The data set as it travels: a JSON blob that lists every file with its label, its part and where its
 * bytes lie. Its digest speaks of content alone, so neither the names of files and classes nor how the
 * bytes are packed can move an epoch key.
 */
import { createHash } from 'node:crypto';
import { CodedError } from './coded-error.js';
import type { BlobId, Box, DataFile, DataManifest, Part } from './work.js';

export const PARTS: readonly Part[] = ['train', 'val', 'test'];

/** The bytes are not a data manifest that this version can read. */
export class ManifestError extends CodedError {
  readonly code = 'BadManifest';
  constructor(problem: string) {
    super(`the data manifest cannot be used: ${problem}; submit the sweep again from a trawl of this version`);
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Placed = Pick<DataFile, 'part' | 'digest' | 'label' | 'name'>;

/** The order of files in a manifest: part (train, val, test), digest, label; names break what ties are left. */
export function compareFiles(a: Placed, b: Placed): number {
  return (
    PARTS.indexOf(a.part) - PARTS.indexOf(b.part) || byText(a.digest, b.digest) || a.label - b.label || byText(a.name, b.name)
  );
}

/** SHA-256 over the number of classes and (digest, label, part, box where it has one) of each file, in the order of `compareFiles`. */
function contentDigest(classes: number, sorted: readonly DataFile[]): string {
  const hash = createHash('sha256').update(`trawl data 1\nclasses ${classes}\n`);
  for (const file of sorted) hash.update(`${file.digest} ${file.label} ${file.part}${file.box === undefined ? '' : ` ${file.box.join(' ')}`}\n`);
  return hash.digest('hex');
}

/** Brings the files into order and names their content. */
export function makeManifest(classes: readonly string[], packs: readonly BlobId[], files: readonly DataFile[]): DataManifest {
  const sorted = files.toSorted(compareFiles);
  return { format: 1, digest: contentDigest(classes.length, sorted), classes, packs, files: sorted };
}

export function encodeManifest(manifest: DataManifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest));
}

/** Reads a manifest and checks all that a worker relies on, its order and its digest included. Throws ManifestError. */
export function decodeManifest(bytes: Uint8Array): DataManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ManifestError('it is not JSON');
  }
  if (!isRecord(value)) throw new ManifestError('it is not an object');
  if (value.format !== 1) throw new ManifestError(`its format is ${JSON.stringify(value.format)}, expected 1`);
  const { classes, packs, files, digest } = value;
  if (!isTexts(classes)) throw new ManifestError('its classes are not a list of names');
  if (!isTexts(packs) || !packs.every(isDigest)) throw new ManifestError('its packs are not a list of blobs');
  if (!Array.isArray(files)) throw new ManifestError('it has no list of files');
  const checked = files.map((file: unknown, index) => checkFile(file, index, classes.length, packs.length));
  for (let index = 1; index < checked.length; index += 1) {
    const [before, after] = [checked[index - 1], checked[index]];
    if (before && after && compareFiles(before, after) > 0) throw new ManifestError(`file ${index} is out of order`);
  }
  const found = contentDigest(classes.length, checked);
  if (digest !== found) throw new ManifestError(`its digest is ${JSON.stringify(digest)}, but its files give ${found}`);
  return { format: 1, digest: found, classes, packs, files: checked };
}

function checkFile(value: unknown, index: number, classes: number, packs: number): DataFile {
  if (!isRecord(value)) throw new ManifestError(`file ${index} is not an object`);
  const { name, digest, label, part, pack, offset, bytes, box } = value;
  const known = PARTS.find((candidate) => candidate === part);
  if (
    typeof name !== 'string' ||
    !isDigest(digest) ||
    !isCount(label, classes) ||
    known === undefined ||
    !isCount(pack, packs) ||
    !isCount(offset, Infinity) ||
    !isCount(bytes, Infinity) ||
    (box !== undefined && !isBox(box))
  ) {
    throw new ManifestError(`file ${index} (${typeof name === 'string' ? name : 'without a name'}) has a field that is wrong`);
  }
  return { name, digest, label, part: known, pack, offset, bytes, ...(box === undefined ? {} : { box }) };
}

function isRecord(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isBox(value: unknown): value is Box {
  return Array.isArray(value) && value.length === 4 && value.every((share) => typeof share === 'number' && share >= 0 && share <= 1);
}

/** An integer in [0, limit). */
function isCount(value: unknown, limit: number): value is number {
  return Number.isSafeInteger(value) && typeof value === 'number' && value >= 0 && value < limit;
}
