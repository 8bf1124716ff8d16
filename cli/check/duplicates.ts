/**
 * Copies of images: exact ones by digest, near ones by a difference hash of 64 bits (Krawetz 2013: is
 * each of 8 x 8 cells brighter than its right neighbour?) and then by the thumbnails themselves, since X-rays of
 * different people look alike to a hash alone.
 *
 * Hashes that differ in at most 3 bits agree in at least one of their four bands of 16 bits, so only
 * files that share a band are compared, and never all with all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { THUMB_BYTES, THUMB_WIDTH, type Measured, type MeasuredFile } from './measure.js';

const MOST_BITS = 3;
const BANDS = 4;
/** Mean difference of thumbnails in grey levels, of 255, that copies saved anew or resized stay below. */
const MOST_DIFFERENCE = 2.5;
/** Bands of rows whose sums of pixels are compared before the pixels. */
const SUMS = 8;
const BAND_BYTES = THUMB_BYTES / SUMS;
/** Of files that share a band (blank images, say) each is compared with so many that follow it by hash. */
const MOST_COMPARED = 200;
/** A few milliseconds of work, so that progress is drawn and Ctrl-C is minded in between. */
const COMPARED_PER_TURN = 10_000;

export interface Copies {
  readonly files: readonly string[];
  readonly acrossClasses: boolean;
  readonly acrossParts: boolean;
}

type Named = Pick<MeasuredFile, 'name' | 'digest' | 'label' | 'part'>;

export interface NearCopies extends Copies {
  /** Mean difference of thumbnails in grey levels, the largest by which two of the files were joined. */
  readonly difference: number;
}

export interface NearOptions {
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
  /** Lets others have the event loop. */
  readonly turn?: () => Promise<unknown>;
}

export function exactCopies(files: readonly Named[]): Copies[] {
  return [...byDigest(files).values()].filter((same) => same.length > 1).map(copiesOf);
}

/**
 * Sets of files that are nearly the same picture, each joined to another of its set, most alike first. Exact
 * copies of a file are in its set, and make no set by themselves. Rethrows the signal's reason.
 */
export async function nearCopies({ files, thumbs }: Measured, { onProgress, signal, turn = nextTurn }: NearOptions): Promise<NearCopies[]> {
  const same = [...byDigest(files.map((file, index) => ({ digest: file.digest, index }))).values()];
  const first = same.map(([one]) => one?.index ?? 0);
  const hashes = new Uint32Array(2 * first.length);
  first.forEach((index, at) => hashes.set(differenceHash(thumbs.subarray(index * THUMB_BYTES, (index + 1) * THUMB_BYTES)), 2 * at));
  const sums = bandSums(thumbs, files.length);
  const sets = new Sets(first.length);
  let done = 0;
  let compared = 0;
  for (let band = 0; band < BANDS; band += 1) {
    for (const bucket of buckets(hashes, band)) {
      for (const [place, a] of bucket.entries()) {
        const end = Math.min(bucket.length, place + 1 + MOST_COMPARED);
        for (let other = place + 1; other < end; other += 1) {
          const b = bucket[other] ?? a;
          if (differingBits(hashes, a, b) > MOST_BITS || sets.holdsBoth(a, b)) continue;
          const [one, another] = [first[a] ?? 0, first[b] ?? 0];
          if (leastDifference(sums, one, another) > MOST_DIFFERENCE) continue;
          const difference = thumbDifference(thumbs, one, another);
          if (difference <= MOST_DIFFERENCE) sets.join(a, b, difference);
        }
        done += 1;
        compared += end - place;
        if (compared < COMPARED_PER_TURN) continue;
        compared = 0;
        onProgress(done, BANDS * first.length);
        await turn();
        signal.throwIfAborted();
      }
    }
  }
  signal.throwIfAborted();
  const found = sets.joined().map(({ members, difference }) => {
    const indices = members.flatMap((member) => same[member] ?? []).map(({ index }) => index);
    return { ...copiesOf(indices.sort((a, b) => a - b).flatMap((index) => files[index] ?? [])), difference };
  });
  return found.sort((a, b) => a.difference - b.difference || ((a.files[0] ?? '') < (b.files[0] ?? '') ? -1 : 1));
}

function byDigest<File extends { readonly digest: string }>(files: readonly File[]): Map<string, File[]> {
  const found = new Map<string, File[]>();
  for (const file of files) {
    const same = found.get(file.digest);
    if (same === undefined) found.set(file.digest, [file]);
    else same.push(file);
  }
  return found;
}

function copiesOf(files: readonly Named[]): Copies {
  return {
    files: files.map((file) => file.name),
    acrossClasses: new Set(files.map((file) => file.label)).size > 1,
    acrossParts: new Set(files.map((file) => file.part)).size > 1,
  };
}

/** Disjoint sets of the numbers below `count`, each with the largest difference that joined it (union-find). */
class Sets {
  readonly #parents: Uint32Array;
  readonly #differences: Float64Array;

