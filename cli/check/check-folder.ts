/** `trawl data check`: everything that is found out about images and their labels. */
import { resolve } from 'node:path';
import { PARTS } from '../../proto/manifest.js';
import type { Part } from '../../proto/work.js';
import { guessGroups } from '../data/guess-groups.js';
import { groupOf, groupPattern } from '../data/groups.js';
import type { DataPlace, LayoutOptions } from '../data/layout-of.js';
import type { SplitSpec } from '../../coordinator/sweep/spec.js';
import { DataProblem } from '../data/problem.js';
import { scanFolder, type RejectedFile, type Scan } from '../data/scan.js';
import { splitDataset } from '../data/split.js';
import { median } from '../../worker/data/survey.js';
import { exactCopies, nearCopies, type Copies, type NearCopies } from './duplicates.js';
import { measureFiles, type MeasuredFile } from './measure.js';
import { findShortcuts, type Shortcut } from './shortcuts.js';

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface GroupsFound {
  /** Null where a table of labels names them. */
  readonly pattern: string | null;
  /** The table's column, or null. */
  readonly column: string | null;
  /** False where the person gave it. */
  readonly guessed: boolean;
  readonly groups: number;
  /** Files in a group. */
  readonly matched: number;
  /** Groups with images in more than one given part. */
  readonly acrossParts: number;
}

/** What `--json` prints, with findings beside it. */
export interface FolderCheck {
  readonly folder: string;
  readonly images: number;
  readonly classes: { readonly [className: string]: number };
  /** Null where the data come without folders for parts. */
  readonly parts: { readonly [part: string]: { readonly [className: string]: number } } | null;
  /** This and the next three are null where no image can be read. */
  readonly height: Spread | null;
  readonly width: Spread | null;
  /** Width over height. */
  readonly aspect: Spread | null;
  readonly bytes: Spread | null;
  /** Files by number of channels, alpha left out. */
  readonly channels: { readonly [channels: string]: number };
  /** The same, class by class; classes without such files are left out. */
  readonly channelsByClass: { readonly [channels: string]: { readonly [className: string]: number } };
  readonly unreadable: readonly RejectedFile[];
  readonly duplicates: { readonly exact: readonly Copies[]; readonly near: readonly NearCopies[] };
  readonly groups: GroupsFound | null;
  /** Whether the images come out of arrays, which have no file names to tell patients by. */
  readonly arrays: boolean;
  /** Best predictor first. */
  readonly shortcuts: readonly Shortcut[];
  /** Why a sweep would not take the data as they are. */
  readonly refusals: readonly string[];
  readonly notes: readonly string[];
}

export interface CheckOptions extends DataPlace, LayoutOptions {
  /** Null for a guess from the names of files. */
  readonly groupBy: string | null;
  /** As the sweep file has it; null or absent for the default. */
  readonly split?: SplitSpec | null;
  readonly onProgress: (phase: 'reading' | 'measuring' | 'comparing', done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Whatever can be found out. Throws DataProblem where no images are found; rethrows the signal's reason. */
export async function checkFolder(options: CheckOptions): Promise<FolderCheck> {
  const { signal } = options;
  const folder = resolve(options.folder);
  if (options.groupBy !== null) groupPattern(options.groupBy);
  const scan = await scanFolder({ ...options, folder, maxRejected: 1, anyway: true, pooled: options.split?.merge === true, onProgress: (done, total) => options.onProgress('reading', done, total), signal });
  const measured = await measureFiles({ read: (file) => scan.read(file), files: scan.files, onProgress: (done, total) => options.onProgress('measuring', done, total), signal });
  const { files } = measured;
  const channels = [...new Set(files.map((file) => file.channels))].sort((a, b) => a - b);
  const byChannels = channels.map((number) => [number, files.filter((file) => file.channels === number)] as const);
  const spread = (value: (file: MeasuredFile) => number): Spread | null => spreadOf(files.map(value));
  const near = await nearCopies(measured, { onProgress: (done, total) => options.onProgress('comparing', done, total), signal });
  return {
    folder,
    images: files.length,
    classes: countClasses(files, scan.classes),
    parts: partsOf(scan, files),
    height: spread((file) => file.height),
    width: spread((file) => file.width),
    aspect: spread((file) => Math.round((1000 * file.width) / file.height) / 1000),
    bytes: spread((file) => file.bytes),
    channels: Object.fromEntries(byChannels.map(([channels, same]) => [channels, same.length])),
    channelsByClass: Object.fromEntries(byChannels.map(([channels, same]) => [channels, withoutZeros(countClasses(same, scan.classes))])),
    unreadable: scan.rejected,
    duplicates: { exact: exactCopies(files), near },
    groups: groupsOf(files, scan.arrays, options),
    arrays: scan.arrays,
    shortcuts: findShortcuts(files, scan.classes),
    refusals: refusalsOf(scan, options).map(({ message }) => message),
    notes: scan.warnings,
  };
}

/** Of the scan; and where there is none, of its split. */
function refusalsOf(scan: Scan, { split = null, groupBy }: CheckOptions): readonly DataProblem[] {
  if (scan.refusals.length > 0) return scan.refusals;
  try {
    splitDataset(scan.files, scan.classes, scan.given, split, groupBy, 0);
    return [];
  } catch (error) {
    if (error instanceof DataProblem) return [error];
    throw error;
  }
}

function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  return { min: values.reduce((least, value) => Math.min(least, value)), median: median(values), max: values.reduce((most, value) => Math.max(most, value)) };
}

function countClasses(files: readonly MeasuredFile[], classes: readonly string[]): { [className: string]: number } {
  return Object.fromEntries(classes.map((name, label) => [name, files.filter((file) => file.label === label).length]));
}

function partsOf(scan: Scan, files: readonly MeasuredFile[]): FolderCheck['parts'] {
  if (scan.given.length === 0) return null;
  const given = PARTS.filter((part: Part) => scan.given.includes(part));
  return Object.fromEntries(given.map((part) => [part, countClasses(files.filter((file) => file.part === part), scan.classes)]));
}

function withoutZeros(counts: { readonly [className: string]: number }): { [className: string]: number } {
  return Object.fromEntries(Object.entries(counts).filter(([, files]) => files > 0));
}

function groupsOf(files: readonly MeasuredFile[], arrays: boolean, { groupBy, labels }: CheckOptions): GroupsFound | null {
  const column = groupBy === null && typeof labels === 'object' ? (labels?.group ?? null) : null;
  const pattern = column === null ? (groupBy ?? (arrays ? null : guessGroups(files.map((file) => file.name))?.pattern) ?? null) : null;
  if (pattern === null && column === null) return null;
  const expression = pattern === null ? null : groupPattern(pattern);
  const parts = new Map<string, Set<Part | null>>();
  let matched = 0;
  for (const file of files) {
    const group = expression === null ? (file.group ?? null) : groupOf(file.name, expression);
    if (group === null) continue;
    matched += 1;
    parts.set(group, (parts.get(group) ?? new Set()).add(file.part));
  }
  return { pattern, column, guessed: groupBy === null && column === null, groups: parts.size, matched, acrossParts: [...parts.values()].filter((on) => on.size > 1).length };
}
