/**
 * Data sets that come as arrays: an archive (.npz), a folder of .npy files, or one file of images with
 * one of labels. Which array is what stands in its name, as MedMNIST (train_images, train_labels) and
 * Keras (x_train, y_train) write them. An image is named by its part and its place: `train/17`.
 */
import { createHash } from 'node:crypto';
import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Part } from '../../proto/work.js';
import { near } from '../program-name.js';
import { openPixels, readLabels, type ConvertOptions, type PixelArray } from './array-pixels.js';
import { PART_NAMES, entriesOf, type FoundFile, type Layout } from './layout.js';
import { badArray, openNpy } from './npy.js';
import { openArchive, type UnpackOptions } from './npz.js';
import { DataProblem, count, some } from './problem.js';

export interface ArraysPlace {
  /** `data.path`, absolute. */
  readonly path: string;
  /** The file of labels, absolute, where `path` is one .npy file. */
  readonly labels: string | null;
  /** Names of the classes 0, 1, ...; null for the numbers themselves. */
  readonly classes: readonly string[] | null;
  readonly cacheDir: string;
  readonly onUnpack?: UnpackProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How far an array is that must be unpacked or converted first, in bytes or images of it. */
export type UnpackProgress = (array: string, done: number, total: number) => void;

interface Role {
  readonly part: Part | null;
  readonly kind: 'images' | 'labels';
}

const WORDS: { readonly [word: string]: Role['kind'] } = { images: 'images', image: 'images', imgs: 'images', data: 'images', x: 'images', labels: 'labels', label: 'labels', targets: 'labels', y: 'labels' };
const NAMED = 'train_images and train_labels (val_, test_), x_train and y_train, or images and labels';

/** What an array is by its name; null for anything else that lies beside. */
export function roleOf(name: string): Role | null {
  const words = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split(/[^a-z]+/).flatMap((word) => /^([xy])(train|val|valid|test)$/.exec(word)?.slice(1) ?? [word]);
  const kinds = words.flatMap((word) => WORDS[word] ?? []);
  const parts = words.flatMap((word) => PART_NAMES[word] ?? []);
  const [kind] = kinds;
  return kind === undefined || kinds.length > 1 || parts.length > 1 || kinds.length + parts.length < words.length ? null : { kind, part: parts[0] ?? null };
}

/** Whether a folder is one of arrays rather than of classes. */
export async function isArrayFolder(folder: string): Promise<boolean> {
  const { files, folders } = await entriesOf(folder).catch(() => ({ files: [], folders: [] }));
  return folders.length === 0 && files.some((file) => file.endsWith('.npy'));
}

/** A name to its array's file, opened when it is wanted: what is packed takes time to unpack. */
interface Found {
  readonly names: readonly string[];
  readonly shown: string;
  fileOf(name: string): Promise<string>;
  close(): void;
}

/** Throws DataProblem, DiskFullError; rethrows the signal's reason. */
export async function readArrays(place: ArraysPlace): Promise<Layout> {
  const scratch = await scratchOf(place);
  const found = await find(place, scratch);
  try {
    const warnings: string[] = [];
    const files: { readonly name: string; readonly part: Part | null; readonly label: number }[] = [];
    const images = new Map<string, PixelArray>();
    for (const { part, names } of pairsOf(found, warnings)) {
      const open = async (name: string): Promise<ReturnType<typeof openNpy>> => openNpy(await found.fileOf(name), `${found.shown}: ${name}`);
      const pixels = await openPixels(await open(names.images), join(scratch, `${names.images}.pixels`), progressOf(names.images, place));
      const labels = readLabels(await open(names.labels), pixels.count);
      images.set(part ?? 'images', pixels);
      for (const [index, label] of labels.entries()) files.push({ name: `${part ?? 'images'}/${index}`, part, label });
    }
    const classes = classesOf(files.map(({ label }) => label), place.classes, found.shown);
    const named: FoundFile[] = files.map(({ name, part, label }) => ({ name, part, className: classes.get(label) ?? '' }));
    const given = (['train', 'val', 'test'] as const).filter((part) => images.has(part));
    return { classes: [...classes.values()], given, files: named, warnings, read: (name) => Promise.resolve(imageOf(images, name)) };
  } finally {
    found.close();
  }
}

function progressOf(array: string, { onUnpack, signal }: ArraysPlace): ConvertOptions & UnpackOptions {
  return { onProgress: (done, total) => onUnpack?.(array, done, total), ...(signal === undefined ? {} : { signal }) };
}

function imageOf(images: ReadonlyMap<string, PixelArray>, name: string): Uint8Array {
  const [array = '', index = ''] = name.split('/');
  const pixels = images.get(array);
  if (pixels === undefined) throw new RangeError(`no image ${name}`);
  return pixels.image(Number(index));
}

/** A folder of the cache for what these files say now; what they said before is removed. */
async function scratchOf({ path, cacheDir }: ArraysPlace): Promise<string> {
  const { size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const home = join(cacheDir, 'arrays', sha256(await realpath(path)));
  let stamps = `${size} ${mtimeNs} ${ctimeNs}`;
  for (const file of (await entriesOf(path).catch(() => null))?.files ?? []) {
    const inside = await stat(join(path, file), { bigint: true });
    stamps += `\n${file} ${inside.size} ${inside.mtimeNs} ${inside.ctimeNs}`;
  }
  const now = sha256(stamps);
  for (const before of await readdir(home).catch(() => [])) if (before !== now) await rm(join(home, before), { recursive: true, force: true });
  return join(home, now);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

async function find(place: ArraysPlace, scratch: string): Promise<Found> {
  const { path, labels } = place;
  const shown = near(path);
  const isThere = async (file: string): Promise<boolean> => stat(file).then((entry) => entry.isFile(), () => false);
  if (path.endsWith('.npz')) {
    const archive = await openArchive(path, shown);
    const fileOf = async (name: string): Promise<string> => {
      const target = join(scratch, `${name.replaceAll(/[^\w.-]/g, '_')}.npy`);
      if (!(await isThere(target))) await archive.unpack(name, target, progressOf(name, place));
      return target;
    };
    return { names: archive.names, shown, fileOf, close: () => archive.close() };
  }
  if (path.endsWith('.npy')) {
    if (labels === null) throw new DataProblem('BadArrays', { found: `an array of images without labels: ${shown}`, expected: 'data.labels with the .npy file of its labels', suggestion: `for example: data: {path: ${shown}, labels: ./labels.npy}` });
    if (!(await isThere(labels))) throw new DataProblem('BadArrays', { path: ['data', 'labels'], found: `no such file: ${near(labels)}`, expected: 'the .npy file of the labels; its path is relative to the sweep file' });
    return { names: ['images', 'labels'], shown: `${basename(path)}, ${basename(labels)}`, fileOf: (name) => Promise.resolve(name === 'images' ? path : labels), close: () => undefined };
  }
  const { files } = await entriesOf(path);
  const names = files.filter((file) => file.endsWith('.npy')).map((file) => file.slice(0, -4));
  return { names, shown, fileOf: (name) => Promise.resolve(join(path, `${name}.npy`)), close: () => undefined };
}

interface Pair {
  readonly part: Part | null;
  readonly names: { readonly images: string; readonly labels: string };
}

/** Images with their labels, part by part. */
function pairsOf({ names, shown }: Found, warnings: string[]): Pair[] {
  const roles = new Map<Part | null, { images?: string; labels?: string }>();
  const others: string[] = [];
  for (const name of names) {
    const role = roleOf(name);
    if (role === null) {
      others.push(name);
      continue;
    }
    const pair = roles.get(role.part) ?? {};
    const twin = pair[role.kind];
    if (twin !== undefined) throw badArray(shown, `two arrays of ${role.part ?? 'all'} ${role.kind}: ${twin} and ${name}`, 'one');
    roles.set(role.part, { ...pair, [role.kind]: name });
  }
  if (roles.size === 0) throw badArray(shown, names.length === 0 ? 'no arrays' : `the arrays ${some(names)}`, `arrays named ${NAMED}`);
  if (roles.has(null) && roles.size > 1) throw badArray(shown, `arrays of parts beside some without a part: ${some(names)}`, `arrays named ${NAMED}`);
  if (others.length > 0) warnings.push(`${count(others.length, 'array')} of ${shown} left out: ${some(others)}`);
  return ([null, 'train', 'val', 'test'] as const).flatMap((part): Pair[] => {
    const pair = roles.get(part);
    if (pair === undefined) return [];
    const { images, labels } = pair;
    if (images === undefined || labels === undefined) {
      const have = images ?? labels ?? '';
      throw badArray(shown, `${have} without its ${images === undefined ? 'images' : 'labels'} (there is ${some(names)})`, `arrays named ${NAMED}`);
    }
    return [{ part, names: { images, labels } }];
  });
}

/** Label to class, in the order of numbers. */
function classesOf(labels: readonly number[], names: readonly string[] | null, shown: string): Map<number, string> {
  const distinct = [...new Set(labels)].sort((a, b) => a - b);
  if (distinct.length > 65_536) throw badArray(shown, `${distinct.length} different labels`, 'classes', 'numbers to be predicted (regression) are no classes');
  if (names === null) {
    if (distinct.length === 1) throw new DataProblem('OneClass', { found: `one class only (${String(distinct[0])}) in ${shown}`, expected: 'two classes or more' });
    return new Map(distinct.map((label) => [label, String(label)]));
  }
  const outside = distinct.find((label) => label < 0 || label >= names.length);
  if (outside !== undefined) throw new DataProblem('BadArrays', { path: ['data', 'classes'], found: `${count(names.length, 'name')}, but the label ${outside} in ${shown}`, expected: `names for the labels 0 to ${Math.max(...distinct.slice(-1))}` });
  return new Map(names.map((name, label) => [label, name.normalize('NFC')]));
}
