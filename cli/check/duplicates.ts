/**
 * Copies of images: exact ones by digest, near ones by a difference hash of 64 bits (Krawetz 2013: is
 * each of 8 x 8 cells brighter than its right neighbour?) and then by the thumbnails themselves, since X-rays of
 * different people look alike to a hash alone. Pure.
 *
 * Hashes that differ in at most 3 bits agree in at least one of their four bands of 16 bits, so only
 * files that share a band are compared, and never all with all.
 */
import { THUMB_BYTES, THUMB_WIDTH, type Measured, type MeasuredFile } from './measure.js';

const MOST_BITS = 3;
const BANDS = 4;
/** Mean difference of thumbnails in grey levels, of 255, that copies saved anew or resized stay below. */
export const MOST_DIFFERENCE = 2.5;
/** Of files that share a band (blank images, say) each is compared with so many that follow it by hash. */
const MOST_COMPARED = 200;

export interface Copies {
  readonly files: readonly string[];
  readonly acrossClasses: boolean;
  readonly acrossParts: boolean;
}

export interface NearCopies extends Copies {
  /** Mean difference of the two thumbnails in grey levels. */
  readonly difference: number;
}

export function exactCopies(files: readonly MeasuredFile[]): Copies[] {
  const byDigest = new Map<string, MeasuredFile[]>();
  for (const file of files) {
    const same = byDigest.get(file.digest);
    if (same === undefined) byDigest.set(file.digest, [file]);
    else same.push(file);
  }
  return [...byDigest.values()].filter((same) => same.length > 1).map(copiesOf);
}

/** Pairs that are not exact copies, most alike first. */
export function nearCopies({ files, thumbs }: Measured): NearCopies[] {
  const hashes = files.map((_, index) => differenceHash(thumbs.subarray(index * THUMB_BYTES, (index + 1) * THUMB_BYTES)));
  const found = new Map<string, NearCopies>();
  for (let band = 0; band < BANDS; band += 1) {
    for (const bucket of buckets(hashes, band)) {
      for (const [at, a] of bucket.entries()) {
        for (const b of bucket.slice(at + 1, at + 1 + MOST_COMPARED)) considerPair(files, thumbs, hashes, a, b, found);
      }
    }
  }
  return [...found.values()].sort((a, b) => a.difference - b.difference || (a.files.join('\n') < b.files.join('\n') ? -1 : 1));
}

function considerPair(files: readonly MeasuredFile[], thumbs: Uint8Array, hashes: readonly bigint[], a: number, b: number, found: Map<string, NearCopies>): void {
  const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
  const [first, second] = [files[Math.min(a, b)], files[Math.max(a, b)]];
  if (first === undefined || second === undefined || first.digest === second.digest || found.has(key)) return;
  if (bitsOf((hashes[a] ?? 0n) ^ (hashes[b] ?? 0n)) > MOST_BITS) return;
  const difference = thumbDifference(thumbs, a, b);
  if (difference <= MOST_DIFFERENCE) found.set(key, { ...copiesOf([first, second]), difference });
}

function copiesOf(files: readonly MeasuredFile[]): Copies {
  return {
    files: files.map((file) => file.name),
    acrossClasses: new Set(files.map((file) => file.label)).size > 1,
    acrossParts: new Set(files.map((file) => file.part)).size > 1,
  };
}

/** Indices of files that share 16 bits of their hashes, in order of the whole hash. */
function buckets(hashes: readonly bigint[], band: number): number[][] {
  const shared = new Map<bigint, number[]>();
  for (const [index, hash] of hashes.entries()) {
    const bits = (hash >> BigInt(16 * band)) & 0xffffn;
    const bucket = shared.get(bits);
    if (bucket === undefined) shared.set(bits, [index]);
    else bucket.push(index);
  }
  const order = (a: number, b: number): number => ((hashes[a] ?? 0n) < (hashes[b] ?? 0n) ? -1 : (hashes[a] ?? 0n) > (hashes[b] ?? 0n) ? 1 : a - b);
  return [...shared.values()].filter((bucket) => bucket.length > 1).map((bucket) => bucket.sort(order));
}

/** 64 bits, row by row, of a thumbnail of 18 x 16 pixels. */
export function differenceHash(thumb: Uint8Array): bigint {
  const cell = (row: number, column: number): number => {
    const at = 2 * row * THUMB_WIDTH + 2 * column;
    return (thumb[at] ?? 0) + (thumb[at + 1] ?? 0) + (thumb[at + THUMB_WIDTH] ?? 0) + (thumb[at + THUMB_WIDTH + 1] ?? 0);
  };
  let hash = 0n;
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) hash = (hash << 1n) | (cell(row, column) > cell(row, column + 1) ? 1n : 0n);
  }
  return hash;
}

function bitsOf(value: bigint): number {
  let bits = 0;
  for (let rest = value; rest > 0n; rest &= rest - 1n) bits += 1;
  return bits;
}

function thumbDifference(thumbs: Uint8Array, a: number, b: number): number {
  let sum = 0;
  for (let pixel = 0; pixel < THUMB_BYTES; pixel += 1) sum += Math.abs((thumbs[a * THUMB_BYTES + pixel] ?? 0) - (thumbs[b * THUMB_BYTES + pixel] ?? 0));
  return sum / THUMB_BYTES;
}