  constructor(count: number) {
    this.#parents = Uint32Array.from({ length: count }, (_, index) => index);
    this.#differences = new Float64Array(count);
  }

  holdsBoth(a: number, b: number): boolean {
    return this.#root(a) === this.#root(b);
  }

  join(a: number, b: number, difference: number): void {
    const [one, other] = [this.#root(a), this.#root(b)];
    this.#parents[other] = one;
    this.#differences[one] = Math.max(difference, this.#differences[one] ?? 0, this.#differences[other] ?? 0);
  }

  /** Sets of two and more. */
  joined(): { readonly members: readonly number[]; readonly difference: number }[] {
    const found = new Map<number, number[]>();
    for (const index of this.#parents.keys()) {
      const root = this.#root(index);
      const members = found.get(root);
      if (members === undefined) found.set(root, [index]);
      else members.push(index);
    }
    return [...found].filter(([, members]) => members.length > 1).map(([root, members]) => ({ members, difference: this.#differences[root] ?? 0 }));
  }

  #root(index: number): number {
    let at = index;
    for (let parent = this.#parents[at] ?? at; parent !== at; parent = this.#parents[at] ?? at) {
      // Halves the way for the next one that walks it.
      this.#parents[at] = this.#parents[parent] ?? parent;
      at = parent;
    }
    return at;
  }
}

/** Indices into `hashes`, two words each, of those that share 16 bits, in order of the whole hash. */
function buckets(hashes: Uint32Array, band: number): number[][] {
  const shared = new Map<number, number[]>();
  const word = band >> 1;
  const shift = 16 * (band & 1);
  for (let index = 0; 2 * index < hashes.length; index += 1) {
    const bits = ((hashes[2 * index + word] ?? 0) >>> shift) & 0xffff;
    const bucket = shared.get(bits);
    if (bucket === undefined) shared.set(bits, [index]);
    else bucket.push(index);
  }
  const order = (a: number, b: number): number => (hashes[2 * a] ?? 0) - (hashes[2 * b] ?? 0) || (hashes[2 * a + 1] ?? 0) - (hashes[2 * b + 1] ?? 0) || a - b;
  return [...shared.values()].filter((bucket) => bucket.length > 1).map((bucket) => bucket.sort(order));
}

/** 64 bits as two words, row by row, of a thumbnail of 18 x 16 pixels. */
function differenceHash(thumb: Uint8Array): [number, number] {
  const cell = (row: number, column: number): number => {
    const at = 2 * row * THUMB_WIDTH + 2 * column;
    return (thumb[at] ?? 0) + (thumb[at + 1] ?? 0) + (thumb[at + THUMB_WIDTH] ?? 0) + (thumb[at + THUMB_WIDTH + 1] ?? 0);
  };
  const hash: [number, number] = [0, 0];
  for (let bit = 0; bit < 64; bit += 1) {
    const [row, column] = [bit >> 3, bit & 7];
    const word = row < 4 ? 0 : 1;
    hash[word] = ((hash[word] << 1) | (cell(row, column) > cell(row, column + 1) ? 1 : 0)) >>> 0;
  }
  return hash;
}

function differingBits(hashes: Uint32Array, a: number, b: number): number {
  return bitsOf((hashes[2 * a] ?? 0) ^ (hashes[2 * b] ?? 0)) + bitsOf((hashes[2 * a + 1] ?? 0) ^ (hashes[2 * b + 1] ?? 0));
}

/** Of 32, added up in pairs, fours and bytes (Warren, Hacker's Delight, 5-1). */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** [count, SUMS] */
function bandSums(thumbs: Uint8Array, count: number): Uint16Array {
  const sums = new Uint16Array(count * SUMS);
  for (let at = 0; at < sums.length; at += 1) for (let pixel = at * BAND_BYTES; pixel < (at + 1) * BAND_BYTES; pixel += 1) sums[at]! += thumbs[pixel] ?? 0;
  return sums;
}

/** What the difference of thumbnails is not below: sums differ by no more than their parts do together. */
function leastDifference(sums: Uint16Array, a: number, b: number): number {
  let sum = 0;
  for (let band = 0; band < SUMS; band += 1) sum += Math.abs((sums[a * SUMS + band] ?? 0) - (sums[b * SUMS + band] ?? 0));
  return sum / THUMB_BYTES;
}

/** Infinity as soon as it is more than copies have. */
function thumbDifference(thumbs: Uint8Array, a: number, b: number): number {
  const most = MOST_DIFFERENCE * THUMB_BYTES;
  let sum = 0;
  for (let pixel = 0; pixel < THUMB_BYTES; pixel += 1) {
    sum += Math.abs((thumbs[a * THUMB_BYTES + pixel] ?? 0) - (thumbs[b * THUMB_BYTES + pixel] ?? 0));
    if (sum > most) return Infinity;
  }
  return sum / THUMB_BYTES;
}
