/**
 * A folder of masks: which of them are an image's, and what they leave of it. Masks are found by the image's
 * base name (`_mask` behind it does too, as published sets have it), at any depth: where an organ has a mask
 * of its own in a folder of its own, they count together. Of several images of one base name each has the
 * masks that share most of its folders' names.
 */
import { readFile, realpath } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Box } from '../../proto/work.js';
import { UnreadableImageError, readMask } from '../../worker/data/decode.js';
import { around, widened } from '../../worker/data/mask.js';
import { count } from '../text/format.js';
import { filesBelow } from './labelled.js';
import type { MaskPlace } from './layout-of.js';
import { DataProblem, some } from './problem.js';
import { ScanCache, stampOf, type VerdictCodec } from './scan-cache.js';
import { readFacts } from '../../worker/data/survey.js';

const MASKS_PATH = ['data', 'crop', 'masks'];
/** Masks that are decoded at a time. */
const LANES = 8;

export class MaskFolder {
  readonly folder: string;
  /** Paths below the folder, by base name. */
  readonly #masks = new Map<string, string[]>();

  private constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    for (const name of names) {
      const base = baseOf(name);
      for (const key of new Set([base, base.replace(/[_-]mask$/i, '')])) this.#masks.set(key, [...(this.#masks.get(key) ?? []), name]);
    }
  }

  /** `isImage`: whether a file, by its absolute path, is one of the images rather than a mask. Throws DataProblem. */
  static async open(folder: string, isImage: (path: string) => boolean = () => false): Promise<MaskFolder> {
    const names = await filesBelow(folder, '', new Set()).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      throw new DataProblem('BadMasks', { path: MASKS_PATH, found: `${code === 'ENOENT' ? 'no such folder' : 'a file, not a folder'}: ${folder}`, expected: 'a folder of masks with the base names of the images' }, { cause: error });
    });
    return new MaskFolder(folder, names.filter((name) => !isImage(join(folder, name))));
  }

  /** Absolute paths of the masks of an image; `namesakes`: how many other images have its base name. */
  of(image: string, namesakes: number): readonly string[] {
    const candidates = this.#masks.get(baseOf(image)) ?? [];
    const shared = candidates.map((name) => commonFolders(name, image));
    const most = Math.max(0, ...shared);
    if (most === 0 && namesakes > 0) return [];
    return candidates.filter((_, index) => shared[index] === most).map((name) => join(this.folder, name));
  }
}

/** How many others of these images have the base name of one. */
export function namesakesIn(images: readonly string[]): (image: string) => number {
  const named = new Map<string, number>();
  for (const image of images) named.set(baseOf(image), (named.get(baseOf(image)) ?? 0) + 1);
  return (image) => Math.max(0, (named.get(baseOf(image)) ?? 0) - 1);
}

/** What masks leave of an image, before any margin; or why they say nothing of it. */
export type Cut = { readonly box: Box; readonly scaled: boolean } | { readonly why: string };

/** Throws the system's errors. */
export async function cutOf(image: Uint8Array, masks: readonly string[]): Promise<Cut> {
  const facts = await readFacts(image);
  if (facts === null) return { why: 'its size cannot be read' };
  let [box, scaled]: [Box | null, boolean] = [null, false];
  for (const path of masks) {
    const mask = await readMask(await readFile(path)).catch((error: unknown) => {
      if (error instanceof UnreadableImageError) return error;
      throw error;
    });
    if (mask instanceof UnreadableImageError) return { why: `its mask ${basename(path)} is no readable image: ${mask.message}` };
    // Another scale of the same image, to a pixel of rounding.
    if (Math.abs((mask.width * facts.height) / facts.width - mask.height) > 1) return { why: `its mask ${basename(path)} is ${mask.width} x ${mask.height}, and it ${facts.width} x ${facts.height}` };
    scaled ||= mask.width !== facts.width || mask.height !== facts.height;
    if (mask.box !== null) box = box === null ? mask.box : around(box, mask.box);
  }
  return box === null ? { why: `its mask ${basename(masks[0] ?? '')} is empty` } : { box, scaled };
}

const CUTS: VerdictCodec<Cut> = {
  kind: 'masks',
  encode: (cut) => ('box' in cut ? [cut.box, cut.scaled] : [null, cut.why]),
  decode: ([box, more]) => {
    if (typeof more === 'string') return { why: more };
    const isBox = Array.isArray(box) && box.length === 4 && box.every((share) => typeof share === 'number');
    return isBox && typeof more === 'boolean' ? { box: box as unknown as Box, scaled: more } : null;
  },
};

interface Image {
  /** Path below the folder of images, '/' as separator. */
  readonly name: string;
  readonly digest: string;
}

export interface Images<File extends Image> {
  /** Absolute. */
  readonly folder: string;
  readonly files: readonly File[];
  readonly arrays: boolean;
  readonly read: (file: File) => Promise<Uint8Array>;
}

export interface Masked<File extends Image> {
  readonly files: readonly (File & { readonly box: Box })[];
  /** Images that have no mask, or none that can be used. */
  readonly without: readonly { readonly file: string; readonly why: string }[];
  readonly warnings: readonly string[];
}

