/** Which of the forms that people have their data in this is: folders of classes, names with labels, a table of labels, or arrays. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DataSpec } from '../../coordinator/sweep/spec.js';
import { isArrayFolder, readArrays, type UnpackProgress } from './arrays.js';
import { readLabelled } from './labelled.js';
import { readLabelsTable, type LabelsTable } from './labels-file.js';
import { readLayout, topEntries, type Layout } from './layout.js';
import { DataProblem } from './problem.js';

/** What of a sweep file says where images and labels are, its paths resolved. */
export interface DataPlace {
  /** `data.path`, absolute: a folder, or a file of arrays. */
  readonly folder: string;
  /** What in a file's path names its class; null or absent where folders do. */
  readonly label?: string | null;
  /** A table of labels, or the absolute path of an array of them. */
  readonly labels?: LabelsTable | string | null;
  /** Names of the classes that arrays count from 0. */
  readonly classes?: readonly string[] | null;
  /** What is cut out of each image, its folder absolute; absent where none says it. */
  readonly masks?: MaskPlace;
}

export interface MaskPlace {
  readonly folder: string;
  /** Share of a box's sides that is added on each side. */
  readonly margin: number;
}

/** `base` is the sweep file's folder, which its paths are relative to. */
export function placeOf(spec: Pick<DataSpec, 'path' | 'label' | 'labels' | 'classes' | 'crop'>, base: string): DataPlace {
  const { label, labels, classes, crop } = spec;
  const resolved = labels === null ? null : typeof labels === 'string' ? resolve(base, labels) : { ...labels, file: resolve(base, labels.file) };
  const masks = crop === undefined || 'box' in crop ? {} : { masks: { folder: resolve(base, crop.masks), margin: crop.margin } };
  return { folder: resolve(base, spec.path), label, labels: resolved, classes, ...masks };
}

export function isArrayFile(path: string): boolean {
  return path.endsWith('.npz') || path.endsWith('.npy');
}

/** Whether what `data.path` names is there at all. Throws DataProblem. */
export async function requirePath(path: string): Promise<void> {
  if (!isArrayFile(path) || !(await stat(path).then((found) => found.isFile(), () => false))) await topEntries(path);
}

export interface LayoutOptions {
  readonly cacheDir: string;
  readonly onUnpack?: UnpackProgress;
  readonly signal?: AbortSignal;
}

/** Throws DataProblem, DiskFullError; rethrows the signal's reason. */
export async function layoutOf(place: DataPlace, { cacheDir, onUnpack, signal }: LayoutOptions): Promise<Layout> {
  const { folder, label = null, labels = null, classes = null } = place;
  await requirePath(folder);
  const isFile = isArrayFile(folder) && (await stat(folder)).isFile();
  const isTable = labels !== null && typeof labels !== 'string';
  if (isFile || (label === null && !isTable && (await isArrayFolder(folder)))) {
    if (label !== null || isTable) throw notFor(isTable ? 'labels' : 'label', 'arrays bring their labels along');
    if (labels !== null && !folder.endsWith('.npy')) throw notFor('labels', 'an archive or folder of arrays brings its labels along');
    return readArrays({ path: folder, labels, classes, cacheDir, onUnpack, signal });
  }
  if (classes !== null) throw notFor('classes', 'it names the numbers in arrays; elsewhere folders, file names or a table name the classes');
  if (typeof labels === 'string') throw notFor('labels', 'one array of labels goes with one .npy file of images; for a table write labels: {file, path, label}');
  if (labels !== null) return readLabelsTable(folder, labels);
  return label === null ? readLayout(folder) : readLabelled(folder, label);
}

function notFor(key: string, why: string): DataProblem {
  return new DataProblem('BadArrays', { path: ['data', key], found: `a key that does not go with this data.path`, expected: 'it to be left out', suggestion: why });
}