export interface MaskOptions {
  readonly cacheDir: string;
  readonly onMasks?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The box of every image. Throws DataProblem; rethrows the signal's reason. */
export async function boxesOf<File extends Image>(scan: Images<File>, { folder, margin }: MaskPlace, options: MaskOptions): Promise<Masked<File>> {
  if (scan.arrays) throw new DataProblem('BadMasks', { path: MASKS_PATH, found: 'masks for arrays, whose images have no names', expected: 'it to be left out', suggestion: 'a box for all images does: crop: {box: [x, y, width, height]}' });
  const images = new Set(scan.files.map(({ name }) => join(scan.folder, name)));
  const masks = await MaskFolder.open(folder, (path) => images.has(path));
  await refuseAsImages(scan, folder);
  const namesakes = namesakesIn(scan.files.map(({ name }) => name));
  const cache = await ScanCache.open(options.cacheDir, await realpath(folder), CUTS);
  const cuts: Cut[] = [];
  let [next, done] = [0, 0];
  const lane = async (): Promise<void> => {
    for (let index = next++; index < scan.files.length; index = next++) {
      options.signal?.throwIfAborted();
      const file = scan.files[index]!;
      cuts[index] = await cutWith(cache, scan, file, masks, namesakes(file.name));
      options.onMasks?.((done += 1), scan.files.length);
    }
  };
  try {
    const ended = await Promise.allSettled(Array.from({ length: LANES }, lane));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  } finally {
    await cache.close(new Set(scan.files.map(({ name }) => name)));
  }
  return sorted(scan.files, cuts, margin);
}

async function cutWith<File extends Image>(cache: ScanCache<Cut>, scan: Images<File>, file: File, folder: MaskFolder, others: number): Promise<Cut> {
  const masks = folder.of(file.name, others);
  if (masks.length === 0) return { why: others === 0 ? 'no mask has its name' : `no mask has its name in a folder of the same name, and ${count(others, 'other image')} ${others === 1 ? 'is' : 'are'} called ${baseOf(file.name)} too` };
  const stamps = await Promise.all(masks.map(async (path) => `${path} ${(await stampOf(path)).text}`)).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (stamps instanceof Error) return { why: `its mask cannot be read (${stamps.message})` };
  const stamp = [file.digest, ...stamps].join('\n');
  const known = cache.find(file.name, stamp);
  if (known !== null) return known;
  const cut = await cutOf(await scan.read(file), masks);
  cache.add(file.name, stamp, cut);
  return cut;
}

function sorted<File extends Image>(files: readonly File[], cuts: readonly Cut[], margin: number): Masked<File> {
  const kept: { readonly file: File; readonly box: Box; readonly scaled: boolean }[] = [];
  const without: { file: string; why: string }[] = [];
  files.forEach((file, index) => {
    const cut = cuts[index]!;
    if ('why' in cut) without.push({ file: file.name, why: cut.why });
    else kept.push({ file, ...cut });
  });
  // An image is known by its bytes: copies of one get one box.
  const boxes = new Map<string, Box>();
  const differing = new Set<string>();
  for (const { file, box } of kept) {
    const known = boxes.get(file.digest);
    if (known === undefined) boxes.set(file.digest, box);
    // The box around two equal ones may differ from them in a last bit.
    if (known === undefined || known.join() === box.join()) continue;
    differing.add(file.digest);
    boxes.set(file.digest, around(known, box));
  }
  const scaled = kept.filter((each) => each.scaled);
  const warnings = [
    ...(scaled.length === 0 ? [] : [`${count(scaled.length, 'mask')} of another size than ${scaled.length === 1 ? 'its image' : 'their images'}, of the same shape: taken as shares of the sides (${some(scaled.map(({ file }) => file.name), 3)})`]),
    ...(differing.size === 0 ? [] : [`${count(differing.size, 'image')} that ${differing.size === 1 ? 'is' : 'are'} there several times with different masks: what is cut out is around them all (${some(kept.filter(({ file }) => differing.has(file.digest)).map(({ file }) => file.name), 3)})`]),
  ];
  return { files: kept.map(({ file }) => ({ ...file, box: widened(boxes.get(file.digest)!, margin) })), without, warnings };
}

/** A folder of masks among the folders of classes would be trained on. */
async function refuseAsImages(scan: Pick<Images<Image>, 'folder' | 'files'>, folder: string): Promise<void> {
  const below = relative(await realpath(scan.folder), await realpath(folder));
  if (below === '' || below.startsWith('..')) return;
  const taken = scan.files.filter(({ name }) => name.startsWith(`${below.replaceAll(sep, '/')}/`));
  if (taken.length === 0) return;
  throw new DataProblem('BadMasks', { path: MASKS_PATH, found: `${folder}, of which ${count(taken.length, 'file')} are taken for images too (${some(taken.map(({ name }) => name), 3)})`, expected: 'a folder beside that of the images', suggestion: 'move it out of data.path' });
}

/** A file's name without folders and extension. */
function baseOf(name: string): string {
  return basename(name).replace(/\.[^.]+$/, '').normalize('NFC');
}

/** How many folders next to the file, one after the other, are called alike. */
function commonFolders(one: string, other: string): number {
  const [mine, theirs] = [one, other].map((path) => path.normalize('NFC').split(/[\\/]/).slice(0, -1).reverse());
  const differs = mine!.findIndex((name, index) => name !== theirs![index]);
  return differs < 0 ? mine!.length : differs;
}
